package engine

import (
	"context"

	"github.com/gouchdb/gouchdb/core"
)

// instantOperations only read, or do no harm when they begin twice, as what builds an index. They wait for nothing but what their context lets them stop waiting for.
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
}

// Answer answers a request before it returns, if that takes only what is in memory: without a goroutine, and without a turn of the event loop. Otherwise it
// reports false, and the request is to be submitted. It does not keep text.
//
// Requests still begin in the order in which they come: none is answered before one that waits to begin.
func (e *Engine) Answer(id uint32, text []byte) bool {
	e.mu.Lock()
	free := len(e.waiting) == 0
	e.mu.Unlock()
	if !free {
		return false
	}
	ctx := &instant{Context: context.Background()}
	c := &call{id: id, text: text, engine: e, ctx: ctx}
	name, handle, request, err := e.parse(c)
	operation, found := instantOperations[name]
	if err != nil || !found {
		return false
	}
	db, err := e.databases.get(handle)
	if err != nil || db.opener.Remote {
		return false
	}
	result, err := operation(ctx, db.adapter(), request)
	if ctx.over {
		c.again()
		return false
	}
	e.answer(c, result, err)
	return true
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

// Err implements [context.Context].
func (c *instant) Err() error {
	if c.over {
		return core.ErrInternal.Because("a read that must not wait would have to")
	}
	return nil
}
