package mango_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/mango"
	"github.com/gouchdb/gouchdb/internal/regexps"
)

// The recorded session creates and deletes indexes in an empty database; here a map holds its design documents.
func TestIndexesAsRecorded(t *testing.T) {
	t.Parallel()
	ddocs := map[string][]byte{}
	created := 0
	for _, c := range loadRecorded().IndexAPI {
		switch {
		case c.Method == "POST" && strings.HasSuffix(c.Path, "/_index"):
			index, err := mango.ParseIndexRequest(c.body(), regexps.Compile)
			if c.N == 45 {
				require.Error(t, err, "CouchDB answers 500 to a partitioned index, we 400")
				assert.Equal(t, 400, core.AsError(err).Status)
				continue
			}
			if c.Status != 200 {
				require.Error(t, err, "case %d: %s", c.N, c.body())
				compareRefusal(t, c, err)
				continue
			}
			require.NoError(t, err, "case %d: %s", c.N, c.body())
			var made struct{ Result, ID, Name string }
			require.NoError(t, json.Unmarshal(c.Resp, &made))
			changed, body, err := index.AddTo(ddocs[index.DesignDoc], regexps.Compile)
			require.NoError(t, err, "case %d", c.N)
			if c.N == 10 {
				assert.True(t, changed, "one was defined otherwise in between")
			}
			assert.Equal(t, made.Result == "created", changed, "case %d: %s", c.N, c.body())
			ddocs[index.DesignDoc] = body
			created++
			given := string(c.body())
			if strings.Contains(given, `"ddoc"`) {
				assert.Equal(t, made.ID, index.DesignDoc, "case %d", c.N)
			}
			if strings.Contains(given, `"name"`) {
				assert.Equal(t, made.Name, index.Name, "case %d", c.N)
			}
		case c.N == 53:
			compareListing(t, c, ddocs)
		case c.N == 58:
			compareDesignDoc(t, c, ddocs["_design/mydd"])
		}
	}
	assert.Equal(t, 22, created)
}

// compareListing compares all indexes, apart from the names that are derived from their definition.
func compareListing(t *testing.T, c recordedRequest, ddocs map[string][]byte) {
	derived := func(name string) string {
		if name = strings.TrimPrefix(name, "_design/"); len(name) >= 32 && strings.Trim(name, "0123456789abcdef") == "" {
			return "derived"
		}
		return name
	}
	normal := func(text []byte) string {
		var index map[string]any
		require.NoError(t, json.Unmarshal(text, &index))
		index["ddoc"], index["name"] = derived(index["ddoc"].(string)), derived(index["name"].(string))
		return string(mustMarshal(t, index))
	}
	var listing struct{ Indexes []json.RawMessage }
	require.NoError(t, json.Unmarshal(c.Resp, &listing))
	var none *mango.Index
	assert.Equal(t, compact(t, listing.Indexes[0]), string(none.AppendDescription(nil)))
	var want, got []string
	for _, index := range listing.Indexes[1:] {
		want = append(want, normal(index))
	}
	for id, body := range ddocs {
		indexes, errs := mango.IndexesOf(&core.Document{ID: id, Body: body}, regexps.Compile)
		require.Empty(t, errs)
		for _, index := range indexes {
			got = append(got, normal(index.AppendDescription(nil)))
		}
	}
	assert.ElementsMatch(t, want, got)
}

func compareDesignDoc(t *testing.T, c recordedRequest, body []byte) {
	var want struct {
		Views map[string]json.RawMessage
	}
	require.NoError(t, json.Unmarshal(c.Resp, &want))
	var got struct {
		Language string
		Views    map[string]json.RawMessage
	}
	require.NoError(t, json.Unmarshal(body, &got))
	assert.Equal(t, "query", got.Language)
	assert.Len(t, got.Views, len(want.Views))
	for _, name := range []string{"one", "two"} {
		assert.Equal(t, compact(t, want.Views[name]), string(got.Views[name]), name)
	}
}

