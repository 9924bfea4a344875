package gouchdb_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb"
)

func TestLiveFind(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	db, err := gouchdb.Open(ctx, "memory:live", gouchdb.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	_, err = db.Put(ctx, "a", map[string]any{"n": 1, "more": true})
	require.NoError(t, err)
	_, err = db.Put(ctx, "b", map[string]any{"n": 5})
	require.NoError(t, err)

	var result []*gouchdb.Document
	var told []gouchdb.LiveChangeType
	query := gouchdb.Query{Selector: map[string]any{"n": map[string]any{"$lt": 5}}, Sort: []string{"n"}, Descending: true, Fields: []string{"n"}}
	for update, err := range db.LiveFind(ctx, query) {
		require.NoError(t, err)
		for _, change := range update.Changes {
			told = append(told, change.Type)
			if change.From >= 0 {
				result = slices.Delete(result, change.From, change.From+1)
			}
			if change.To >= 0 {
				result = slices.Insert(result, change.To, change.Doc)
			}
		}
		if !update.Initial {
			break
		}
		_, err = db.Put(ctx, "c", map[string]any{"n": 2})
		require.NoError(t, err)
	}
	require.Len(t, result, 2)
	assert.JSONEq(t, `{"n":2}`, string(result[0].JSON()))
	assert.Equal(t, "a", result[1].ID)
	assert.Equal(t, []gouchdb.LiveChangeType{gouchdb.LiveAdded, gouchdb.LiveAdded}, told)

	ended, end := context.WithCancel(ctx)
	defer end()
	for update, err := range db.LiveFind(ended, gouchdb.Query{}) {
		if update == nil {
			assert.ErrorIs(t, err, context.Canceled)
			break
		}
		end()
	}
	for _, err := range db.LiveFind(ctx, gouchdb.Query{Bookmark: "nil"}) {
		var failure *gouchdb.Error
		require.ErrorAs(t, err, &failure)
		assert.Equal(t, 400, failure.Status)
	}
}

func TestFilteredChanges(t *testing.T) {
	t.Parallel()
	db, err := gouchdb.Open(t.Context(), "memory:filtered", gouchdb.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	_, err = db.Put(t.Context(), "_design/d", map[string]any{
		"filters": map[string]any{"least": "function (doc, req) { return doc.n >= req.query.n; }"},
		"views":   map[string]any{"odd": map[string]any{"map": "function (doc) { if (doc.n % 2) emit(doc.n); }"}},
	})
	require.NoError(t, err)
	for i, id := range []string{"a", "b", "c"} {
		_, err := db.Put(t.Context(), id, map[string]any{"n": i + 1})
		require.NoError(t, err)
	}
	for _, test := range []struct {
		filter gouchdb.ChangesFilter
		want   []string
	}{
		{gouchdb.ChangesFilter{Selector: []byte(`{"n":{"$regex":"x"}}`)}, nil},
		{gouchdb.ChangesFilter{Selector: []byte(`{"n":2}`)}, []string{"b"}},
		{gouchdb.ChangesFilter{View: "d/odd"}, []string{"a", "c"}},
		{gouchdb.ChangesFilter{DesignFilter: "d/least", QueryParams: []byte(`{"n":2}`)}, []string{"b", "c"}},
	} {
		var ids []string
		for change, err := range db.Changes(t.Context(), gouchdb.ChangesOptions{Filter: test.filter}) {
			require.NoError(t, err)
			ids = append(ids, change.ID)
		}
		assert.Equal(t, test.want, ids)
		target, err := gouchdb.Open(t.Context(), "memory:target", gouchdb.Options{})
		require.NoError(t, err)
		f := test.filter
		result, err := gouchdb.Replicate(t.Context(), db, target, gouchdb.ReplicateOptions{
			Selector: f.Selector, View: f.View, DesignFilter: f.DesignFilter, QueryParams: f.QueryParams,
		})
		require.NoError(t, err)
		assert.Equal(t, len(test.want), result.DocsWritten)
		require.NoError(t, target.Close())
	}
}
