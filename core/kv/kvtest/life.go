package kvtest

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
)

// watchedContext tells when somebody begins to wait for its end. That is how a test knows, without sleeping, that a call waits.
type watchedContext struct {
	context.Context
	waitedFor chan struct{}
	once      sync.Once
}

func newWatchedContext() *watchedContext {
	return &watchedContext{Context: context.Background(), waitedFor: make(chan struct{})}
}

func (c *watchedContext) Done() <-chan struct{} {
	c.once.Do(func() { close(c.waitedFor) })
	return c.Context.Done()
}

func testChanged(t *testing.T, h Harness) {
	store := h.open(t)
	const n = 200
	var group sync.WaitGroup
	group.Go(func() {
		for i := range n {
			put(t, store, "counter", strconv.Itoa(i+1))
		}
	})
	// A reader that takes the channel, looks and waits must see the last value, however the two interleave.
	for {
		changed := store.Changed()
		if get(t, store, "counter") == strconv.Itoa(n) {
			break
		}
		waitFor(t, changed, "a change")
	}
	group.Wait()

	changed := store.Changed()
	require.NoError(t, store.Update(context.Background(), func(kv.Tx) error { return nil }))
	require.NoError(t, store.Update(context.Background(), func(tx kv.Tx) error {
		tx.Delete([]byte("never there"))
		return nil
	}))
	select {
	case <-changed:
		assert.Fail(t, "updates that change nothing are no change")
	default:
	}
}

func testContexts(t *testing.T, h Harness) {
	store := h.open(t)
	put(t, store, "a", "1")
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	never := func() { assert.Fail(t, "called in spite of the context") }

	assert.ErrorIs(t, store.View(ended, func(kv.Snapshot) error { never(); return nil }), context.Canceled)
	assert.ErrorIs(t, store.Update(ended, func(kv.Tx) error { never(); return nil }), context.Canceled)
	assert.ErrorIs(t, store.Refresh(ended), context.Canceled)
	assert.ErrorIs(t, store.Flush(ended), context.Canceled)
	assert.ErrorIs(t, store.Compact(ended), context.Canceled)
	_, err := store.Stats(ended)
	assert.ErrorIs(t, err, context.Canceled)

	require.NoError(t, store.View(context.Background(), func(s kv.Snapshot) error {
		_, _, err := s.Get(ended, []byte("a"))
		assert.ErrorIs(t, err, context.Canceled)
		_, err = s.GetMany(ended, [][]byte{[]byte("a")})
		assert.ErrorIs(t, err, context.Canceled)
		n := 0
		for _, err := range s.Scan(ended, kv.Range{}) {
			assert.ErrorIs(t, err, context.Canceled)
			n++
		}
		assert.Equal(t, 1, n, "one error ends the scan")
		return nil
	}))

	// A context that ends while the function runs: nothing is committed.
	ending, cancel := context.WithCancel(context.Background())
	err = store.Update(ending, func(tx kv.Tx) error {
		tx.Put([]byte("a"), []byte("2"))
		cancel()
		return nil
	})
	assert.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, "1", get(t, store, "a"))
	put(t, store, "a", "3")
	assert.Equal(t, "3", get(t, store, "a"))
}

// hold runs an update that waits until release is called, which also waits for its end.
func hold(t *testing.T, store kv.Store) (release func() error) {
	t.Helper()
	entered, released, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	enterOnce := sync.OnceFunc(func() { close(entered) })
	go func() {
		done <- store.Update(context.Background(), func(tx kv.Tx) error {
			enterOnce()
			<-released
			tx.Put([]byte("held"), []byte("1"))
			return nil
		})
	}()
	waitFor(t, entered, "an update to begin")
	return func() error {
		close(released)
		return <-done
	}
}

func testContextWhileWaiting(t *testing.T, h Harness) {
	store := h.open(t)
	release := hold(t, store)
	ending, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	err := store.Update(ending, func(kv.Tx) error {
		assert.Fail(t, "called in spite of the context")
		return nil
	})
	assert.ErrorIs(t, err, context.DeadlineExceeded, "returned while the other update still runs")
	require.NoError(t, release())
	put(t, store, "a", "1")
	assert.Equal(t, []string{"a=1", "held=1"}, everything(t, store))
}

