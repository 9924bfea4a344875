package replication

import (
	"context"
	"errors"
	"sync"

	"github.com/gouchdb/gouchdb/core"
)

// Task is a replication that can be looked at and woken while it runs.
type Task struct {
	source, target core.Adapter
	options        Options
	direction      Direction
	events         *emitter
	waker          waker

	mutex  sync.Mutex
	status Status
}

// NewTask prepares a replication, which [Task.Run] runs.
func NewTask(source, target core.Adapter, options Options) *Task {
	return newTask(source, target, options, "", &emitter{listen: options.OnEvent})
}

func newTask(source, target core.Adapter, options Options, direction Direction, events *emitter) *Task {
	return &Task{source: source, target: target, options: options, direction: direction, events: events, status: Status{State: StateStarting}}
}

// Run is [Run] with the task's databases and options. It may be called once.
func (t *Task) Run(ctx context.Context) (*Result, error) {
	options, err := t.options.complete()
	if err != nil {
		return &Result{}, err
	}
	var result *Result
	if options.Live {
		result, err = t.stayOn(ctx, options)
	} else {
		result, err = t.once(ctx, options)
	}
	t.update(func(status *Status) {
		status.State, status.Result, status.Pending = StateStopped, *result, 0
		if err != nil && ctx.Err() == nil {
			status.Err = core.AsError(err)
		}
	})
	return result, err
}

// maxForgotten is how often a run begins anew because a side was restored from a backup, or made anew, in the middle of it.
const maxForgotten = 3

// once runs to the newest change.
func (t *Task) once(ctx context.Context, options Options) (*Result, error) {
	total := Result{}
	for forgotten := 0; ; forgotten++ {
		s, err := t.session(ctx, options, total)
		if !errors.Is(err, errForgotten) || forgotten == maxForgotten {
			return &s.result, err
		}
		total = s.result
		// What failed is tried again, and counted again if it still fails.
		total.DocWriteFailures, total.DocReadFailures = total.Denied, 0
	}
}

// Wake says that the network may be back, or that the machine has slept: what waits to try again does so at once, and a request that waits for
// changes is replaced by a new one. Other requests to a remote database fail if their connections are silent, and are repeated. It never waits.
func (t *Task) Wake() {
	t.waker.wake()
	for _, db := range []core.Adapter{t.source, t.target} {
		if remote, ok := db.(interface{ Wake() }); ok {
			remote.Wake()
		}
	}
}

// Status tells how the task stands.
func (t *Task) Status() Status {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return t.status
}

func (t *Task) update(change func(*Status)) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	change(&t.status)
}

// State is what a task is doing.
type State string

const (
	// StateStarting: the databases are being asked who they are and where to go on.
	StateStarting State = "starting"
	// StateActive: there are changes to copy.
	StateActive State = "active"
	// StatePaused: the target has everything, and the task waits for changes.
	StatePaused State = "paused"
	// StateWaiting: something failed, as Err says, and will be tried again.
	StateWaiting State = "waiting"
	// StateStopped: the task has ended.
	StateStopped State = "stopped"
)

// Status is how a [Task] stands.
type Status struct {
	State State
	// Pending is how many changes the source's feed is known to hold beyond what has been dealt with. A filtered feed counts all changes.
	Pending int64
	Err     *core.Error // the last failure of the connection, or of the task; nil while things go well
	Result  Result      // so far
}

// waker tells everybody who waits. The zero waker is ready.
type waker struct {
	mutex sync.Mutex
	next  chan struct{}
}

// woken returns a channel that the next wake closes.
func (w *waker) woken() <-chan struct{} {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.next == nil {
		w.next = make(chan struct{})
	}
	return w.next
}

func (w *waker) wake() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.next != nil {
		close(w.next)
		w.next = nil
	}
}
