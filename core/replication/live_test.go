package replication_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/internal/faultadapter"
	"github.com/gouchdb/gouchdb/core/replication"
	"github.com/gouchdb/gouchdb/internal/leaktest"
)

// live is a live replication that a test watches.
type live struct {
	t      *testing.T
	task   *replication.Task
	cancel context.CancelFunc
	done   chan struct{}
	result *replication.Result
	err    error

	mutex  sync.Mutex
	events []replication.Event
}

// start runs a live replication until the test ends it. It must be called in a synctest bubble.
func start(t *testing.T, source, target core.Adapter, options replication.Options) *live {
	l := &live{t: t, done: make(chan struct{})}
	options.Live = true
	options.OnEvent = func(event replication.Event) {
		l.mutex.Lock()
		defer l.mutex.Unlock()
		l.events = append(l.events, event)
	}
	l.task = replication.NewTask(source, target, options)
	ctx, cancel := context.WithCancel(context.Background())
	l.cancel = cancel
	go func() {
		defer close(l.done)
		l.result, l.err = l.task.Run(ctx)
	}()
	return l
}

// stop cancels and requires that the run ends without any time going by.
func (l *live) stop() {
	l.t.Helper()
	began := time.Now()
	l.cancel()
	<-l.done
	assert.ErrorIs(l.t, l.err, context.Canceled)
	assert.Zero(l.t, time.Since(began))
	assert.Equal(l.t, replication.StateStopped, l.task.Status().State)
}

// types lists the events so far, without those about documents.
func (l *live) types() (types []replication.EventType) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	for _, event := range l.events {
		types = append(types, event.Type)
	}
	return types
}

func (l *live) of(wanted replication.EventType) (events []replication.Event) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	for _, event := range l.events {
		if event.Type == wanted {
			events = append(events, event)
		}
	}
	return events
}

var forever = replication.RetryPolicy{Forever: true}

func TestLiveCopiesWhatComes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source, target := open(t), open(t)
		fill(t, source, 0, 3)
		l := start(t, source, target, replication.Options{})
		synctest.Wait()
		assert.Equal(t, leaves(t, source), leaves(t, target))
		assert.Equal(t, []replication.EventType{replication.EventActive, replication.EventChange, replication.EventPaused}, l.types())
		assert.Equal(t, replication.StatePaused, l.task.Status().State)

		began := time.Now()
		put(t, source, "x", `{"n":1}`)
		synctest.Wait()
		assert.Equal(t, leaves(t, source), leaves(t, target))
		assert.Zero(t, time.Since(began), "a change is written without waiting for a batch to fill")
		assert.Empty(t, l.of(replication.EventCheckpoint))
		time.Sleep(2 * time.Second)
		assert.Len(t, l.of(replication.EventCheckpoint), 1, "a checkpoint is written when it becomes quiet")
		l.stop()
		assert.Equal(t, 4, l.result.DocsWritten)
		assert.Equal(t, l.result.BytesRead, l.result.BytesWritten)
		assert.Positive(t, l.result.BytesWritten)

		var script faultadapter.Script
		replicate(t, script.Wrap("source", source), script.Wrap("target", target), replication.Options{})
		assert.Zero(t, script.Counts()[faultadapter.Call{Side: "target", Method: "BulkDocs"}], "the checkpoint is found again")
	})
}

func TestLiveDoesNothingWhileNothingHappens(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var script faultadapter.Script
		source := open(t)
		fill(t, source, 0, 3)
		l := start(t, script.Wrap("source", source), script.Wrap("target", open(t)), replication.Options{})
		time.Sleep(time.Minute)
		before := len(script.Calls())
		time.Sleep(time.Hour)
		calls := script.Calls()[before:]
		assert.LessOrEqual(t, len(calls), 3*12, "every five minutes a poll begins anew, and both sides are asked whether they are what they were")
		for _, call := range calls {
			assert.Contains(t, []string{"source.Changes", "source.Get", "target.Get"}, call.Side+"."+call.Method)
		}
		l.stop()
	})
}

func TestLiveSync(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := open(t), open(t)
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error)
		var push, pull *replication.Result
		go func() {
			var err error
			push, pull, err = replication.Sync(ctx, a, b, replication.Options{Live: true})
			ended <- err
		}()
		synctest.Wait()
		put(t, a, "from a", `{}`)
		synctest.Wait()
		put(t, b, "from b", `{}`)
		synctest.Wait()
		assert.Equal(t, leaves(t, a), leaves(t, b))
		assert.Len(t, leaves(t, a), 2)
		cancel()
		assert.ErrorIs(t, <-ended, context.Canceled)
		assert.Equal(t, []int{1, 1}, []int{push.DocsWritten, pull.DocsWritten}, "nothing is sent back to where it came from")
	})
}

func TestThousandsOfLiveReplicationsLeaveNothing(t *testing.T) {
	source, target := open(t), open(t)
	fill(t, source, 0, 2)
	cycle := func() {
		ctx, cancel := context.WithCancel(context.Background())
		_, err := replication.Run(ctx, source, target, replication.Options{Live: true, Checkpoint: replication.CheckpointNone, OnEvent: func(event replication.Event) {
			if event.Type == replication.EventPaused {
				cancel()
			}
		}})
		require.ErrorIs(t, err, context.Canceled)
	}
	leaktest.Run(t, leaktest.Cycles, cycle)
}
