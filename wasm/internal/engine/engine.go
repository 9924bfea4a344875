package engine

import (
	"context"
	"errors"
	"sync"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// Kind tells what a delivered text is.
type Kind uint32

// What a call is answered with: any number of events and parts, then a result or a failure.
const (
	Result Kind = iota
	Failure
	Event
	Part  // rows, as a list, that come before those of the result
	Again // the parts so far do not count
)

// Deliver takes a text about a call. It must not keep the text, nor call the engine.
type Deliver func(call uint32, kind Kind, text []byte)

// Engine runs calls and owns the databases that they opened.
type Engine struct {
	deliver   Deliver
	databases *databases

	mu      sync.Mutex
	calls   map[uint32]*call // submitted and not answered
	waiting []*call          // not begun
	tasks   []*activeTask    // replications under way
	// questions are what JavaScript was asked and has not answered.
	questions    map[int64]chan answer
	lastQuestion int64
	listener     uint32        // the call that hears the questions of databases
	spare        []byte        // the memory of an answer that has been delivered, for the next one
	idle         int           // workers that wait for a token, or are about to
	wake         chan struct{} // holds a token when waiting may have grown
}

// idleWorkers is how many goroutines are kept for the next calls: a new one has to grow its stack first.
const idleWorkers = 16

// call is one request on its way.
type call struct {
	id      uint32
	text    []byte
	ctx     context.Context
	cancel  context.CancelCauseFunc
	engine  *Engine
	gathers bool // its answer is in memory that the next answer may use
	parts   bool // of its answer have been delivered
}

// errCanceled is what a call fails with that JavaScript has cancelled.
var errCanceled = core.NewError(499, "canceled", "the operation was cancelled")

// New returns an engine whose databases come from openers.
func New(openers Openers, deliver Deliver) *Engine {
	return &Engine{
		deliver:   deliver,
		databases: newDatabases(openers),
		calls:     map[uint32]*call{},
		questions: map[int64]chan answer{},
		wake:      make(chan struct{}, 1),
	}
}

// Submit notes a request, which runs when the caller lets other goroutines run. It never waits, and it keeps text.
func (e *Engine) Submit(id uint32, text []byte) {
	c := &call{id: id, text: text, engine: e}
	c.ctx, c.cancel = context.WithCancelCause(context.Background())
	e.mu.Lock()
	e.waiting = append(e.waiting, c)
	e.calls[id] = c
	e.mu.Unlock()
	e.rouse()
}

// Cancel ends the context of a call. It never waits.
func (e *Engine) Cancel(id uint32) {
	e.mu.Lock()
	c := e.calls[id]
	e.mu.Unlock()
	if c != nil {
		c.cancel(errCanceled)
	}
}

// rouse sees to it that a worker looks at what waits.
func (e *Engine) rouse() {
	e.mu.Lock()
	if e.idle == 0 {
		e.idle++
		go e.work()
	}
	e.mu.Unlock()
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// work runs calls. A worker that begins one rouses another for the rest, which comes into play when the call has to wait: so
// calls begin in their order, and those that never wait are run by one goroutine.
func (e *Engine) work() {
	for again := true; again; again = e.rest() {
		<-e.wake
		e.mu.Lock()
		e.idle--
		e.mu.Unlock()
		for c, more := e.next(); c != nil; c, more = e.next() {
			if calls := e.together(c); len(calls) > 1 {
				e.rouse()
				e.runTogether(calls)
				continue
			}
			if more {
				e.rouse()
			}
			e.run(c)
		}
	}
}

// rest counts a worker as idle, unless there are enough of them.
func (e *Engine) rest() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.idle >= idleWorkers {
		return false
	}
	e.idle++
	return true
}

// next takes the call that has waited longest, nil when there is none.
func (e *Engine) next() (c *call, more bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.waiting) == 0 {
		e.waiting = nil
		return nil, false
	}
	c = e.waiting[0]
	e.waiting[0] = nil
	e.waiting = e.waiting[1:]
	return c, len(e.waiting) > 0
}

