package gouchdb_test

import (
	"context"
	"errors"
	"io"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb"
	"github.com/gouchdb/gouchdb/adapters/memory"
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/server"
)

// remote opens a new database on a server of its own.
func remote(t *testing.T) *gouchdb.DB {
	t.Helper()
	handler, err := server.New(server.Options{
		Databases:      server.Memory(func(ctx context.Context, name string) (core.Adapter, error) { return memory.Open(ctx, name) }),
		AllowAnonymous: true,
	})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, handler.Close()) })
	listening := httptest.NewServer(handler)
	t.Cleanup(listening.Close)
	db, err := gouchdb.Open(t.Context(), listening.URL+"/notes", gouchdb.Options{Create: true})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	return db
}

// everywhere runs a test on a local and on a remote database.
func everywhere(t *testing.T, test func(t *testing.T, db *gouchdb.DB)) {
	t.Run("local", func(t *testing.T) {
		t.Parallel()
		test(t, open(t, "memory:notes"))
	})
	t.Run("remote", func(t *testing.T) {
		t.Parallel()
		test(t, remote(t))
	})
}

type counter struct {
	Count int `json:"count"`
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, db *gouchdb.DB) {
		ctx := t.Context()
		increment := func(current *gouchdb.Document) (any, error) {
			var c counter
			if current != nil {
				if err := current.Decode(&c); err != nil {
					return nil, err
				}
			}
			return counter{c.Count + 1}, nil
		}
		var everybody sync.WaitGroup
		for range 8 {
			everybody.Go(func() {
				for range 5 {
					_, err := db.Update(ctx, "visits", increment)
					assert.NoError(t, err)
				}
			})
		}
		everybody.Wait()
		doc, err := db.Get(ctx, "visits", gouchdb.GetOptions{})
		require.NoError(t, err)
		var c counter
		require.NoError(t, doc.Decode(&c))
		assert.Equal(t, 40, c.Count, "no update is lost")

		rev, err := db.Update(ctx, "visits", func(*gouchdb.Document) (any, error) { return nil, nil })
		require.NoError(t, err)
		assert.Equal(t, doc.Rev, rev)
		refused := errors.New("refused")
		_, err = db.Update(ctx, "visits", func(*gouchdb.Document) (any, error) { return nil, refused })
		require.ErrorIs(t, err, refused)
		_, err = db.Update(ctx, "visits", func(*gouchdb.Document) (any, error) { return 1, nil })
		require.ErrorIs(t, err, gouchdb.ErrBadRequest)

		_, err = db.Update(ctx, "visits", func(*gouchdb.Document) (any, error) { return map[string]any{"_deleted": true}, nil })
		require.NoError(t, err)
		rev, err = db.Update(ctx, "visits", func(current *gouchdb.Document) (any, error) {
			assert.Nil(t, current)
			return nil, nil
		})
		require.NoError(t, err)
		assert.Empty(t, rev)

		for _, docID := range []string{"", "_visits"} {
			_, err = db.Update(ctx, docID, increment)
			require.ErrorIs(t, err, gouchdb.ErrIllegalDocID)
		}
	})
}

// What was deleted while it was changed is not there any more when the change is asked for again.
func TestUpdateOfWhatIsDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db := open(t, "memory:notes")
	_, err := db.Put(ctx, "visits", counter{1})
	require.NoError(t, err)
	rev, err := db.Update(ctx, "visits", func(current *gouchdb.Document) (any, error) {
		if current == nil {
			return nil, nil
		}
		_, err := db.Delete(ctx, "visits", current.Rev)
		return counter{2}, err
	})
	require.NoError(t, err)
	assert.Empty(t, rev)
}

func TestUpdateOfWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	db, err := gouchdb.Open(t.Context(), "memory:notes", gouchdb.Options{})
	require.NoError(t, err)
	require.NoError(t, db.Close())
	_, err = db.Update(t.Context(), "visits", func(*gouchdb.Document) (any, error) {
		t.Error("nobody knows what is there")
		return nil, nil
	})
	require.ErrorIs(t, err, gouchdb.ErrClosed)
}

// disagree makes a conflict of two edits of one revision, with attachments: both have their own "photo".
func disagree(t *testing.T, db *gouchdb.DB) (base, winner, loser string) {
	t.Helper()
	ctx := t.Context()
	other := open(t, "memory:other")
	base, err := db.Put(ctx, "milk", Task{ID: "milk", Title: "Buy milk"})
	require.NoError(t, err)
	_, _, err = db.SyncWith(ctx, other, gouchdb.ReplicateOptions{})
	require.NoError(t, err)
	winner, err = db.Put(ctx, "milk", Task{ID: "milk", Rev: base, Title: "Buy oat milk"})
	require.NoError(t, err)
	winner, err = db.PutAttachment(ctx, "milk", "note", winner, "text/plain", strings.NewReader("winner"))
	require.NoError(t, err)
	winner, err = db.PutAttachment(ctx, "milk", "photo", winner, "text/plain", strings.NewReader("another"))
	require.NoError(t, err)
	loser, err = other.PutAttachment(ctx, "milk", "photo", base, "image/png", strings.NewReader("loser"))
	require.NoError(t, err)
	_, err = other.Put(ctx, "peace", map[string]any{})
	require.NoError(t, err)
	_, _, err = db.SyncWith(ctx, other, gouchdb.ReplicateOptions{})
	require.NoError(t, err)
	return base, winner, loser
}

