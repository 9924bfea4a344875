package livequery_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core/adaptertest/overtaken"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/livequery"
)

// What was read until then does not count, and nobody hears of it.
func TestReadingsThatAreOvertaken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := &overtaken.DB{DB: openMemory(t)}
		put(t, db.DB, "a", `{"n":1}`)
		put(t, db.DB, "b", `{"n":2}`)
		ctx, cancel := context.WithCancel(t.Context())
		var v viewer
		done := make(chan error, 1)
		db.Times.Store(3)
		go func() {
			done <- livequery.Run(ctx, db, []byte(`{"selector":{},"limit":2}`), livequery.Options{}, v.take)
		}()
		synctest.Wait()
		require.Len(t, v.told(), 1)
		assert.Equal(t, []string{"a", "b"}, v.seen())

		db.Times.Store(3)
		put(t, db.DB, "0", `{"n":0}`)
		synctest.Wait()
		require.Len(t, v.told(), 2)
		assert.NoError(t, v.told()[1].Err)
		assert.Equal(t, []string{"0", "a"}, v.seen())

		db.Times.Store(1000)
		put(t, db.DB, "00", `{"n":0}`)
		synctest.Wait()
		require.Len(t, v.told(), 3)
		assert.ErrorIs(t, v.told()[2].Err, kv.ErrOutlived, "it does not go on for ever")
		db.Times.Store(0)
		cancel()
		assert.ErrorIs(t, <-done, context.Canceled)
		require.NoError(t, db.Close())
	})
}
