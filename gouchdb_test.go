package gouchdb_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb"
)

func open(t *testing.T, location string) *gouchdb.DB {
	t.Helper()
	db, err := gouchdb.Open(t.Context(), location, gouchdb.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	return db
}

func TestLocationsThatCannotBe(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	for _, test := range []struct {
		name, location string
		options        gouchdb.Options
		want           error
	}{
		{"no kind", "notes", gouchdb.Options{}, gouchdb.ErrBadRequest},
		{"unknown kind", "ftp://example.com/notes", gouchdb.Options{}, gouchdb.ErrBadRequest},
		{"file without a path", "file:", gouchdb.Options{}, gouchdb.ErrBadRequest},
		{"a directory", "file:" + directory, gouchdb.Options{}, gouchdb.ErrStorage},
		{"no directory", "file:" + filepath.Join(directory, "no", "notes"), gouchdb.Options{}, gouchdb.ErrStorage},
		{"remote option for a local database", "memory:notes", gouchdb.Options{User: "me"}, gouchdb.ErrBadRequest},
		{"local option for a remote database", "http://127.0.0.1:1/notes", gouchdb.Options{AutoCompaction: true}, gouchdb.ErrBadRequest},
		{"negative limit", "memory:notes", gouchdb.Options{MaxDocumentSize: -1}, gouchdb.ErrBadRequest},
		{"nobody listens", "http://127.0.0.1:1/notes", gouchdb.Options{}, gouchdb.ErrUnreachable},
		{"no database in the URL", "http://127.0.0.1:1", gouchdb.Options{}, gouchdb.ErrBadRequest},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := gouchdb.Open(t.Context(), test.location, test.options)
			require.ErrorIs(t, err, test.want)
		})
	}
}

func TestCredentialsStayOutOfErrors(t *testing.T) {
	t.Parallel()
	for _, location := range []string{"http://me:secret@127.0.0.1:1/notes", "ftp://me:secret@127.0.0.1/notes", "https://me:secret@"} {
		_, err := gouchdb.Open(t.Context(), location, gouchdb.Options{})
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "secret")
	}
}

func TestDocumentsAreAnyObject(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db := open(t, "memory:notes")

	_, err := db.Put(ctx, "raw", json.RawMessage(`{"n": 12345678901234567890}`))
	require.NoError(t, err)
	doc, err := db.Get(ctx, "raw", gouchdb.GetOptions{})
	require.NoError(t, err)
	assert.Contains(t, string(doc.JSON()), "12345678901234567890", "numbers keep all their digits")

	_, err = db.Put(ctx, "a", Task{ID: "b"})
	require.ErrorIs(t, err, gouchdb.ErrBadRequest, "an _id that is another")
	_, err = db.Put(ctx, "a", "text")
	require.ErrorIs(t, err, gouchdb.ErrBadRequest)
	_, err = db.Put(ctx, "a", make(chan int))
	require.Error(t, err)
	_, err = db.Put(ctx, "", Task{})
	require.ErrorIs(t, err, gouchdb.ErrIllegalDocID)
	_, err = db.Put(ctx, "a", map[string]any{"_private": 1})
	require.ErrorIs(t, err, gouchdb.ErrDocValidation)
	_, err = db.Get(ctx, "a", gouchdb.GetOptions{Rev: "1"})
	require.ErrorIs(t, err, gouchdb.ErrBadRequest)
	_, err = db.Delete(ctx, "a", "")
	require.ErrorIs(t, err, gouchdb.ErrBadRequest)
	_, err = db.Get(ctx, "a", gouchdb.GetOptions{})
	require.ErrorIs(t, err, gouchdb.ErrMissing, "nothing of this was written")
}

func TestPostMakesAnID(t *testing.T) {
	t.Parallel()
	db := open(t, "memory:notes")
	id, rev, err := db.Post(t.Context(), map[string]any{"title": "x"})
	require.NoError(t, err)
	doc, err := db.Get(t.Context(), id, gouchdb.GetOptions{})
	require.NoError(t, err)
	assert.Equal(t, rev, doc.Rev)
}