func TestDesignDocs(t *testing.T) {
	t.Parallel()
	index, err := mango.ParseIndexRequest([]byte(`{"index":{"fields":[{"a.b":"desc"}],"partial_filter_selector":{"t":{"$not":{"$lt":1}}}},"ddoc":"_design/d","name":"n"}`), nil)
	require.NoError(t, err)
	changed, body, err := index.AddTo(nil, nil)
	require.NoError(t, err)
	assert.True(t, changed)
	assert.Equal(t, `{"language":"query","views":{"n":{"map":{"fields":{"a.b":"desc"},"partial_filter_selector":{"t":{"$gte":1}}},"reduce":"_count",`+
		`"options":{"def":{"fields":[{"a.b":"desc"}],"partial_filter_selector":{"t":{"$not":{"$lt":1}}}}}}}}`, string(body))
	changed, again, err := index.AddTo(body, nil)
	require.NoError(t, err)
	assert.False(t, changed)
	assert.Equal(t, body, again)

	ddoc := &core.Document{ID: "_design/d", Body: body}
	assert.True(t, mango.IsQuery(ddoc))
	found, errs := mango.IndexesOf(ddoc, nil)
	require.Empty(t, errs)
	require.Len(t, found, 1)
	assert.True(t, found[0].Same(index))

	other, err := mango.ParseIndexRequest([]byte(`{"index":{"fields":["x"]},"ddoc":"d","name":"m"}`), nil)
	require.NoError(t, err)
	_, both, err := other.AddTo([]byte(`{"language":"query","note":1,`+string(body[len(`{"language":"query",`):])), nil)
	require.NoError(t, err)
	rest, ok, empty := mango.RemoveFrom(both, "n")
	assert.True(t, ok)
	assert.False(t, empty)
	assert.Contains(t, string(rest), `"note":1`)
	_, ok, _ = mango.RemoveFrom(rest, "n")
	assert.False(t, ok)
	_, ok, empty = mango.RemoveFrom(rest, "m")
	assert.True(t, ok)
	assert.True(t, empty)

	_, _, err = other.AddTo([]byte(`{"language":"javascript","views":{}}`), nil)
	assert.Equal(t, "invalid_design_doc", core.AsError(err).Name)
	_, ok, _ = mango.RemoveFrom([]byte(`{"views":{"m":{}}}`), "m")
	assert.False(t, ok)
	found, errs = mango.IndexesOf(&core.Document{ID: "_design/x", Body: []byte(`{"language":"query","views":{"a":{},"b":{"options":{"def":{"fields":"x"}}},"c":{"options":{"def":{"fields":["x"]}}}}}`)}, nil)
	assert.Len(t, found, 1)
	assert.Len(t, errs, 2)
}

func TestEntries(t *testing.T) {
	t.Parallel()
	index, err := mango.ParseIndexRequest([]byte(`{"index":{"fields":["tags.0","a.b","_id","a\\.b"],"partial_filter_selector":{"keep":true}}}`), nil)
	require.NoError(t, err)
	const kept = `{"_id":"x","tags":["t\u0000"],"a":{"b":1.0},"a.b":{"n":9007199254740993},"keep":true}`
	doc, err := core.ParseDocument([]byte(kept))
	require.NoError(t, err)
	entry, ok, err := index.Entry(doc)
	require.NoError(t, err)
	require.True(t, ok)
	told, err := index.Document(entry)
	require.NoError(t, err)
	assert.Equal(t, "x", told.ID)
	assert.Equal(t, `{"tags":{"0":"t\u0000"},"a":{"b":1.0},"a.b":{"n":9007199254740993}}`, string(told.Body))
	id, err := index.DocID(entry.Key)
	require.NoError(t, err)
	assert.Equal(t, "x", id)

	for _, other := range []string{
		strings.Replace(kept, `true`, `false`, 1),
		strings.Replace(kept, `["t\u0000"]`, `[]`, 1),
		strings.Replace(kept, `"a.b"`, `"a.c"`, 1),
		strings.Replace(kept, `"x"`, `"_design/x"`, 1),
		strings.Replace(kept, `{`, `{"_deleted":true,`, 1),
	} {
		doc, err := core.ParseDocument([]byte(other))
		require.NoError(t, err)
		_, ok, err := index.Entry(doc)
		require.NoError(t, err)
		assert.False(t, ok, other)
	}

	plain, err := mango.ParseIndexRequest([]byte(`{"index":{"fields":["a.b"]}}`), nil)
	require.NoError(t, err)
	doc, err = core.ParseDocument([]byte(`{"_id":"x","a":{"b":[1,"two",{"c":null}]}}`))
	require.NoError(t, err)
	entry, ok, err = plain.Entry(doc)
	require.NoError(t, err)
	require.True(t, ok)
	assert.Nil(t, entry.Values, "the key says it all")
	for cut := range entry.Key {
		_, err := plain.Document(mango.Entry{Key: entry.Key[:cut]})
		assert.ErrorIs(t, err, core.ErrCorrupt)
	}
	_, err = index.Document(mango.Entry{Key: entry.Key, Values: []byte("[1]")})
	assert.ErrorIs(t, err, core.ErrCorrupt)
}
