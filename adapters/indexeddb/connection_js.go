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
	namePrefix    = "gouchdb:"
	formatVersion = 1
	// answerTimeout bounds how long a request may stay without an answer. Browsers have been seen to never answer an open.
	answerTimeout = 30 * time.Second
)

const (
	recordsStore   = "records"
	snapshotsStore = "snapshots"
	metaStore      = "meta"
	identityKey    = "identity"
)

// connection is an open IDBDatabase. The browser may close it, or another context may want to delete the database.
type connection struct {
	database safejs.Value
	identity string
	handlers []safejs.Func
	lose     func()        // called when the browser has closed it
	lost     chan struct{} // closed then: transactions that were under way may never end
}

func factory() (safejs.Value, error) {
	var c calls
	indexedDB := c.get(safejs.Global(), "indexedDB")
	if c.err != nil || isNothing(indexedDB) {
		return indexedDB, core.ErrStorage.Because("IndexedDB is not available in this context (is it disabled, or a private window?)")
	}
	return indexedDB, nil
}

// connect opens the IndexedDB database. When it is not there it is created, if create says so, or the error is errRemoved. lost is called when the connection is no
// longer usable; gone says that the database is about to be deleted or upgraded by another context.
func connect(ctx context.Context, name string, create bool, lost func(gone bool)) (*connection, error) {
	indexedDB, err := factory()
	if err != nil {
		return nil, err
	}
	var c calls
	request := c.call(indexedDB, "open", name, formatVersion)
	if c.err != nil {
		return nil, errorOf("opening the database", thrown(c.err))
	}
	fresh, removed := newIdentity(), false
	upgrade := func(event safejs.Value) {
		reportLoss(event)
		var c calls
		if !create {
			removed = true
			c.call(c.get(request, "transaction"), "abort")
			return
		}
		database := c.get(request, "result")
		c.call(database, "createObjectStore", recordsStore)
		c.call(database, "createObjectStore", snapshotsStore)
		meta := c.call(database, "createObjectStore", metaStore)
		c.call(meta, "put", fresh, identityKey)
	}
	if err := await(ctx, "opening the database", request, "success", "error", map[string]func(safejs.Value){"upgradeneeded": upgrade}, nil, closeLate(request)); err != nil {
		if removed {
			return nil, errRemoved
		}
		return nil, ifLost(err)
	}
	conn := &connection{database: c.get(request, "result"), lost: make(chan struct{})}
	conn.listen(&c, "versionchange", func(safejs.Value) {
		conn.close()
		lost(true)
	})
	conn.lose = sync.OnceFunc(func() {
		close(conn.lost)
		lost(false)
	})
	conn.listen(&c, "close", func(safejs.Value) { conn.lose() })
	if c.err != nil {
		return nil, errorOf("opening the database", thrown(c.err))
	}
	if err := conn.readIdentity(ctx); err != nil {
		conn.release()
		return nil, err
	}
	return conn, nil
}

// closeLate deals with an open that comes through after nobody waits for it any more: it is closed, lest it blocks others for ever, and a
// database that it would create is not created, lest it lacks its object stores.
func closeLate(request safejs.Value) func() {
	return func() {
		var c calls
		var handler safejs.Func
		handler, c.err = safejs.FuncOf(func(_ safejs.Value, arguments []safejs.Value) any {
			var c calls
			switch c.text(arguments[0], "type") {
			case "upgradeneeded":
				c.call(c.get(request, "transaction"), "abort")
				return nil
			case "success":
				c.call(c.get(request, "result"), "close")
			}
			handler.Release()
			return nil
		})
		for _, event := range []string{"upgradeneeded", "success", "error"} {
			c.set(request, "on"+event, handler)
		}
	}
}

func (conn *connection) listen(c *calls, event string, handle func(safejs.Value)) {
	handler, err := safejs.FuncOf(func(_ safejs.Value, arguments []safejs.Value) any {
		handle(arguments[0])
		return nil
	})
	if err != nil {
		c.err = err
		return
	}
	conn.handlers = append(conn.handlers, handler)
	c.set(conn.database, "on"+event, handler)
}

// readIdentity learns the identity that the storage was given when it was created.
func (conn *connection) readIdentity(ctx context.Context) error {
	var request safejs.Value
	err := conn.transact(ctx, "reading the storage's identity", readOnly, []any{metaStore}, func(tx *transaction) {
		request = tx.call(tx.store(metaStore), "get", identityKey)
	})
	if err != nil {
		return err
	}
	var c calls
	conn.identity = c.text(request, "result")
	if c.err != nil {
		return core.ErrCorrupt.Because("the IndexedDB database has no identity: it was not made by GouchDB")
	}
	return nil
}

// close closes the IDBDatabase; its handlers stay until release, as the browser may still call them.
func (conn *connection) close() {
	var c calls
	c.call(conn.database, "close")
}

// release closes the connection and gives its callbacks back.
func (conn *connection) release() {
	var c calls
	c.set(conn.database, "onversionchange", safejs.Null())
	c.set(conn.database, "onclose", safejs.Null())
	conn.close()
	for _, handler := range conn.handlers {
		handler.Release()
	}
	conn.handlers = nil
}

// deleteDatabase removes the whole IndexedDB database. Other connections are told to close and close.
func deleteDatabase(ctx context.Context, name string) error {
	indexedDB, err := factory()
	if err != nil {
		return err
	}
	var c calls
	request := c.call(indexedDB, "deleteDatabase", name)
	if c.err != nil {
		return errorOf("removing the database", thrown(c.err))
	}
	return await(ctx, "removing the database", request, "success", "error", nil, nil, nil)
}