func conflicts(t *testing.T, db *gouchdb.DB) (found []gouchdb.Conflict) {
	t.Helper()
	for conflict, err := range db.Conflicts(t.Context(), false) {
		require.NoError(t, err)
		found = append(found, *conflict)
	}
	return found
}

func TestResolve(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, db *gouchdb.DB) {
		ctx := t.Context()
		base, winner, loser := disagree(t, db)
		assert.Equal(t, []gouchdb.Conflict{{ID: "milk", Rev: winner, Others: []string{loser}}}, conflicts(t, db))

		left, err := db.Resolve(ctx, "milk", func([]*gouchdb.Document, *gouchdb.Document) (any, error) { return nil, nil })
		require.NoError(t, err)
		assert.Equal(t, winner, left)

		late := false
		rev, err := db.Resolve(ctx, "milk", func(versions []*gouchdb.Document, common *gouchdb.Document) (any, error) {
			require.NotNil(t, common)
			assert.Equal(t, base, common.Rev)
			require.Len(t, versions, 2)
			assert.Equal(t, loser, versions[1].Rev)
			if !late { // somebody else writes between the reading and the writing
				late = true
				_, err := db.Update(ctx, "milk", func(current *gouchdb.Document) (any, error) {
					var doc map[string]any
					err := current.Decode(&doc)
					doc["done"] = true
					return doc, err
				})
				require.NoError(t, err)
			}
			var mine, theirs map[string]any
			require.NoError(t, versions[0].Decode(&mine))
			require.NoError(t, versions[1].Decode(&theirs))
			assert.NotContains(t, mine, "_revisions")
			attachments := mine["_attachments"].(map[string]any)
			attachments["photo"] = theirs["_attachments"].(map[string]any)["photo"]
			return mine, nil
		})
		require.NoError(t, err)
		assert.Empty(t, conflicts(t, db))
		doc, err := db.Get(ctx, "milk", gouchdb.GetOptions{Conflicts: true})
		require.NoError(t, err)
		assert.Equal(t, rev, doc.Rev)
		assert.Empty(t, doc.Conflicts)
		var task Task
		require.NoError(t, doc.Decode(&task))
		assert.Equal(t, "Buy oat milk", task.Title)
		assert.True(t, task.Done, "what was written meanwhile is there")
		for name, want := range map[string]string{"note": "text/plain: winner", "photo": "image/png: loser"} {
			attachment, err := db.GetAttachment(ctx, "milk", name, "")
			require.NoError(t, err)
			content, err := io.ReadAll(attachment)
			require.NoError(t, err)
			require.NoError(t, attachment.Close())
			assert.Equal(t, want, attachment.ContentType+": "+string(content))
		}

		_, err = db.Resolve(ctx, "milk", func([]*gouchdb.Document, *gouchdb.Document) (any, error) {
			t.Error("there is no conflict any more")
			return nil, nil
		})
		require.NoError(t, err)
		_, err = db.Resolve(ctx, "unknown", nil)
		require.ErrorIs(t, err, gouchdb.ErrMissing)
	})
}

func TestResolveByDeleting(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, db *gouchdb.DB) {
		disagree(t, db)
		rev, err := db.Resolve(t.Context(), "milk", func([]*gouchdb.Document, *gouchdb.Document) (any, error) {
			return map[string]any{"_deleted": true}, nil
		})
		require.NoError(t, err)
		assert.Empty(t, rev)
		_, err = db.Get(t.Context(), "milk", gouchdb.GetOptions{})
		require.ErrorIs(t, err, gouchdb.ErrMissing)
		assert.Empty(t, conflicts(t, db))
	})
}

func TestLiveConflicts(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, db *gouchdb.DB) {
		_, winner, loser := disagree(t, db)
		var seen []gouchdb.Conflict
		for conflict, err := range db.Conflicts(t.Context(), true) {
			require.NoError(t, err)
			seen = append(seen, *conflict)
			if len(conflict.Others) == 0 {
				break
			}
			_, err := db.Delete(t.Context(), "milk", loser)
			require.NoError(t, err)
		}
		assert.Equal(t, []gouchdb.Conflict{{ID: "milk", Rev: winner, Others: []string{loser}}, {ID: "milk", Rev: winner}}, seen)
	})
}