func testClosed(t *testing.T, h Harness) {
	store := h.open(t)
	put(t, store, "a", "1")
	changed := store.Changed()
	require.NoError(t, store.View(context.Background(), func(s kv.Snapshot) error {
		require.NoError(t, store.Close())
		_, _, err := s.Get(context.Background(), []byte("a"))
		assert.ErrorIs(t, err, core.ErrClosed)
		for _, err := range s.Scan(context.Background(), kv.Range{}) {
			assert.ErrorIs(t, err, core.ErrClosed)
		}
		return nil
	}))
	checkClosed(t, store, changed)
	require.NoError(t, store.Close(), "closing twice")
}

// checkClosed checks that a store refuses everything.
func checkClosed(t *testing.T, store kv.Store, changed <-chan struct{}) {
	t.Helper()
	ctx := context.Background()
	waitFor(t, changed, "the notice of the close")
	waitFor(t, store.Changed(), "the notice after the close")
	assert.ErrorIs(t, store.View(ctx, func(kv.Snapshot) error { return nil }), core.ErrClosed)
	assert.ErrorIs(t, store.Update(ctx, func(kv.Tx) error { return nil }), core.ErrClosed)
	assert.ErrorIs(t, store.Refresh(ctx), core.ErrClosed)
	assert.ErrorIs(t, store.Flush(ctx), core.ErrClosed)
	assert.ErrorIs(t, store.Compact(ctx), core.ErrClosed)
	_, err := store.Stats(ctx)
	assert.ErrorIs(t, err, core.ErrClosed)
}

func testCloseEndsWaiting(t *testing.T, h Harness) {
	store := h.open(t)
	release := hold(t, store)
	waiting := newWatchedContext()
	waited := make(chan error, 1)
	go func() {
		waited <- store.Update(waiting, func(kv.Tx) error { return nil })
	}()
	waitFor(t, waiting.waitedFor, "an update to wait")
	closed := make(chan error, 1)
	go func() { closed <- store.Close() }()
	select {
	case err := <-waited:
		assert.ErrorIs(t, err, core.ErrClosed)
	case <-time.After(10 * time.Second):
		require.FailNow(t, "the waiting update does not end")
	}
	assert.ErrorIs(t, release(), core.ErrClosed)
	require.NoError(t, <-closed)
}

func testDestroyed(t *testing.T, h Harness) {
	store := h.open(t)
	put(t, store, "a", strings.Repeat("1", 3000))
	changed := store.Changed()
	require.NoError(t, store.Destroy(context.Background()))
	checkClosed(t, store, changed)
	require.NoError(t, store.Close(), "closing a destroyed store")
	if h.Reopen != nil {
		store = h.Reopen(t, store)
		assert.Empty(t, everything(t, store))
		require.NoError(t, store.Close())
	}
}

func testStats(t *testing.T, h Harness) {
	store := h.open(t)
	ctx := context.Background()
	stats := func() kv.Stats {
		stats, err := store.Stats(ctx)
		require.NoError(t, err)
		return kv.Stats{Keys: stats.Keys, LiveBytes: stats.LiveBytes}
	}
	assert.Equal(t, kv.Stats{}, stats())
	put(t, store, "ab", "123", "c", strings.Repeat("x", 5000))
	assert.Equal(t, kv.Stats{Keys: 2, LiveBytes: 5006}, stats())
	put(t, store, "ab", "1", "c", strings.Repeat("x", 3000))
	assert.Equal(t, kv.Stats{Keys: 2, LiveBytes: 3004}, stats())
	require.NoError(t, store.Update(ctx, func(tx kv.Tx) error {
		tx.Delete([]byte("c"))
		return nil
	}))
	assert.Equal(t, kv.Stats{Keys: 1, LiveBytes: 3}, stats())
}
