//go:build js && wasm

package indexeddb

import (
	"sync"
	"time"

	"github.com/gouchdb/gouchdb/internal/safejs"
)

// What contexts say to each other.
const (
	saysHello     = "hello"     // I have the database open now
	saysAppending = "appending" // there may soon be something new
	saysAppended  = "appended"  // there may be something new
)

// A context may die between its commit and the message that tells of it. So it says before a commit that there will be one, unless it has said something just now. And
// who hears anything looks at the log twice more after the last message: a commit is not on its way for longer than this, but in a browser that hardly moves.
const (
	justNow    = 100 * time.Millisecond
	firstLook  = 250 * time.Millisecond
	secondLook = 2 * time.Second
)

// channel tells other contexts with the same database that there is something new, and is told by them.
//
// A message costs as much as a fifth of a small transaction, so nothing is said while nobody listens. Whoever opens the database
// says hello. Whoever hears something is not alone from then on, looks at the log, and tells what it has kept to itself. No append stays unheard: one from before
// a newcomer's hello is in the log that it reads next, one from after it is told in answer to the hello.
type channel struct {
	value   safejs.Value
	handler safejs.Func

	mu       sync.Mutex
	open     bool
	alone    bool // as far as is known
	withheld bool // an append was not told
	said     time.Time
	look     *time.Timer // nil before anything was heard
	looks    int         // since the last message
}

// openChannel returns a channel that does nothing where there is no BroadcastChannel.
func openChannel(name string, heard func()) *channel {
	var c calls
	ch := &channel{value: c.construct("BroadcastChannel", name), alone: true}
	if c.err != nil {
		return ch
	}
	ch.handler, c.err = safejs.FuncOf(func(_ safejs.Value, arguments []safejs.Value) any {
		var c calls
		message := c.text(arguments[0], "data")
		ch.answer(message, heard)
		if message != saysAppending {
			heard()
		}
		return nil
	})
	c.set(ch.value, "onmessage", ch.handler)
	if c.has(ch.value, "unref") {
		c.call(ch.value, "unref") // Node: an idle database must not keep the process
	}
	ch.open = c.err == nil
	ch.say(saysHello)
	return ch
}

// appending tells the others, if there are any, that there will be something new.
func (ch *channel) appending() {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	if !ch.alone && time.Since(ch.said) > justNow {
		ch.say(saysAppending)
	}
}

// appended tells the others, if there may be any.
func (ch *channel) appended() {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	if ch.alone {
		ch.withheld = true
		return
	}
	ch.say(saysAppended)
}

// answer notes that there is somebody else. A newcomer is always answered: it does not know yet that it is not alone.
func (ch *channel) answer(message string, heard func()) {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	ch.alone = false
	ch.lookLater(heard)
	if ch.withheld || message == saysHello {
		ch.withheld = false
		ch.say(saysAppended)
	}
}

// lookLater looks at the log when nothing more has been heard for a while. It is called with the mutex held.
func (ch *channel) lookLater(heard func()) {
	ch.looks = 0
	if ch.look != nil {
		ch.look.Reset(firstLook)
		return
	}
	ch.look = time.AfterFunc(firstLook, func() {
		ch.mu.Lock()
		again := ch.looks == 0 && ch.open
		ch.looks++
		if again {
			ch.look.Reset(secondLook)
		}
		ch.mu.Unlock()
		heard()
	})
}

// say is called with the mutex held, or before anybody else has the channel.
func (ch *channel) say(message string) {
	if ch.open {
		var c calls
		ch.said = time.Now()
		c.call(ch.value, "postMessage", message)
	}
}

func (ch *channel) close() {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	if ch.open {
		ch.open = false
		if ch.look != nil {
			ch.look.Stop()
		}
		var c calls
		c.set(ch.value, "onmessage", safejs.Null())
		c.call(ch.value, "close")
		ch.handler.Release()
	}
}
