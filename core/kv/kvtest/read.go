package kvtest

import (
	"bytes"
	"context"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
)

func testValues(t *testing.T, h Harness) {
	store := h.open(t)
	ctx := context.Background()
	values := map[string]string{
		"empty": "", "a": "1", "\x00": "zero", "\xff\xff": "last", "binary": "\x00\x01\xfe\xff",
		strings.Repeat("long key ", 500): "x", "large": strings.Repeat("0123456789", 30_000),
	}
	var pairs []string
	for key, value := range values {
		pairs = append(pairs, key, value)
	}
	put(t, store, pairs...)
	for key, value := range values {
		require.Equal(t, brief(value), get(t, store, key), "key %.20q", key)
	}
	assert.Equal(t, "absent", get(t, store, "b"))
	assert.Equal(t, "absent", get(t, store, "empt"))
	assert.Equal(t, "absent", get(t, store, "empty "))

	require.NoError(t, store.View(ctx, func(s kv.Snapshot) error {
		_, found, err := s.Get(ctx, nil)
		assert.NoError(t, err)
		assert.False(t, found)
		found2, err := s.GetMany(ctx, [][]byte{[]byte("a"), []byte("none"), []byte("large"), []byte("empty"), []byte("a")})
		require.NoError(t, err)
		require.Len(t, found2, 5)
		assert.Equal(t, "1", string(found2[0]))
		assert.Nil(t, found2[1])
		assert.Equal(t, values["large"], string(found2[2]))
		assert.NotNil(t, found2[3], "an empty value is there")
		assert.Empty(t, found2[3])
		assert.Equal(t, "1", string(found2[4]))
		none, err := s.GetMany(ctx, nil)
		assert.NoError(t, err)
		assert.Empty(t, none)
		return nil
	}))

	put(t, store, "a", "2", "large", "small now", "empty", strings.Repeat("x", 5000))
	assert.Equal(t, "2", get(t, store, "a"))
	assert.Equal(t, "small now", get(t, store, "large"))
	assert.Equal(t, brief(strings.Repeat("x", 5000)), get(t, store, "empty"))
}

func testEmptyKey(t *testing.T, h Harness) {
	store := h.open(t)
	err := store.Update(context.Background(), func(tx kv.Tx) error {
		tx.Put([]byte("a"), []byte("1"))
		tx.Put(nil, []byte("x"))
		return nil
	})
	require.ErrorIs(t, err, core.ErrBadRequest)
	assert.Empty(t, everything(t, store))
}

func testRanges(t *testing.T, h Harness) {
	store := h.open(t)
	put(t, store, "b", "2", "a", "1", "d", "4", "aa", "11", "\xff", "255", "c", "3")
	all := []string{"a=1", "aa=11", "b=2", "c=3", "d=4", "\xff=255"}
	b := func(text string) []byte { return []byte(text) }
	cases := []struct {
		name string
		r    kv.Range
		want []string
	}{
		{"all", kv.Range{}, all},
		{"from a key that is there", kv.Range{From: b("b")}, all[2:]},
		{"from a key between", kv.Range{From: b("aaa")}, all[2:]},
		{"to a key that is there leaves it out", kv.Range{To: b("b")}, all[:2]},
		{"to a key between", kv.Range{To: b("bb")}, all[:3]},
		{"both", kv.Range{From: b("aa"), To: b("d")}, all[1:4]},
		{"one key", kv.Range{From: b("c"), To: b("c\x00")}, all[3:4]},
		{"empty", kv.Range{From: b("c"), To: b("c")}, nil},
		{"inverted", kv.Range{From: b("d"), To: b("a")}, nil},
		{"beyond the last", kv.Range{From: b("\xff\xff")}, nil},
		{"before the first", kv.Range{To: b("\x01")}, nil},
		{"an empty To is before everything", kv.Range{To: b("")}, nil},
		{"an empty From is the first", kv.Range{From: b("")}, all},
		{"a prefix", kv.PrefixRange(b("a")), all[:2]},
		{"the prefix of the highest byte", kv.PrefixRange(b("\xff")), all[5:]},
		{"the empty prefix", kv.PrefixRange(nil), all},
	}
	check := func(t *testing.T, s kv.Snapshot) {
		for _, c := range cases {
			assert.ElementsMatch(t, c.want, scan(t, s, c.r), c.name)
			assertEqualSlices(t, c.want, scan(t, s, c.r), c.name)
			c.r.Reverse = true
			assertEqualSlices(t, reversed(c.want), scan(t, s, c.r), c.name+", reverse")
			c.r.KeysOnly = true
			var keys, want []string
			for entry, err := range s.Scan(context.Background(), c.r) {
				require.NoError(t, err)
				keys = append(keys, string(entry.Key))
			}
			for _, entry := range reversed(c.want) {
				key, _, _ := strings.Cut(entry, "=")
				want = append(want, key)
			}
			assertEqualSlices(t, want, keys, c.name+", keys only")
		}
	}
	require.NoError(t, store.View(context.Background(), func(s kv.Snapshot) error {
		check(t, s)
		return nil
	}))
	require.NoError(t, store.Update(context.Background(), func(tx kv.Tx) error {
		check(t, tx)
		return nil
	}))
}

