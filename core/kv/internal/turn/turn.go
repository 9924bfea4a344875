// Package turn is a mutex that is passed on in the order in which it was asked for, and that can be waited for with a context.
package turn

import (
	"context"
	"slices"
	"sync"
)

// Line is where callers wait for their turn. The zero value is ready.
type Line struct {
	mutex   sync.Mutex
	taken   bool
	waiting []chan struct{}
}

// Take waits for the caller's turn and reports whether it came before the context ended and before closed was closed. When it did not, the caller
// has left the line.
func (l *Line) Take(ctx context.Context, closed <-chan struct{}) bool {
	l.mutex.Lock()
	if !l.taken {
		l.taken = true
		l.mutex.Unlock()
		return true
	}
	mine := make(chan struct{})
	l.waiting = append(l.waiting, mine)
	l.mutex.Unlock()

	select {
	case <-mine:
		return true
	case <-ctx.Done():
	case <-closed:
	}
	l.leave(mine)
	return false
}

// TryTake takes the turn if it is free.
func (l *Line) TryTake() bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	free := !l.taken
	l.taken = true
	return free
}

// leave gives up a place in the line, or the turn if it has come in the meantime.
func (l *Line) leave(mine chan struct{}) {
	l.mutex.Lock()
	place := slices.Index(l.waiting, mine)
	if place >= 0 {
		l.waiting = slices.Delete(l.waiting, place, place+1)
	}
	l.mutex.Unlock()
	if place < 0 {
		l.Pass()
	}
}

// Pass ends the turn and gives it to the next in the line.
func (l *Line) Pass() {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if len(l.waiting) == 0 {
		l.taken = false
		return
	}
	next := l.waiting[0]
	l.waiting = l.waiting[1:]
	close(next)
}
