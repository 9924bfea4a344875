package livequery_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/livequery"
)

// overtaken is a database whose readings another tab overtakes when they are done, as it seems, as often as is said.
type overtaken struct {
	*docstore.DB
	times atomic.Int64
}

func (o *overtaken) fail(err error) error {
	if err == nil && o.times.Add(-1) >= 0 {
		return core.ErrStorage.From(kv.ErrOutlived)
	}
	return err
}

func (o *overtaken) Changes(ctx context.Context, options core.ChangesOptions, each func(*core.Change) error) (core.ChangesSummary, error) {
	given := false
	summary, err := o.DB.Changes(ctx, options, func(change *core.Change) error {
		given = true
		return each(change)
	})
	if given {
		err = o.fail(err)
	}
	return summary, err
}

func (o *overtaken) Find(ctx context.Context, request []byte, each func([]byte) error) (core.FindSummary, error) {
	summary, err := o.DB.Find(ctx, request, each)
	return summary, o.fail(err)
}

// What was read until then does not count, and nobody hears of it.
func TestReadingsThatAreOvertaken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := &overtaken{DB: openMemory(t)}
		put(t, db.DB, "a", `{"n":1}`)
		put(t, db.DB, "b", `{"n":2}`)
		ctx, cancel := context.WithCancel(t.Context())
		var v viewer
		done := make(chan error, 1)
		db.times.Store(3)
		go func() {
			done <- livequery.Run(ctx, db, []byte(`{"selector":{},"limit":2}`), livequery.Options{}, v.take)
		}()
		synctest.Wait()
		require.Len(t, v.told(), 1)
		assert.Equal(t, []string{"a", "b"}, v.seen())

		db.times.Store(3)
		put(t, db.DB, "0", `{"n":0}`)
		synctest.Wait()
		require.Len(t, v.told(), 2)
		assert.NoError(t, v.told()[1].Err)
		assert.Equal(t, []string{"0", "a"}, v.seen())

		db.times.Store(1000)
		put(t, db.DB, "00", `{"n":0}`)
		synctest.Wait()
		require.Len(t, v.told(), 3)
		assert.ErrorIs(t, v.told()[2].Err, kv.ErrOutlived, "it does not go on for ever")
		db.times.Store(0)
		cancel()
		assert.ErrorIs(t, <-done, context.Canceled)
		require.NoError(t, db.Close())
	})
}
