//go:build js && wasm

package indexeddb

import (
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"sync"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/internal/hex"
	"github.com/gouchdb/gouchdb/internal/safejs"
)

var errRemoved = core.ErrClosed.Because("the database was deleted, by another tab or with the site's data")

// Device keeps a log in IndexedDB. It implements [logkv.Device].
type Device struct {
	name     string // of the IndexedDB database and of the channel
	identity string
	channel  *channel
	reserve  reserve

	mu     sync.Mutex
	conn   *connection // nil after it was lost
	closed error       // why nothing goes any more
	notify func()
	// leaving is what is handed over when the page is left.
	leaving
}

var _ logkv.Device = (*Device)(nil)

// OpenDevice opens the storage of a database, creating it when it is not there. Errors: ErrNewerFormat, ErrLocked (IndexedDB does not answer), ErrStorage.
func OpenDevice(ctx context.Context, name string) (*Device, error) {
	d := &Device{name: namePrefix + name, leaving: newLeaving()}
	var conn *connection
	var err error
	for range maxAttempts {
		if conn, err = connect(ctx, d.name, true, d.lost); !isLost(err) {
			break
		}
	}
	if err != nil {
		return nil, withoutLost(err)
	}
	d.conn, d.identity = conn, conn.identity
	// Before the log is read, so that whatever is appended from then on is told.
	d.channel = openChannel(d.name, d.heard)
	return d, nil
}

func newIdentity() string {
	var random [16]byte
	binary.LittleEndian.PutUint64(random[:], rand.Uint64())
	binary.LittleEndian.PutUint64(random[8:], rand.Uint64())
	return hex.Encode(random[:])
}

// lost is called by the browser when the connection cannot be used any more.
func (d *Device) lost(gone bool) {
	d.mu.Lock()
	conn := d.conn
	d.conn = nil
	if gone && d.closed == nil {
		d.closed = errRemoved
	}
	d.mu.Unlock()
	if conn != nil {
		// Not now: the browser is in the middle of calling one of its handlers.
		go conn.release()
	}
	d.heard()
}

// heard is called when another context has appended, or the storage has gone.
func (d *Device) heard() {
	d.mu.Lock()
	notify := d.notify
	d.mu.Unlock()
	if notify != nil {
		notify()
	}
}

// connection returns the open connection, or opens a new one in the place of a lost one.
func (d *Device) connection(ctx context.Context) (*connection, error) {
	d.mu.Lock()
	conn, closed := d.conn, d.closed
	d.mu.Unlock()
	if closed != nil || conn != nil {
		return conn, closed
	}
	conn, err := connect(ctx, d.name, false, d.lost)
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil {
		if err == errRemoved && d.closed == nil {
			d.closed = errRemoved
		}
		return nil, err
	}
	switch {
	case d.closed != nil:
		err = d.closed
	case conn.identity != d.identity:
		d.closed = errRemoved
		err = errRemoved
	case d.conn != nil: // somebody else was faster
		go conn.release()
		return d.conn, nil
	default:
		d.conn = conn
		return conn, nil
	}
	go conn.release()
	return nil, err
}

// maxAttempts is how often something is tried, each time on a new connection. Two would do, but while the browser clears a site's data it may close the new one as well.
const maxAttempts = 3

// transact runs a transaction, again on a new connection when the one it had turns out to be lost.
func (d *Device) transact(ctx context.Context, doing, mode string, stores []any, durability logkv.Durability, use func(*transaction)) error {
	var options safejs.Value
	if mode == readWrite {
		var err error
		if options, err = transactionOptions(durability); err != nil {
			return errorOf(doing, thrown(err))
		}
	}
	for attempt := 1; ; attempt++ {
		conn, err := d.connection(ctx)
		if err == nil {
			err = conn.transactWith(ctx, doing, mode, stores, options, use)
		}
		if err == nil {
			return nil
		}
		lost := isLost(err)
		d.mu.Lock()
		closed := d.closed
		// A connection that gives no answer may be dead without having said so: the next call gets another one.
		if (lost || errors.Is(err, core.ErrLocked)) && conn != nil && d.conn == conn {
			d.conn = nil
			go conn.release()
		}
		d.mu.Unlock()
		switch {
		case closed != nil:
			return closed
		case !lost || attempt == maxAttempts:
			return withoutLost(err)
		}
	}
}

// The options of transactions that write, made once: a string or an object that goes to JavaScript takes microseconds.
var (
	relaxedOptions = durabilityOptions("relaxed")
	strictOptions  = durabilityOptions("strict")
)

func durabilityOptions(durability string) func() (safejs.Value, error) {
	return sync.OnceValues(func() (safejs.Value, error) {
		var c calls
		options := c.construct("Object")
		c.set(options, "durability", durability)
		return options, c.err
	})
}

func transactionOptions(durability logkv.Durability) (safejs.Value, error) {
	if durability == logkv.Strict {
		return strictOptions()
	}
	return relaxedOptions()
}

// Watch implements [logkv.Device].
func (d *Device) Watch(notify func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.notify = notify
}

// Close implements [logkv.Device].
func (d *Device) Close() error {
	d.mu.Lock()
	conn := d.conn
	d.conn, d.notify = nil, nil
	if d.closed == nil {
		d.closed = core.ErrClosed
	}
	d.mu.Unlock()
	d.channel.close()
	d.reserve.close()
	if conn != nil {
		conn.release()
	}
	return nil
}

// Destroy implements [logkv.Device].
func (d *Device) Destroy(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := d.Close(); err != nil {
		return err
	}
	return deleteDatabase(ctx, d.name)
}

// Sync implements [logkv.Device]. A strict transaction is durable together with all that were committed before it.
func (d *Device) Sync(ctx context.Context) error {
	return d.transact(ctx, "making writes durable", readWrite, []any{metaStore}, logkv.Strict, func(tx *transaction) {
		tx.call(tx.store(metaStore), "put", d.identity, identityKey)
	})
}
