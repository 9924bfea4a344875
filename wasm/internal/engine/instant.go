package engine

import (
	"context"

	"github.com/gouchdb/gouchdb/core"
)

// instantOperations only read, or do no harm when they begin twice, as what builds an index: also when another tab has overtaken what they were reading. They write nothing but what can be worked out again, and wait for nothing but what their context lets them stop waiting for.
var instantOperations = map[string]databaseOperation{
	"get":      get,
	"openRevs": openRevs,
	"bulkGet":  bulkGet,
	"allDocs":  allDocs,
	"changes":  changes,
	"revsDiff": revsDiff,
	"find":     find,
	"explain":  explain,
	"query":    queryView,

	"localDocs": localDocs,
}

// promptOperations write. They do not wait either when the database says that it is prompt.
var promptOperations = map[string]databaseOperation{
	"put":      put,
	"bulkDocs": bulkDocs,
}

// prompter is a database whose writes need not wait, sometimes.
type prompter interface{ Prompt() bool }

// Answered says what has become of a request.
type Answered uint32

const (
	Not     Answered = iota
	Wholly           // and nothing else is to be done
	Leaving          // and other goroutines are to be let run soon
)

// Answer answers a request before it returns, if that takes only what is in memory: without a goroutine, and without a turn of the event loop. A request that is not
// answered is to be submitted. It does not keep text.
//
// Requests still begin in the order in which they come: none is answered before one that waits to begin.
func (e *Engine) Answer(id uint32, text []byte) Answered {
	e.mu.Lock()
	free := len(e.waiting) == 0
	e.mu.Unlock()
	if !free {
		return Not
	}
	ctx := &instant{Context: context.Background()}
	c := &call{id: id, text: text, engine: e, ctx: ctx}
	name, handle, request, err := e.parse(c)
	if err != nil {
		return Not
	}
	db, err := e.databases.get(handle)
	if err != nil || db.opener.Remote {
		return Not
	}
	answered := Wholly
	operation, reads := instantOperations[name]
	if !reads {
		operation, answered = promptOperations[name], Leaving
		prompter, ok := db.adapter().(prompter)
		if operation == nil || !ok || request.raw != nil || !prompter.Prompt() {
			return Not
		}
	}
	result, err := operation(ctx, db.adapter(), request)
	if ctx.over {
		c.again()
		return Not
	}
	e.answer(c, result, err)
	return answered
}

// instant is a context that ends when somebody is about to wait: waiting begins by asking what would end it.
type instant struct {
	context.Context
	over bool
}

var ended = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// Done implements [context.Context].
func (c *instant) Done() <-chan struct{} {
	c.over = true
	return ended
}

// MayWait is what a store asks before it begins what takes time; see kv.MayWait.
func (c *instant) MayWait() error {
	c.over = true
	return c.Err()
}

// Err implements [context.Context].
func (c *instant) Err() error {
	if c.over {
		return core.ErrInternal.Because("a read that must not wait would have to")
	}
	return nil
}