func (e *Engine) run(c *call) {
	result, err := e.perform(c)
	e.finish(c, result, err)
}

// finish answers a call that was submitted.
func (e *Engine) finish(c *call, result []byte, err error) {
	e.mu.Lock()
	delete(e.calls, c.id)
	e.mu.Unlock()
	e.answer(c, result, err)
	c.cancel(nil)
}

// answer delivers the outcome of a call.
func (e *Engine) answer(c *call, result []byte, err error) {
	if err != nil {
		e.deliver(c.id, Failure, appendFailure(nil, failureOf(c.ctx, err)))
	} else {
		e.deliver(c.id, Result, result)
	}
	if c.gathers && cap(result) <= maxSpare {
		e.mu.Lock()
		e.spare = result[:0]
		e.mu.Unlock()
	}
}

// maxSpare is how much memory is kept for the next answer.
const maxSpare = 1 << 20

// gather returns the memory of an answer that has been delivered, if it is free: answers are long, and soon garbage.
func (c *call) gather() []byte {
	e := c.engine
	e.mu.Lock()
	text := e.spare
	e.spare = nil
	e.mu.Unlock()
	c.gathers = true
	return text
}

// perform runs the operation that a call asks for.
func (e *Engine) perform(c *call) ([]byte, error) {
	name, handle, request, err := e.parse(c)
	if err != nil {
		return nil, err
	}
	if operation, found := engineOperations[name]; found {
		return operation(c.ctx, e, request)
	}
	operation, found := databaseOperations[name]
	if !found {
		return nil, core.ErrNotImplemented.Because("there is no operation " + name)
	}
	db, err := e.databases.get(handle)
	if err != nil {
		return nil, err
	}
	if err := db.attach(c); err != nil {
		return nil, err
	}
	defer db.detach(c)
	if _, reads := instantOperations[name]; !reads {
		return operation(c.ctx, db.adapter(), request)
	}
	var result []byte
	err = kv.Again(func() (err error) {
		c.again()
		result, err = operation(c.ctx, db.adapter(), request)
		return err
	})
	return result, err
}

// parse reads the text of a call: the operation, the database, and what the operation gets. Documents that are to be written are not looked into: who reads them finds out whether
// they are JSON.
func (e *Engine) parse(c *call) (name string, handle int64, r *request, err error) {
	text, raw := unframe(c.text)
	var parts [4][]byte
	n := 0
	for reader := rawjson.NewArrayReader(text); ; n++ {
		begin, more, err := reader.Next()
		if err == nil && !more {
			break
		}
		end := len(text) - 1
		if err == nil && (n != len(parts)-1 || !writesDocuments(parts[0])) {
			begin, end, err = rawjson.Value(text, begin)
		}
		if err != nil {
			return "", 0, nil, core.ErrBadJSON.Because("the request is not JSON: " + err.Error())
		}
		if n < len(parts) {
			parts[n] = text[begin:end]
		}
		reader.At = end
	}
	name, _ = rawjson.Text(parts[0])
	handle, ok := rawjson.Int(parts[1])
	if !ok || n > len(parts) {
		return "", 0, nil, core.ErrBadRequest.Because("a request needs an operation, a database, options and data")
	}
	return name, handle, &request{options: options{text: parts[2]}, data: parts[3], raw: raw, call: c, engine: e}, nil
}

// writesDocuments reports whether the data of an operation are documents.
func writesDocuments(operation []byte) bool {
	return rawjson.Is(operation, "put") || rawjson.Is(operation, "bulkDocs")
}

// failureOf returns the error to tell: of a call that was cancelled, why.
func failureOf(ctx context.Context, err error) *core.Error {
	if errors.Is(err, context.Canceled) {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
	}
	return core.AsError(err)
}
