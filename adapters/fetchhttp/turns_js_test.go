//go:build js && wasm

package fetchhttp

import (
	"context"
	"strings"
	"sync"
	"syscall/js"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
)

// webLocks stands in for navigator.locks: one holder of a name at a time, the others in the order in which they came.
const webLocks = `(queues) => ({
  request(name, options, callback) {
    const queue = (queues[name] ??= []);
    return new Promise((resolve, reject) => {
      const run = (lock) => Promise.resolve(callback(lock)).then(resolve, reject);
      if (options.ifAvailable && queue.length > 0) {
        run(null);
        return;
      }
      const next = () => run({ name }).finally(() => { queue.shift(); queue[0]?.(); });
      options.signal?.addEventListener("abort", () => {
        const at = queue.indexOf(next);
        if (at > 0) {
          queue.splice(at, 1);
          reject(options.signal.reason);
        }
      });
      if (queue.push(next) === 1) {
        queueMicrotask(next);
      }
    });
  },
  refuse() { this.request = () => Promise.reject(new DOMException("no storage here", "SecurityError")); },
  length: (name) => queues[name]?.length ?? 0,
})`

// withLocks gives the process Web Locks until the test ends.
func withLocks(t *testing.T) js.Value {
	t.Helper()
	locks := js.Global().Call("eval", webLocks).Invoke(map[string]any{})
	before := js.Global().Get("Object").Call("getOwnPropertyDescriptor", js.Global(), "navigator")
	js.Global().Get("Object").Call("defineProperty", js.Global(), "navigator", map[string]any{"value": map[string]any{"locks": locks}, "configurable": true})
	t.Cleanup(func() {
		js.Global().Get("Reflect").Call("deleteProperty", js.Global(), "navigator")
		if before.Truthy() {
			js.Global().Get("Object").Call("defineProperty", js.Global(), "navigator", before)
		}
	})
	return locks
}

// otherTab takes the locks of a server, as another tab does, and returns what lets them go.
func otherTab(locks js.Value, origin string) (leave func()) {
	var resolve js.Value
	executor := js.FuncOf(func(_ js.Value, arguments []js.Value) any {
		resolve = arguments[0]
		return nil
	})
	until := js.Global().Get("Promise").New(executor)
	holds := js.FuncOf(func(js.Value, []js.Value) any { return until })
	requests := []any{}
	for _, number := range []string{"0", "1"} {
		requests = append(requests, locks.Call("request", "gouchdb-poll "+origin+" "+number, map[string]any{}, holds))
	}
	return func() {
		resolve.Invoke()
		_, _ = await(context.Background(), js.Global().Get("Promise").Call("all", requests), func() {})
		executor.Release()
		holds.Release()
	}
}

// TestTurnsOfTheOrigin: a poll waits for connections that another tab has, leaves nothing when it is given up, and gets its turn when one is let go.
func TestTurnsOfTheOrigin(t *testing.T) {
	const origin = "http://127.0.0.1:1"
	locks := withLocks(t)
	before := liveCallbacks.Load()
	server := &fakeServer{answer: func(_ context.Context, _ int, request *Request) (*Response, error) {
		return reply(200, `{"results":[{"seq":"1","id":"a","changes":[{"rev":"1-a"}]}],"last_seq":"1"}`), nil
	}}
	open := func() *DB {
		db, err := Open(t.Context(), origin+"/x", Options{Doer: server, SkipSetup: true, MaxPolls: 2})
		require.NoError(t, err)
		return db
	}
	poll := func(ctx context.Context, db *DB) error {
		_, _, err := core.ListChanges(ctx, db, core.ChangesOptions{Since: "0", Wait: time.Minute})
		return err
	}
	waiting := func() bool { return locks.Call("length", "gouchdb-poll "+origin+" 0").Int() == 2 }
	leave := otherTab(locks, origin)

	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	db := open()
	go func() { done <- poll(ctx, db) }()
	require.Eventually(t, waiting, 10*time.Second, time.Millisecond)
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
	go func() { done <- poll(t.Context(), db) }()
	require.Eventually(t, waiting, 10*time.Second, time.Millisecond)
	require.NoError(t, db.Close())
	require.ErrorIs(t, <-done, core.ErrClosed)
	require.Zero(t, server.count(), "it was nobody's turn")

	db = open()
	go func() { done <- poll(t.Context(), db) }()
	require.Eventually(t, waiting, 10*time.Second, time.Millisecond)
	leave()
	require.NoError(t, <-done)
	require.NoError(t, poll(t.Context(), db), "at once, when nobody has them")
	require.NoError(t, db.Close())
	for _, number := range []string{"0", "1"} {
		assert.Eventually(t, func() bool { return locks.Call("length", "gouchdb-poll "+origin+" "+number).Int() == 0 }, 10*time.Second, time.Millisecond)
	}
	require.Eventually(t, func() bool { return liveCallbacks.Load() == before }, 10*time.Second, time.Millisecond)

	// A page that may not have them polls all the same.
	locks.Call("refuse")
	db = open()
	require.NoError(t, poll(t.Context(), db))
	require.NoError(t, db.Close())
}

// TestTurnsGoRound: of three databases each is polled again and again, two at a time.
func TestTurnsGoRound(t *testing.T) {
	withLocks(t)
	var mutex sync.Mutex
	open, most := 0, 0
	polled := map[string]int{}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	server := &fakeServer{answer: func(ctx context.Context, _ int, request *Request) (*Response, error) {
		name := strings.Split(request.URL, "/")[3]
		mutex.Lock()
		open++
		most = max(most, open)
		polled[name]++
		round := polled["a"] > 1 && polled["b"] > 1 && polled["c"] > 1
		mutex.Unlock()
		if round {
			cancel()
		}
		<-ctx.Done()
		mutex.Lock()
		open--
		mutex.Unlock()
		return nil, ctx.Err()
	}}
	var all sync.WaitGroup
	for _, name := range []string{"a", "b", "c"} {
		db, err := Open(t.Context(), "http://127.0.0.1:2/"+name, Options{Doer: server, SkipSetup: true, MaxPolls: 2, pollTurn: 50 * time.Millisecond})
		require.NoError(t, err)
		all.Go(func() {
			_, _, err := core.ListChanges(ctx, db, core.ChangesOptions{Since: "0", Wait: time.Minute})
			assert.ErrorIs(t, err, context.Canceled, "all of them had a second turn")
			assert.NoError(t, db.Close())
		})
	}
	all.Wait()
	assert.Equal(t, 2, most)
}
