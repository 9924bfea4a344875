//go:build js && wasm

package indexeddb

import (
	"context"
	"sync"
	"time"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/internal/safejs"
)

const (
	readOnly  = "readonly"
	readWrite = "readwrite"
)

// await waits for one of two events of target: the good one, or the bad one, whose error it returns. The handlers of other events are called as they come. It releases
// all callbacks, whichever came. When ctx ends, lost is closed or nothing comes for answerTimeout it returns an error after calling abandoned, if that is not nil.
func await(ctx context.Context, doing string, target safejs.Value, good, bad string, others map[string]func(safejs.Value), lost <-chan struct{}, abandoned func()) error {
	outcome := make(chan error, 1)
	var c calls
	var handlers []safejs.Func
	on := func(event string, handle func(safejs.Value)) {
		handler, err := safejs.FuncOf(func(_ safejs.Value, arguments []safejs.Value) any {
			handle(arguments[0])
			return nil
		})
		if err != nil {
			c.err = err
			return
		}
		handlers = append(handlers, handler)
		c.set(target, "on"+event, handler)
	}
	report := func(err error) {
		select {
		case outcome <- err:
		default:
		}
	}
	on(good, func(safejs.Value) { report(nil) })
	on(bad, func(safejs.Value) { report(errorOf(doing, exceptionOf(target))) })
	for event, handle := range others {
		on(event, handle)
	}
	defer func() {
		if len(outcome) == 0 { // otherwise nothing more comes
			var c calls
			for _, event := range []string{good, bad} {
				c.set(target, "on"+event, safejs.Null())
			}
			for event := range others {
				c.set(target, "on"+event, safejs.Null())
			}
			if abandoned != nil {
				abandoned()
			}
		}
		for _, handler := range handlers {
			handler.Release()
		}
	}()
	if c.err != nil {
		return errorOf(doing, thrown(c.err))
	}
	timeout := time.NewTimer(answerTimeout)
	defer timeout.Stop()
	select {
	case err := <-outcome:
		outcome <- nil // there was an outcome: nothing is abandoned
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-lost:
		return &lostError{core.ErrStorage.Because("the browser has closed the connection while " + doing)}
	case <-timeout.C:
		return core.ErrLocked.Because("IndexedDB did not answer while " + doing)
	}
}

// transaction collects the requests of one IDBTransaction.
type transaction struct {
	calls
	idb      safejs.Value
	handlers []safejs.Func
	verdict  error // why we aborted it ourselves
}

func (tx *transaction) store(name string) safejs.Value {
	return tx.call(tx.idb, "objectStore", name)
}

// then calls handle when request has succeeded, while the transaction is active, so that it may make further requests.
func (tx *transaction) then(request safejs.Value, handle func(result safejs.Value)) {
	if tx.err != nil {
		return
	}
	handler, err := safejs.FuncOf(func(safejs.Value, []safejs.Value) any {
		if result := tx.get(request, "result"); tx.err == nil {
			handle(result)
		}
		if tx.err != nil && tx.verdict == nil {
			tx.abort(errorOf("reading", thrown(tx.err)))
		}
		return nil
	})
	if err != nil {
		tx.err = err
		return
	}
	tx.handlers = append(tx.handlers, handler)
	tx.set(request, "onsuccess", handler)
}

// canCommit: Safari has it since version 15.
var canCommit = sync.OnceValue(func() bool {
	var c calls
	return c.has(c.get(c.get(safejs.Global(), "IDBTransaction"), "prototype"), "commit")
})

// commit says that there will be no further requests. Without it the browser finds out by itself, after it has told the outcome of the last one.
func (tx *transaction) commit() {
	if canCommit() {
		tx.call(tx.idb, "commit")
	}
}

// abort ends the transaction without effect; the call that made it returns err.
func (tx *transaction) abort(err error) {
	tx.verdict = err
	var c calls
	c.call(tx.idb, "abort")
}

// transact runs one transaction: use makes the requests, and transact returns when all of it is done, or nothing.
// The results of the requests can be read then. When ctx ends first, the transaction is aborted.
func (conn *connection) transact(ctx context.Context, doing, mode string, stores []any, use func(*transaction)) error {
	return conn.transactWith(ctx, doing, mode, stores, safejs.Undefined(), use)
}

func (conn *connection) transactWith(ctx context.Context, doing, mode string, stores []any, options safejs.Value, use func(*transaction)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	tx := &transaction{}
	var scope any = stores
	if len(stores) == 1 {
		scope = stores[0]
	}
	tx.idb = tx.call(conn.database, "transaction", scope, mode, options)
	if tx.err != nil {
		return ifLost(errorOf(doing, thrown(tx.err)))
	}
	defer func() {
		for _, handler := range tx.handlers {
			handler.Release()
		}
	}()
	use(tx)
	if tx.err != nil {
		tx.abort(errorOf(doing, thrown(tx.err)))
	}
	err := await(ctx, doing, tx.idb, "complete", "abort", nil, conn.lost, func() {
		var c calls
		c.call(tx.idb, "abort") // fails when it has just ended, which is as well
	})
	if tx.verdict != nil {
		return tx.verdict
	}
	return ifLost(err)
}
