package mapreduce_test

import (
	"bytes"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/collation"
	"github.com/gouchdb/gouchdb/core/mapreduce"
	"github.com/gouchdb/gouchdb/internal/randjson"
	"github.com/gouchdb/gouchdb/internal/seeds"
)

func emitted(pairs ...string) []core.Emitted {
	var rows []core.Emitted
	for i := 0; i < len(pairs); i += 2 {
		rows = append(rows, core.Emitted{Key: []byte(pairs[i]), Value: []byte(pairs[i+1])})
	}
	return rows
}

// Rows order by key, those of one key by value: numbers, false, null, true, objects, arrays, strings.
func TestEntries(t *testing.T) {
	t.Parallel()
	entries := mapreduce.Entries("id", emitted("2", `"b"`, "1", "[]", "2", "3", "2", `"a"`, "2", "null", "1.0", "{}", "2", "true", "2", "2", "2", "false"))
	var got []string
	for i, entry := range entries {
		key, docID, again, err := mapreduce.DecodeKey(entry.Key)
		require.NoError(t, err)
		exact, value, err := mapreduce.DecodeValue(entry.Value)
		require.NoError(t, err)
		text, _, err := collation.DecodeKey(nil, key)
		require.NoError(t, err)
		if exact != nil {
			text = exact
		}
		assert.Equal(t, "id", docID)
		assert.Equal(t, i != 0 && i != 2, again, i)
		got = append(got, string(text)+" "+string(value))
		if i > 0 {
			assert.Negative(t, bytes.Compare(entries[i-1].Key, entry.Key))
		}
	}
	assert.Equal(t, []string{"1.0 {}", "1 []", "2 2", "2 3", "2 false", "2 null", "2 true", `2 "a"`, `2 "b"`}, got)
	assert.Empty(t, mapreduce.Entries("id", nil))
}

func TestEntriesOfAnyRows(t *testing.T) {
	t.Parallel()
	seed := seeds.For(t)
	g := randjson.New(seed)
	for i := range 500 {
		docID := []string{"", "a", "\x00", "_design/é", "\xff"}[i%5]
		var rows []core.Emitted
		for range 1 + i%7 {
			rows = append(rows, core.Emitted{Key: g.Value(), Value: g.Value()})
		}
		rows = append(rows, core.Emitted{Key: rows[0].Key, Value: g.Value()})
		entries := mapreduce.Entries(docID, rows)
		require.Len(t, entries, len(rows))
		var want, got []string
		for _, row := range rows {
			want = append(want, string(row.Key)+" "+string(row.Value))
		}
		for _, entry := range entries {
			key, id, _, err := mapreduce.DecodeKey(entry.Key)
			require.NoError(t, err, "seed %d", seed)
			require.Equal(t, docID, id)
			exact, value, err := mapreduce.DecodeValue(entry.Value)
			require.NoError(t, err)
			if exact == nil {
				exact, _, err = collation.DecodeKey(nil, key)
				require.NoError(t, err)
			}
			got = append(got, string(exact)+" "+string(value))
		}
		slices.Sort(want)
		slices.Sort(got)
		require.Equal(t, want, got, "seed %d", seed)
	}
}

func TestDamagedRows(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"", "\x02", "\x02\x07a", "\x01\x07a\x00"} {
		_, _, _, err := mapreduce.DecodeKey([]byte(key))
		assert.ErrorIs(t, err, core.ErrCorrupt, "%q", key)
	}
	for _, value := range []string{"", "\x80", "\x05ab", "\x03ab"} {
		_, _, err := mapreduce.DecodeValue([]byte(value))
		assert.ErrorIs(t, err, core.ErrCorrupt, "%q", value)
	}
}

// Levels are stored: they cannot change. There are about as many nodes as there should be, whatever the keys look like.
func TestLevels(t *testing.T) {
	t.Parallel()
	key := func(i int) []byte {
		return collation.AppendString(collation.AppendKey(nil, []byte(strconv.Itoa(i))), "doc")
	}
	counts := map[int]int{}
	first := map[int]int{}
	for i := range 200_000 {
		level := mapreduce.Level(key(i))
		counts[level]++
		if _, seen := first[level]; !seen {
			first[level] = i
		}
	}
	assert.Equal(t, map[int]int{0: 1, 1: 0, 2: 70, 3: 6895, 4: 1927}, first)
	assert.InEpsilon(t, 200_000/mapreduce.Fanout, 200_000-counts[0], 0.1)
	assert.InEpsilon(t, 200_000/mapreduce.Fanout/mapreduce.Fanout, 200_000-counts[0]-counts[1], 0.3)
}

func FuzzDecodeKey(f *testing.F) {
	for _, entry := range mapreduce.Entries("id", emitted("1", "2", "1", "3", `["a",{}]`, "null")) {
		f.Add(entry.Key, entry.Value)
	}
	f.Fuzz(func(t *testing.T, key, value []byte) {
		if collationKey, docID, again, err := mapreduce.DecodeKey(key); err == nil && !again {
			require.Equal(t, key, collation.AppendString(bytes.Clone(collationKey), docID))
		}
		if exact, emitted, err := mapreduce.DecodeValue(value); err == nil {
			require.LessOrEqual(t, len(exact)+len(emitted), len(value))
		}
	})
}
