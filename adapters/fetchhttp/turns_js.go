//go:build js && wasm

package fetchhttp

import (
	"context"
	"sync/atomic"
	"syscall/js"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/internal/safejs"
)

// enterTurn waits for a turn among all tabs and workers of the origin. Each connection is a Web Lock, which the browser gives to those who wait in the order in which
// they came, and takes back from a tab that is gone. Where there are none, the databases here take turns.
func (db *DB) enterTurn(ctx context.Context) (turn, error) {
	name := "gouchdb-poll " + db.at.origin
	w := &waiter{name: name, crowded: make(chan struct{}), given: make(chan turn, 1)}
	if !w.listen() {
		return db.enterHere(ctx)
	}
	for number := range db.options.MaxPolls {
		select {
		case turn := <-w.given:
			return turn, nil
		case err := <-w.ask(number, map[string]any{"ifAvailable": true}):
			if err != nil { // the page may not have locks
				w.end()
				return db.enterHere(ctx)
			}
		}
	}
	queue := js.Global().Get("AbortController").New()
	for number := range db.options.MaxPolls {
		w.ask(number, map[string]any{"signal": queue.Get("signal")})
	}
	w.channel.Call("postMessage", 0)
	defer queue.Call("abort")
	var err error
	select {
	case turn := <-w.given:
		return turn, nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-db.life.Done():
		err = core.ErrClosed
	}
	if w.served.Swap(true) {
		(<-w.given).leave()
	} else {
		w.end()
	}
	return turn{}, err
}

// waiter asks for the locks of a server, and takes one.
type waiter struct {
	name    string
	locks   js.Value
	channel js.Value // where those who have to wait say so
	heard   js.Func
	crowded chan struct{}
	served  atomic.Bool // it has a lock, or wants none any more
	given   chan turn
}

// listen begins before anything is asked for: whoever is heard came later, and waits. It reports whether there is what this takes.
func (w *waiter) listen() bool {
	navigator := js.Global().Get("navigator")
	if !navigator.Truthy() || !navigator.Get("locks").Truthy() {
		return false
	}
	channel, err := safejs.Safe(js.Global().Get("BroadcastChannel")).New(w.name)
	if err != nil {
		return false // some browsers refuse it to a frame without storage
	}
	w.locks, w.channel = navigator.Get("locks"), safejs.Unsafe(channel)
	crowded := false
	w.heard = js.FuncOf(func(js.Value, []js.Value) any {
		if !crowded {
			crowded = true
			close(w.crowded)
		}
		return nil
	})
	liveCallbacks.Add(1)
	w.channel.Set("onmessage", w.heard)
	return true
}

func (w *waiter) end() {
	w.channel.Call("close")
	w.heard.Release()
	liveCallbacks.Add(-1)
}

// ask asks for a lock. What it returns tells that it is not to be had, or that it has been let go.
func (w *waiter) ask(number int, options map[string]any) <-chan error {
	over := make(chan error, 1)
	var release js.Value
	held := js.FuncOf(func(_ js.Value, arguments []js.Value) any {
		release = arguments[0]
		return nil
	})
	answered := js.FuncOf(func(_ js.Value, arguments []js.Value) any {
		if arguments[0].IsNull() || w.served.Swap(true) {
			return nil
		}
		w.given <- turn{crowded: w.crowded, leave: func() {
			w.end()
			release.Invoke()
			<-over // or who asks again at once would find it taken
		}}
		return js.Global().Get("Promise").New(held)
	})
	liveCallbacks.Add(2)
	request := w.locks.Call("request", w.name+" "+itoa(number), options, answered)
	go func() {
		_, err := await(context.Background(), request, nil)
		held.Release()
		answered.Release()
		liveCallbacks.Add(-2)
		over <- err
	}()
	return over
}
