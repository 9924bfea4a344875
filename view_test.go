package gouchdb_test

import (
	"encoding/json"
	"errors"
	"math"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb"
)

// viewed collects rows as text.
func viewed(t *testing.T, rows func(func(*gouchdb.ViewRow, error) bool)) (texts []string, failure error) {
	t.Helper()
	for row, err := range rows {
		if err != nil {
			return texts, err
		}
		texts = append(texts, row.ID+" "+string(row.Key)+" "+string(row.Value))
	}
	return texts, nil
}

func TestViewOptions(t *testing.T) {
	t.Parallel()
	db, err := gouchdb.Open(t.Context(), "memory:views", gouchdb.Options{})
	require.NoError(t, err)
	defer db.Close()
	for i, id := range []string{"a", "b", "c", "d"} {
		_, err := db.Put(t.Context(), id, map[string]any{"n": i, "to": "a"})
		require.NoError(t, err)
	}
	_, err = db.Put(t.Context(), "_design/d", json.RawMessage(`{"views":{
		"n":{"map":"function (doc) { emit(doc.n, {_id: doc.to}) }"},
		"null":{"map":"function (doc) { emit(null, 1) }","reduce":"_sum"}}}`))
	require.NoError(t, err)
	for _, test := range []struct {
		view    string
		options gouchdb.ViewOptions
		want    []string
	}{
		{"n", gouchdb.ViewOptions{Key: 1}, []string{`b 1 {"_id":"a"}`}},
		{"n", gouchdb.ViewOptions{Keys: []any{2, 0.0}}, []string{`c 2 {"_id":"a"}`, `a 0 {"_id":"a"}`}},
		{"n", gouchdb.ViewOptions{StartKey: 2, EndKey: 1, Descending: true, ExclusiveEnd: true}, []string{`c 2 {"_id":"a"}`}},
		{"n", gouchdb.ViewOptions{Skip: 3}, []string{`d 3 {"_id":"a"}`}},
		{"n", gouchdb.ViewOptions{Limit: gouchdb.NoRows}, nil},
		{"null", gouchdb.ViewOptions{Key: json.RawMessage("null")}, []string{` null 4`}},
		{"null", gouchdb.ViewOptions{NoReduce: true, Limit: 1}, []string{`a null 1`}},
	} {
		got, err := viewed(t, db.View(t.Context(), "d", test.view, test.options))
		require.NoError(t, err)
		assert.Equal(t, test.want, got, "%+v", test.options)
	}
	for row, err := range db.View(t.Context(), "_design/d", "n", gouchdb.ViewOptions{IncludeDocs: true, Descending: true}) {
		require.NoError(t, err)
		assert.Equal(t, "d", row.ID)
		assert.Equal(t, "a", row.Doc.ID)
		break // leaving is no error
	}
	_, err = viewed(t, db.View(t.Context(), "d", "n", gouchdb.ViewOptions{Key: math.Inf(1)}))
	require.ErrorIs(t, err, gouchdb.ErrBadRequest)
	_, err = viewed(t, db.View(t.Context(), "d", "n", gouchdb.ViewOptions{Group: true}))
	require.ErrorIs(t, err, gouchdb.ErrQueryParse)
	_, err = viewed(t, db.View(t.Context(), "d", "nope", gouchdb.ViewOptions{}))
	require.ErrorIs(t, err, gouchdb.ErrMissing)
	info, err := db.ViewInfo(t.Context(), "d")
	require.NoError(t, err)
	assert.Equal(t, "d", info.Name)
	assert.Equal(t, "javascript", info.Language)
	assert.Len(t, info.Signature, 32)
	assert.Positive(t, info.Size)
	assert.False(t, info.Updating)
}

// A view in Go is stored: it is not made anew when the database is opened again, unless its version says that it is another one.
func TestViewsInGo(t *testing.T) {
	t.Parallel()
	path := "file:" + filepath.Join(t.TempDir(), "go.gouch")
	open := func() *gouchdb.DB {
		db, err := gouchdb.Open(t.Context(), path, gouchdb.Options{})
		require.NoError(t, err)
		return db
	}
	db := open()
	for i := range 300 {
		_, err := db.Put(t.Context(), "doc"+strconv.Itoa(i), map[string]any{"n": i})
		require.NoError(t, err)
	}
	mapped := 0
	view := gouchdb.View{
		Name: "n", Version: "1",
		Map: func(doc *gouchdb.Document, emit func(key, value any)) error {
			mapped++
			var body struct{ N int }
			if err := doc.Decode(&body); err != nil {
				return err
			}
			emit(body.N%3, body.N)
			switch body.N {
			case 10:
				return errors.New("not this one")
			case 11:
				emit(math.NaN(), nil)
			}
			return nil
		},
		ReduceFunc: func(keys []gouchdb.ViewKey, values []json.RawMessage) (any, error) {
			most := 0
			for i, value := range values {
				var n int
				if err := json.Unmarshal(value, &n); err != nil {
					return nil, err
				}
				if keys != nil && string(keys[i].Key) != strconv.Itoa(n%3) {
					return nil, errors.New("the key is of another value")
				}
				most = max(most, n)
			}
			return most, nil
		},
	}
	groups := func() []string {
		rows, err := viewed(t, db.QueryView(t.Context(), view, gouchdb.ViewOptions{Group: true}))
		require.NoError(t, err)
		return rows
	}
	assert.Equal(t, []string{" 0 297", " 1 298", " 2 299"}, groups())
	assert.Equal(t, 300, mapped)
	total, err := viewed(t, db.QueryView(t.Context(), view, gouchdb.ViewOptions{NoReduce: true}))
	require.NoError(t, err)
	assert.Len(t, total, 298, "two documents failed")
	require.NoError(t, db.Close())

	db = open()
	defer db.Close()
	_, err = db.Put(t.Context(), "new", map[string]any{"n": 1000})
	require.NoError(t, err)
	assert.Equal(t, []string{" 0 297", " 1 1000", " 2 299"}, groups())
	assert.Equal(t, 301, mapped)
	require.NoError(t, db.ViewCleanup(t.Context()))
	groups()
	assert.Equal(t, 301, mapped, "it was in use")
	view.Version = "2"
	groups()
	assert.Equal(t, 602, mapped)

	_, err = viewed(t, db.QueryView(t.Context(), gouchdb.View{Name: "x"}, gouchdb.ViewOptions{}))
	require.ErrorIs(t, err, gouchdb.ErrBadRequest)
	view.Reduce = "_sum"
	_, err = viewed(t, db.QueryView(t.Context(), view, gouchdb.ViewOptions{}))
	require.ErrorIs(t, err, gouchdb.ErrBadRequest, "two reduce functions")
	view.ReduceFunc, view.Reduce = nil, "_nope"
	_, err = viewed(t, db.QueryView(t.Context(), view, gouchdb.ViewOptions{}))
	require.ErrorContains(t, err, "not a supported reduce function")
}