func TestBulkDocsReportsEachDocument(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db := open(t, "memory:notes")
	_, err := db.Put(ctx, "b", Task{ID: "b"})
	require.NoError(t, err)
	results, err := db.BulkDocs(ctx, []any{Task{ID: "a"}, Task{ID: "b"}, Task{ID: "c"}})
	require.NoError(t, err)
	require.Len(t, results, 3)
	require.NoError(t, results[0].Err)
	require.ErrorIs(t, results[1].Err, gouchdb.ErrConflict)
	require.NoError(t, results[2].Err)
	assert.Equal(t, "c", results[2].ID)
}

func TestAFileKeepsItsDocuments(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	location := "file:" + filepath.Join(t.TempDir(), "notes.gouch")
	db, err := gouchdb.Open(ctx, location, gouchdb.Options{})
	require.NoError(t, err)
	rev, err := db.Put(ctx, "milk", Task{ID: "milk", Title: "Buy milk"})
	require.NoError(t, err)

	_, err = gouchdb.Open(ctx, location, gouchdb.Options{})
	require.ErrorIs(t, err, gouchdb.ErrLocked)
	require.NoError(t, db.Close())
	_, err = db.Get(ctx, "milk", gouchdb.GetOptions{})
	require.ErrorIs(t, err, gouchdb.ErrClosed)

	db = open(t, location)
	doc, err := db.Get(ctx, "milk", gouchdb.GetOptions{})
	require.NoError(t, err)
	assert.Equal(t, rev, doc.Rev)
}

func TestLeavingALoopEndsTheReading(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db := open(t, "memory:notes")
	_, err := db.BulkDocs(ctx, []any{Task{ID: "a"}, Task{ID: "b"}, Task{ID: "c"}})
	require.NoError(t, err)
	for row, err := range db.AllDocs(ctx, gouchdb.AllDocsOptions{}) {
		require.NoError(t, err)
		assert.Equal(t, "a", row.ID)
		break
	}
	var ids []string
	for change, err := range db.Changes(ctx, gouchdb.ChangesOptions{Live: true, Limit: 3}) {
		require.NoError(t, err)
		ids = append(ids, change.ID)
	}
	assert.Equal(t, []string{"a", "b", "c"}, ids, "a live feed with a limit ends by itself")

	ended, cancel := context.WithCancel(ctx)
	cancel()
	for _, err := range db.Changes(ended, gouchdb.ChangesOptions{Live: true, Since: "now"}) {
		require.ErrorIs(t, err, context.Canceled)
	}
	for _, err := range db.Changes(ctx, gouchdb.ChangesOptions{Live: true, Descending: true}) {
		require.ErrorIs(t, err, gouchdb.ErrBadRequest)
	}
}

func TestLiveReplication(t *testing.T) {
	t.Parallel()
	source, err := gouchdb.Open(t.Context(), "memory:", gouchdb.Options{})
	require.NoError(t, err)
	target, err := gouchdb.Open(t.Context(), "memory:", gouchdb.Options{})
	require.NoError(t, err)
	paused := make(chan int, 10)
	replication := gouchdb.NewReplication(source, target, gouchdb.ReplicateOptions{
		Live: true, Retry: gouchdb.RetryPolicy{Forever: true},
		OnEvent: func(event gouchdb.ReplicationEvent) {
			if event.Type == "paused" {
				paused <- event.Result.DocsWritten
			}
		},
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, err := replication.Run(ctx)
		ended <- err
	}()
	assert.Equal(t, 0, <-paused)
	_, err = source.Put(t.Context(), "a", map[string]any{})
	require.NoError(t, err)
	assert.Equal(t, 1, <-paused)
	assert.Equal(t, 1, replication.Status().Result.DocsWritten)
	cancel()
	assert.ErrorIs(t, <-ended, context.Canceled)
	require.NoError(t, source.Close())
	require.NoError(t, target.Close())
}
