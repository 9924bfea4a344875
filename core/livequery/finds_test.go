package livequery_test

import (
	"context"
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/livequery"
)

// counted is a database that counts the finds.
type counted struct {
	*docstore.DB
	finds atomic.Int64
	// find, if there is one, answers them.
	find func(each func([]byte) error) error
}

func (c *counted) Find(ctx context.Context, request []byte, each func([]byte) error) (core.FindSummary, error) {
	c.finds.Add(1)
	if c.find != nil {
		return core.FindSummary{}, c.find(each)
	}
	return c.DB.Find(ctx, request, each)
}

// follow runs a live query of the documents with an n, with a limit of five, while a test does something.
func follow(t *testing.T, db *counted, while func(v *viewer)) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var v viewer
	done := make(chan error, 1)
	go func() {
		done <- livequery.Run(ctx, db, []byte(`{"selector":{"n":{"$gte":0}},"limit":5}`), livequery.Options{}, v.take)
	}()
	synctest.Wait()
	while(&v)
	cancel()
	assert.ErrorIs(t, <-done, context.Canceled)
	require.NoError(t, db.Close())
}

// As long as all matching documents are known, there is nothing to be found anew, however many come and go.
func TestWhatIsKnownIsNotFoundAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := &counted{DB: openMemory(t)}
		for i := range 3 {
			put(t, db.DB, strconv.Itoa(i), `{"n":1}`)
		}
		follow(t, db, func(v *viewer) {
			for i := 3; i < 9; i++ {
				put(t, db.DB, strconv.Itoa(i), `{"n":1}`)
				synctest.Wait()
			}
			assert.Equal(t, []string{"0", "1", "2", "3", "4"}, v.seen())
			for i := range 7 {
				put(t, db.DB, strconv.Itoa(i), `{"none":1}`)
				synctest.Wait()
			}
			assert.Equal(t, []string{"7", "8"}, v.seen())
			assert.EqualValues(t, 1, db.finds.Load())
		})
	})
}

// A remote database may find what does not match here; even when that is all it finds, up to the limit, the query goes on.
func TestAFindOfNothingThatMatches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := &counted{DB: openMemory(t), find: func(each func([]byte) error) error {
			for i := range 5 + 16 { // what is shown, and what is kept beside it
				if err := each(fmt.Appendf(nil, `{"_id":"%02d","_rev":"1-a","n":-1}`, i)); err != nil {
					return err
				}
			}
			return nil
		}}
		follow(t, db, func(v *viewer) {
			require.Len(t, v.told(), 1)
			assert.Empty(t, v.seen())
			put(t, db.DB, "a", `{"n":1}`)
			synctest.Wait()
			assert.Equal(t, []string{"a"}, v.seen())
		})
	})
}
