package livequery_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/livequery"
	"github.com/gouchdb/gouchdb/internal/seeds"
)

// flaky is a database that fails when it is told to, as a remote one does.
type flaky struct {
	*docstore.DB
	mu      sync.Mutex
	failure error
	failed  chan struct{} // closed when it begins to fail
	refused int
}

func newFlaky(t *testing.T) *flaky {
	return &flaky{DB: openMemory(t), failed: make(chan struct{})}
}

// fail makes it fail from now on, waiting calls too; nil ends that.
func (f *flaky) fail(failure error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failure == nil && failure != nil {
		close(f.failed)
	} else if f.failure != nil && failure == nil {
		f.failed = make(chan struct{})
	}
	f.failure = failure
}

func (f *flaky) refuses() (<-chan struct{}, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failure != nil {
		f.refused++
	}
	return f.failed, f.failure
}

func (f *flaky) refusals() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.refused
}

func (f *flaky) Changes(ctx context.Context, options core.ChangesOptions, each func(*core.Change) error) (core.ChangesSummary, error) {
	failed, err := f.refuses()
	if err != nil {
		return core.ChangesSummary{}, err
	}
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-failed:
			cancel()
		case <-waiting.Done():
		}
	}()
	summary, err := f.DB.Changes(waiting, options, each)
	if err != nil && ctx.Err() == nil && waiting.Err() != nil {
		_, err = f.refuses()
	}
	return summary, err
}

func (f *flaky) Find(ctx context.Context, request []byte, each func([]byte) error) (core.FindSummary, error) {
	if _, err := f.refuses(); err != nil {
		return core.FindSummary{}, err
	}
	return f.DB.Find(ctx, request, each)
}

func TestFailuresThatPass(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := newFlaky(t)
		put(t, db.DB, "a", `{"n":1}`)
		put(t, db.DB, "b", `{"n":2}`)
		ctx, cancel := context.WithCancel(t.Context())
		var v viewer
		done := make(chan error, 1)
		go func() {
			done <- livequery.Run(ctx, db, []byte(`{"selector":{},"fields":["n"]}`), livequery.Options{}, v.take)
		}()
		synctest.Wait()
		db.fail(core.ErrUnreachable)
		synctest.Wait()
		require.Len(t, v.told(), 2)
		assert.Equal(t, livequery.Update{Err: core.ErrUnreachable}, v.told()[1], "it is told")
		put(t, db.DB, "b", `{"n":3}`)
		put(t, db.DB, "c", `{"n":4}`)
		sleep(10 * time.Minute)
		require.Len(t, v.told(), 2, "once")
		assert.Less(t, db.refusals(), 50, "it is not asked all the time")
		db.fail(nil)
		sleep(time.Minute)
		require.Len(t, v.told(), 3)
		assert.Equal(t, livequery.Update{Changes: []livequery.Change{
			{Type: livequery.Changed, ID: "b", From: 1, To: 1, Doc: []byte(`{"n":3}`)}, {Type: livequery.Added, ID: "c", From: -1, To: 2, Doc: []byte(`{"n":4}`)},
		}}, v.told()[2])
		db.fail(core.NewError(429, "too_many_requests", "").From(asking(time.Hour)))
		synctest.Wait()
		db.fail(nil)
		sleep(59 * time.Minute)
		require.Len(t, v.told(), 4, "as long as the server wants")
		sleep(2 * time.Minute)
		require.Len(t, v.told(), 5)
		assert.Equal(t, livequery.Update{}, v.told()[4], "that all is well again is told, too")
		db.fail(core.ErrUnreachable)
		synctest.Wait()
		cancel()
		assert.ErrorIs(t, <-done, context.Canceled, "also while it waits")
		require.NoError(t, db.Close())
	})
}

// sleep lets time pass, and everything that is due then.
func sleep(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// asking is what a server has asked for.
type asking time.Duration

func (a asking) Error() string             { return "later" }
func (a asking) RetryAfter() time.Duration { return time.Duration(a) }

func TestFailuresThatDoNotPass(t *testing.T) {
	t.Parallel()
	for _, failure := range []*core.Error{
		core.ErrUnauthorized, core.ErrForbidden, core.ErrNoDatabase, core.ErrClosed, core.ErrCorrupt, core.ErrNotCouchDB, core.ErrNotImplemented, core.ErrStorageFull,
	} {
		synctest.Test(t, func(t *testing.T) {
			db := newFlaky(t)
			db.fail(core.ErrUnreachable)
			assert.ErrorIs(t, livequery.Run(t.Context(), db, []byte(`{"selector":{}}`), livequery.Options{}, nil), core.ErrUnreachable, "there has never been an answer")
			db.fail(nil)
			var v viewer
			done := make(chan error, 1)
			go func() {
				done <- livequery.Run(t.Context(), db, []byte(`{"selector":{}}`), livequery.Options{}, v.take)
			}()
			synctest.Wait()
			db.fail(core.ErrUnreachable)
			synctest.Wait()
			db.fail(failure)
			assert.ErrorIs(t, <-done, failure, "it ends, although it was asked again for another failure")
			assert.Len(t, v.told(), 2)
			require.NoError(t, db.Close())
		})
	}
}

// Whenever it fails, and comes back, the listener has what there is in the end.
func TestFailuresAtAnyTime(t *testing.T) {
	t.Parallel()
	first := seeds.For(t)
	for seed := first; seed < first+20; seed++ {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 0))
			db := newFlaky(t)
			ctx, cancel := context.WithCancel(t.Context())
			limit := []int{3, 40}[random.IntN(2)]
			request := `{"selector":{"n":{"$gte":20}},"sort":[{"n":"asc"}],"limit":` + strconv.Itoa(limit)
			var v viewer
			done := make(chan error, 1)
			go func() { done <- livequery.Run(ctx, db, []byte(request+"}"), livequery.Options{}, v.take) }()
			synctest.Wait()
			for range 30 {
				switch random.IntN(6) {
				case 0:
					db.fail(core.ErrUnreachable)
				case 1:
					db.fail(nil)
				case 2:
					time.Sleep(time.Duration(random.IntN(40)) * time.Second)
				case 3:
					synctest.Wait()
				}
				lowest := random.IntN(2) * 20 // mostly out of the result, so that it runs out
				var docs []*core.Document
				for range random.IntN(60) {
					doc := &core.Document{ID: fmt.Sprintf("d%02d", random.IntN(60)), Body: []byte(`{"n":` + strconv.Itoa(lowest+random.IntN(21)) + `}`)}
					if old, err := db.Get(ctx, doc.ID, core.GetOptions{}); err == nil {
						doc.Rev = old.Rev
					}
					docs = append(docs, doc)
				}
				_, err := db.BulkDocs(ctx, docs, core.BulkDocsOptions{})
				require.NoError(t, err)
			}
			db.fail(nil)
			sleep(time.Minute)
			want := []string{}
			_, err := db.Find(ctx, []byte(request+`,"fields":["_id"]}`), func(doc []byte) error {
				want = append(want, string(doc[len(`{"_id":"`):len(doc)-2]))
				return nil
			})
			require.NoError(t, err)
			assert.Equal(t, want, append([]string{}, v.seen()...), "seed %d", seed)
			cancel()
			assert.ErrorIs(t, <-done, context.Canceled)
			require.NoError(t, db.Close())
		})
	}
}
