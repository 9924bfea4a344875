// Package fault makes operations fail at a chosen moment: a test counts what a script does, then runs it again once for every operation, with that
// one failing, and looks at what is left.
package fault

import (
	"context"
	"errors"
	"sync"
)

// Kind is what happens to an operation.
type Kind int

const (
	// Fail does not do the operation and returns the error.
	Fail Kind = iota
	// Lose does the operation, and returns the error all the same: the answer was lost.
	Lose
	// Cut does neither this operation nor any later one: the process has died.
	Cut
	// CutAfter does this operation, and none after it; the answer is lost.
	CutAfter
	// Delay does the operation after Release was called, or the context has ended.
	Delay
)

// ErrInjected is the error of operations for which no other was given.
var ErrInjected = errors.New("injected fault")

// Injector counts operations and disturbs some. The zero value disturbs none.
type Injector struct {
	mutex   sync.Mutex
	count   int
	faults  map[int]planned
	dead    error
	held    chan struct{} // closed when a delayed operation has come
	release chan struct{} // closed to let it go on
}

type planned struct {
	kind Kind
	err  error
}

// At plans a fault for the nth operation from now on, the next being 1. A nil error stands for ErrInjected.
func (i *Injector) At(n int, kind Kind, err error) {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	if err == nil {
		err = ErrInjected
	}
	if i.faults == nil {
		i.faults = map[int]planned{}
	}
	i.faults[i.count+n] = planned{kind: kind, err: err}
	if kind == Delay {
		i.held, i.release = make(chan struct{}), make(chan struct{})
	}
}

// Count returns how many operations there were.
func (i *Injector) Count() int {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	return i.count
}

// Held returns the channel that is closed when the delayed operation has come.
func (i *Injector) Held() <-chan struct{} {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	return i.held
}

// Release lets the delayed operation go on.
func (i *Injector) Release() {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	close(i.release)
}

// Heal ends a Cut and forgets the faults that are still planned.
func (i *Injector) Heal() {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	i.dead, i.faults = nil, nil
}

// Do does an operation, or what was planned in its place.
func (i *Injector) Do(ctx context.Context, operation func() error) error {
	i.mutex.Lock()
	i.count++
	fault, found := i.faults[i.count]
	dead, held, release := i.dead, i.held, i.release
	if found && dead == nil && (fault.kind == Cut || fault.kind == CutAfter) {
		i.dead = fault.err
	}
	i.mutex.Unlock()
	switch {
	case dead != nil:
		return dead
	case !found:
		return operation()
	}
	switch fault.kind {
	case Lose, CutAfter:
		_ = operation() // its outcome is what gets lost
		return fault.err
	case Delay:
		close(held)
		select {
		case <-release:
			return operation()
		case <-ctx.Done():
			return ctx.Err()
		}
	default:
		return fault.err
	}
}