func assertEqualSlices(t *testing.T, want, got []string, name string) {
	t.Helper()
	if len(want) == 0 && len(got) == 0 {
		return
	}
	assert.Equal(t, want, got, name)
}

func reversed(entries []string) []string {
	turned := make([]string, len(entries))
	for i, entry := range entries {
		turned[len(entries)-1-i] = entry
	}
	return turned
}

func testScanLeft(t *testing.T, h Harness) {
	store := h.open(t)
	put(t, store, "a", "1", "b", strings.Repeat("2", 2000), "c", "3")
	require.NoError(t, store.View(context.Background(), func(s kv.Snapshot) error {
		for _, reverse := range []bool{false, true} {
			n := 0
			for _, err := range s.Scan(context.Background(), kv.Range{Reverse: reverse}) {
				require.NoError(t, err)
				if n++; n == 2 {
					break
				}
			}
			assert.Equal(t, 2, n)
		}
		return nil
	}))
}

func testLargeAndMany(t *testing.T, h Harness) {
	store := h.open(t)
	ctx := context.Background()
	const n = 3000
	value := func(i int) string {
		switch {
		case i%500 == 0:
			return strings.Repeat("large ", 40_000) + strconv.Itoa(i)
		case i%3 == 0:
			return strings.Repeat("m", i%2000) + strconv.Itoa(i)
		}
		return strconv.Itoa(i)
	}
	key := func(i int) []byte { return []byte("key" + strconv.Itoa(100_000+i)) }
	for begin := 0; begin < n; begin += 1000 {
		require.NoError(t, store.Update(ctx, func(tx kv.Tx) error {
			for i := begin; i < begin+1000; i++ {
				tx.Put(key(i), []byte(value(i)))
			}
			return nil
		}))
	}
	check := func(store kv.Store) {
		require.NoError(t, store.View(ctx, func(s kv.Snapshot) error {
			i := 0
			var first []byte
			for entry, err := range s.Scan(ctx, kv.Range{}) {
				require.NoError(t, err)
				if i == 0 {
					first = entry.Value
				}
				if string(key(i)) != string(entry.Key) || value(i) != string(entry.Value) {
					require.FailNow(t, "wrong entry", "%s at %d", entry.Key, i)
				}
				i++
			}
			assert.Equal(t, n, i)
			assert.True(t, bytes.HasSuffix(first, []byte("large 0")), "a value stays valid while others are read")
			var keys [][]byte
			for i := n - 1; i >= 0; i -= 7 {
				keys = append(keys, key(i))
			}
			values, err := s.GetMany(ctx, keys)
			require.NoError(t, err)
			for j, i := 0, n-1; i >= 0; j, i = j+1, i-7 {
				require.True(t, value(i) == string(values[j]), "value of %s", keys[j])
			}
			return nil
		}))
	}
	check(store)
	if h.Reopen != nil {
		store = h.Reopen(t, store)
		check(store)
		require.NoError(t, store.Close())
	}
}
