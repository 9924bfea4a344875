//go:build js && wasm

package indexeddb

import (
	"github.com/gouchdb/gouchdb/core/kv/logkv"
)

// A page that is left gets no more answers, while an Append looks at the log's head before it commits, and a transaction that is not committed dies with its page. What
// has been committed does not: the browser carries it out. So when a page is left, transactions are committed before they have had a look. What makes that safe
// where another context has appended meanwhile is that records are added, not put: the transaction fails on the first one that is there already.
// Where a compaction has removed that one since, ours are added amid the log. That takes two of somebody else's commits and most of a compaction within moments, and a page that
// lives on notices it, removes them, and appends again; else another compaction does.
//
// What follows an Append that has not ended must not be added if that fails. If it has not been committed it is taken back, and all is added together. Otherwise there
// is the guard: a key in the meta store, the number of the record after which the log goes on, with a fraction by which each device knows its own: nobody else removes
// it soon. One Append leaves the guard for the next, which removes it; what follows that adds it, which fails if it is there, because the Append has failed.

// leaving is what a device knows of it, guarded by the device's mutex.
type leaving struct {
	hurries  int        // calls of Hurry that go on
	current  *appending // nil when none is under way
	guarded  uint64     // after which record we have left the newest guard
	fraction float64    // of our guards
}

// forgotten is how many records later a guard is of no use: its device has gone, or has appended something else. It is more than one Append ever adds.
const forgotten = 1000

// appending is an Append under way.
type appending struct {
	tx          *transaction
	first, last uint64
	records     [][]byte
	guarded     bool // the guard that it removes was there before
	committed   bool
	late        bool // it was found only after committing that the head had moved
}

var _ logkv.Leaver = (*Device)(nil)

// checked is told whether the head is where it was believed to be.
func (a *appending) checked(asBelieved bool) {
	switch {
	case asBelieved:
		a.commit()
	case a.committed:
		a.late = true
	default:
		a.tx.abort(logkv.ErrHeadMoved)
	}
}

func (a *appending) commit() {
	if !a.committed {
		a.tx.commit()
		a.committed = true
	}
}

func (d *Device) guardAfter(record uint64) float64 { return float64(record) + d.fraction }

// guard leaves the guard after a record, in the place of our last one.
func (d *Device) guard(tx *transaction, record uint64) {
	meta := tx.store(metaStore)
	tx.call(meta, "delete", d.guardAfter(d.guarded))
	tx.call(meta, "put", 0, d.guardAfter(record))
}

// begin takes note of an Append whose records have been added.
func (d *Device) begin(a *appending, durability logkv.Durability) {
	d.mu.Lock()
	defer d.mu.Unlock()
	a.guarded = a.first > 1 && d.guarded == a.first-1
	d.current = a
	if durability == logkv.MemoryFirst {
		if !a.guarded && a.first > forgotten {
			a.tx.call(a.tx.store(metaStore), "delete", a.tx.keyRange("bound", 0, float64(a.first-forgotten)))
		}
		d.guard(a.tx, a.last)
	}
	if d.hurries > 0 {
		a.commit()
	}
}

// end takes note of its outcome and returns it.
func (d *Device) end(a *appending, err error, durability logkv.Durability) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.current == a {
		d.current = nil
	}
	if err == nil && durability == logkv.MemoryFirst {
		d.guarded = a.last
	}
	return err
}

// Hurry implements [logkv.Leaver].
func (d *Device) Hurry() (calm func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hurries++
	if d.current != nil {
		d.current.commit()
	}
	return func() {
		d.mu.Lock()
		d.hurries--
		d.mu.Unlock()
	}
}

// Follow implements [logkv.Leaver].
func (d *Device) Follow(first uint64, records [][]byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	a, conn := d.current, d.conn
	options, err := relaxedOptions()
	if err != nil || conn == nil || a == nil || a.last+1 != first || a.committed && !a.guarded {
		return
	}
	tx := &transaction{}
	tx.idb = tx.call(conn.database, "transaction", []any{recordsStore, metaStore}, readWrite, options)
	if a.committed {
		meta := tx.store(metaStore)
		tx.call(meta, "add", 0, d.guardAfter(a.first-1))
		tx.call(meta, "delete", d.guardAfter(a.last))
	} else {
		a.tx.abort(logkv.ErrHeadMoved) // when it is looked for, it is there
		a.committed = true
		tx.add(a.first, a.records)
	}
	tx.add(first, records)
	d.guard(tx, first+uint64(len(records))-1)
	tx.commit()
	if tx.err != nil {
		tx.abort(nil)
	}
}
