package mango

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
)

// The ids of a range are those whose keys lie in it, whatever bytes the bounds end with.
func TestRangesOfDocIDs(t *testing.T) {
	t.Parallel()
	const seed = 4711
	random := rand.New(rand.NewPCG(seed, 0))
	text := func() string {
		letters := []byte{0, 1, 2, 'a', 0xF4}
		s := make([]byte, random.IntN(4))
		for i := range s {
			s[i] = letters[random.IntN(len(letters))]
		}
		return string(s)
	}
	bound := func() []byte {
		key := DocKey(text())
		switch random.IntN(5) {
		case 0:
			return key
		case 1:
			return after(key)
		case 2:
			return append(key, 0)
		case 3:
			return withPrefix([]byte(text())).high
		}
		return key[:random.IntN(len(key)+1)]
	}
	inside := 0
	for range 20_000 {
		r := Range{bound(), bound()}
		from, to := r.DocIDs()
		id := text()
		key := DocKey(id)
		want := bytes.Compare(key, r.Start) >= 0 && bytes.Compare(key, r.End) < 0
		got := bytes.Compare([]byte(id), from) >= 0 && (to == nil || bytes.Compare([]byte(id), to) < 0)
		require.Equal(t, want, got, "seed %d: %q in [%x, %x): [%q, %q)", seed, id, r.Start, r.End, from, to)
		if want {
			inside++
		}
	}
	require.Greater(t, inside, 1000)
}

func TestKeyOfAnEntry(t *testing.T) {
	t.Parallel()
	x, err := ParseDefinition([]byte(`{"fields":[{"a":"asc"}],"partial_filter_selector":{"b":1}}`), nil)
	require.NoError(t, err)
	require.Equal(t, `{"fields":[{"a":"asc"}],"partial_filter_selector":{"b":1}}`, string(x.AppendSource(nil)))
	doc := parsed(t, `{"_id":"x","a":1,"b":1}`)
	entry, ok, err := x.Entry(doc)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, entry.Key, x.Key(doc))
	require.Equal(t, entry.Key, x.Key(parsed(t, `{"_id":"x","a":1,"b":2}`)), "whatever the filter says")
	require.Nil(t, x.Key(parsed(t, `{"_id":"x","b":1}`)))
	require.Nil(t, x.Key(parsed(t, `{"_id":"_design/x","a":1}`)))
}

func parsed(t *testing.T, text string) *core.Document {
	doc, err := core.ParseDocument([]byte(text))
	require.NoError(t, err)
	return doc
}
