package gouchdb_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb"
	"github.com/gouchdb/gouchdb/core"
)

func TestQueriesAsText(t *testing.T) {
	t.Parallel()
	for want, value := range map[string]any{
		`{"selector":{},"limit":2147483647}`: gouchdb.Query{},
		`{"selector":{"a":1},"limit":7,"skip":2,"fields":["a"],"sort":[{"a":"desc"},{"b":"desc"}],"bookmark":"x","use_index":["d","n"],` +
			`"allow_fallback":false,"conflicts":true,"update":false}`: gouchdb.Query{
			Selector: json.RawMessage(`{"a":1}`), Limit: 7, Skip: 2, Fields: []string{"a"}, Sort: []string{"a", "b"}, Descending: true, Bookmark: "x",
			UseIndex: []string{"d", "n"}, NoFallback: true, Conflicts: true, MayLag: true,
		},
		`{"index":{"fields":[{"a":"asc"}]},"type":"json"}`: gouchdb.Index{Fields: []string{"a"}},
		`{"index":{"fields":[{"a":"desc"}],"partial_filter_selector":{"b":1}},"type":"json","ddoc":"d","name":"n"}`: gouchdb.Index{
			Fields: []string{"a"}, Descending: true, Partial: map[string]int{"b": 1}, DesignDoc: "d", Name: "n",
		},
	} {
		got, err := json.Marshal(value)
		require.NoError(t, err)
		assert.JSONEq(t, want, string(got))
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	db, err := gouchdb.Open(t.Context(), "memory:x", gouchdb.Options{})
	require.NoError(t, err)
	defer db.Close()
	rev, err := db.Put(t.Context(), "a", map[string]any{"n": 1, "name": "Ärla"})
	require.NoError(t, err)
	_, err = db.Put(t.Context(), "b", map[string]any{"n": 2})
	require.NoError(t, err)

	seen := 0
	for doc, err := range db.Find(t.Context(), gouchdb.Query{}) {
		require.NoError(t, err)
		assert.Equal(t, "a", doc.ID)
		assert.Equal(t, rev, doc.Rev)
		assert.JSONEq(t, `{"_id":"a","_rev":"`+rev+`","n":1,"name":"Ärla"}`, string(doc.JSON()))
		seen++
		break // which ends the find without an error
	}
	assert.Equal(t, 1, seen)

	page, err := db.FindPage(t.Context(), gouchdb.Query{Selector: map[string]any{"name": map[string]any{"$regex": "^.rla$"}}, Fields: []string{"n"}})
	require.NoError(t, err)
	require.Len(t, page.Docs, 1)
	assert.Equal(t, `{"n":1}`, string(page.Docs[0].JSON()))
	assert.Empty(t, page.Docs[0].ID)
	assert.Empty(t, page.Docs[0].Rev)
	var decoded struct{ N int }
	require.NoError(t, page.Docs[0].Decode(&decoded))
	assert.Equal(t, 1, decoded.N)

	_, err = db.FindPage(t.Context(), gouchdb.Query{Selector: map[string]any{"n": map[string]any{"$nope": 1}}})
	assert.Equal(t, "invalid_operator", core.AsError(err).Name)
	for _, err := range db.Find(t.Context(), gouchdb.Query{Selector: func() {}}) {
		require.ErrorContains(t, err, "encoding a query")
	}
	_, _, err = db.CreateIndex(t.Context(), gouchdb.Index{Fields: []string{"a..b"}})
	require.Error(t, err)
	require.ErrorIs(t, db.DeleteIndex(t.Context(), "none", "none"), gouchdb.ErrMissing)
}

// withoutQueries is a database that answers none.
type withoutQueries struct{ core.Adapter }

func TestDatabasesWithoutQueriesSaySo(t *testing.T) {
	t.Parallel()
	db := gouchdb.Of(withoutQueries{})
	ctx := context.Background()
	for _, err := range db.Find(ctx, gouchdb.Query{}) {
		require.ErrorIs(t, err, gouchdb.ErrNotImplemented)
	}
	_, err := db.Explain(ctx, gouchdb.Query{})
	require.ErrorIs(t, err, gouchdb.ErrNotImplemented)
	_, _, err = db.CreateIndex(ctx, gouchdb.Index{})
	require.ErrorIs(t, err, gouchdb.ErrNotImplemented)
	_, err = db.Indexes(ctx)
	require.ErrorIs(t, err, gouchdb.ErrNotImplemented)
	require.ErrorIs(t, db.DeleteIndex(ctx, "a", "b"), gouchdb.ErrNotImplemented)
}
