package replication_test

import (
	"context"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/internal/faultadapter"
	"github.com/gouchdb/gouchdb/core/replication"
)

// Whatever call the end of the context meets, the run ends at once, leaves no goroutine behind (synctest would not return), and
// both databases are such that the next run completes the work.
func TestCancellationAtEveryCall(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		reached := false
		t.Run("call "+strconv.Itoa(n), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				source, target := open(t), open(t)
				fill(t, source, 0, 20)
				fill(t, target, 0, 1)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				calls := 0
				script := faultadapter.Script{Decide: func(faultadapter.Call, any) faultadapter.Fault {
					calls++
					if calls != n {
						return faultadapter.Fault{}
					}
					reached = true
					time.AfterFunc(time.Second, cancel)
					return faultadapter.Fault{Hang: true}
				}}
				began := time.Now()
				result, err := replication.Run(ctx, script.Wrap("source", source), script.Wrap("target", target),
					replication.Options{BatchSize: 3, BatchesLimit: 2, Retry: replication.RetryPolicy{MinDelay: time.Hour}})
				if !reached {
					require.NoError(t, err)
					return
				}
				assert.ErrorIs(t, err, context.Canceled)
				assert.False(t, result.OK)
				assert.Equal(t, time.Second, time.Since(began))
				requireTrueCheckpoints(t, source, target, result, nil)

				replicate(t, source, target, replication.Options{})
				assert.Equal(t, leaves(t, source), leaves(t, target))
			})
		})
		if !reached {
			require.Greater(t, n, 20)
			return
		}
	}
}

// lingering does not stop at once when its context ends, in reading the second batch.
type lingering struct {
	core.Adapter
	begun   chan struct{}
	stopped *bool
}

func (l lingering) BulkGet(ctx context.Context, requests []core.DocRev, options core.BulkGetOptions) ([]core.BulkGetResult, error) {
	if requests[0].ID == docID(0) {
		return l.Adapter.BulkGet(ctx, requests, options)
	}
	close(l.begun)
	<-ctx.Done()
	time.Sleep(time.Minute)
	*l.stopped = true
	return nil, ctx.Err()
}

func TestNothingGoesOnAfterRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source, target := open(t), open(t)
		fill(t, source, 0, 20)
		slow := lingering{source, make(chan struct{}), new(bool)}
		script := faultadapter.Script{Decide: func(call faultadapter.Call, arguments any) faultadapter.Fault {
			if docs, ok := arguments.([]*core.Document); !ok || core.IsLocalID(docs[0].ID) {
				return faultadapter.Fault{}
			}
			<-slow.begun
			return faultadapter.Fault{Before: core.ErrStorageFull}
		}}
		_, err := replication.Run(t.Context(), slow, script.Wrap("target", target), replication.Options{BatchSize: 10, BatchesLimit: 2})
		assert.ErrorIs(t, err, core.ErrStorageFull)
		assert.True(t, *slow.stopped, "the databases may be closed now")
	})
}

func TestCancellationWhileWaitingToRetry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source, target := open(t), open(t)
		fill(t, source, 0, 3)
		down := &faultadapter.Script{Decide: func(faultadapter.Call, any) faultadapter.Fault {
			return faultadapter.Fault{Before: core.ErrUnreachable}
		}}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		_, err := replication.Run(ctx, source, down.Wrap("target", target), replication.Options{Retry: replication.RetryPolicy{MinDelay: time.Hour, MaxDelay: time.Hour}})
		assert.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestEndedContextDoesNothing(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var script faultadapter.Script
	_, err := replication.Run(ctx, script.Wrap("source", open(t)), script.Wrap("target", open(t)), replication.Options{})
	assert.ErrorIs(t, err, context.Canceled)
	assert.Empty(t, script.Calls())
}

// requireTrueCheckpoints requires that everything before each stored checkpoint is in the target, as far as it was to flow.
func requireTrueCheckpoints(t testing.TB, source, target core.Adapter, result *replication.Result, docIDs []string) {
	t.Helper()
	for _, side := range []core.Adapter{source, target} {
		doc := checkpointOf(t, side, result)
		if doc == nil {
			continue
		}
		ctx := context.Background()
		changes, _, err := core.ListChanges(ctx, source, core.ChangesOptions{AllLeaves: true, DocIDs: docIDs})
		require.NoError(t, err)
		ahead := map[string]bool{}
		_, err = source.Changes(ctx, core.ChangesOptions{Since: recordedSeq(t, doc)}, func(change *core.Change) error {
			ahead[change.ID] = true
			return nil
		})
		require.NoError(t, err)
		var passed []core.DocRevs
		for _, change := range changes {
			if !ahead[change.ID] {
				passed = append(passed, core.DocRevs{ID: change.ID, Revs: change.Revs})
			}
		}
		lost, err := target.RevsDiff(ctx, passed)
		require.NoError(t, err)
		require.Empty(t, lost, "the checkpoint %s passed documents that were not written", doc.Body)
	}
}
