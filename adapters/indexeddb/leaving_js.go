//go:build js && wasm

package indexeddb

import (
	"math/rand/v2"

	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/internal/safejs"
)

// A page that is left gets no more answers, while an Append looks at the log's head before it commits, and a transaction that is not committed dies with its page. What
// has been committed does not: the browser carries it out. So when a page is left, transactions are committed before they have had a look. That can only be done in the turn in
// which a transaction is begun, so one that is under way is taken back and begun anew. What makes it safe where another context has appended meanwhile is that
// records are added, not put: the transaction fails on the first one that is there already.
//
// Where a compaction has removed that one since, ours get into the log's past. They are not taken for a part of it: the record after them must not be there, or they are not
// added. So whoever comes to read them finds a gap, and begins again with a snapshot, which covers all that has been removed.
//
// What follows an Append that has been committed, and has not ended, must not be added if that fails. That is what the guard is for: a key in the meta store, which an
// Append removes. What follows adds it, which fails if it is there, because the Append has failed. One Append leaves the guard for the next; the first has it put before. It is
// the number of the record that comes next, and a fraction, which is another one for each device: nobody else's Append removes it.

// leaving is what a device knows of it, guarded by the device's mutex.
type leaving struct {
	hurries  int        // calls of Hurry that go on
	current  *appending // nil when none is under way
	fraction float64    // of our guards
	guard    float64    // the newest that we have left; 0 when there is none
}

func newLeaving() leaving { return leaving{fraction: float64(rand.Uint64()>>44|1) / (1 << 20)} }

// guardAt returns the guard of the Append of a record.
func (l *leaving) guardAt(number uint64) float64 { return float64(number) + l.fraction }

// appending is an Append under way.
type appending struct {
	tx        *transaction
	first     uint64
	records   [][]byte
	ahead     bool    // what it holds may have been acknowledged
	guard     float64 // that it removes
	guarded   bool    // the guard was there before
	committed bool
	late      bool // it was found only after committing that the head had moved
}

// next is the number that follows.
func (a *appending) next() uint64 { return a.first + uint64(len(a.records)) }

var _ logkv.Leaver = (*Device)(nil)

// checked is told whether the head is where it was believed to be.
func (a *appending) checked(asBelieved bool) {
	switch {
	case a.committed:
		a.late = !asBelieved
	case asBelieved:
		a.committed = true
		a.tx.commit()
	default:
		a.tx.abort(logkv.ErrHeadMoved)
	}
}

// commitUnseen commits what was added in front of the record next, without an answer to any request.
func (tx *transaction) commitUnseen(next uint64) {
	store := tx.store(recordsStore)
	tx.call(store, "add", 0, float64(next))
	tx.call(store, "delete", float64(next))
	tx.commit()
}

// outdated is how far behind the head a guard is of no use any more: its device is gone, or has no Append under way that could succeed.
const outdated = 1000

// placeGuard leaves the guard of the Append of a record, unless the one before has: then it reports true.
func (d *Device) placeGuard(number uint64) (placed bool) {
	d.mu.Lock()
	guard := d.guardAt(number)
	if placed = d.guard == guard; !placed {
		if tx := d.begun(); tx != nil {
			meta := tx.store(metaStore)
			tx.call(meta, "delete", tx.keyRange("upperBound", guard-outdated))
			tx.call(meta, "put", 0, guard)
			tx.commit()
		}
	}
	d.mu.Unlock()
	return placed
}

// useGuard removes the guard and leaves the next. Transactions are carried out in their order: a guard that has just been placed is there, or could not be.
func (a *appending) useGuard(next float64) {
	meta := a.tx.store(metaStore)
	if !a.guarded {
		a.tx.then(a.tx.call(meta, "count", a.guard), func(count safejs.Value) { a.guarded = a.tx.number(count) > 0 })
	}
	a.tx.call(meta, "delete", a.guard)
	a.tx.call(meta, "put", 0, next)
}

// begin takes note of an Append whose requests have been made.
func (d *Device) begin(a *appending) {
	d.mu.Lock()
	d.current, a.committed = a, d.hurries > 0
	d.mu.Unlock()
	if a.committed {
		a.tx.commitUnseen(a.next())
	}
}

// end takes note of its outcome and returns it.
func (d *Device) end(a *appending, err error) error {
	if a.late && err == nil {
		err = logkv.ErrHeadMoved
	}
	d.mu.Lock()
	d.current = nil
	if err == nil && a.ahead {
		d.guard = d.guardAt(a.next())
	}
	d.mu.Unlock()
	return err
}

// Hurry implements [logkv.Leaver].
func (d *Device) Hurry() (calm func()) {
	d.mu.Lock()
	d.hurries++
	if a := d.current; a != nil && a.ahead && !a.committed {
		d.handOver(a, nil)
	}
	d.mu.Unlock()
	return func() {
		d.mu.Lock()
		d.hurries--
		d.mu.Unlock()
	}
}

// Follow implements [logkv.Leaver].
func (d *Device) Follow(first uint64, records [][]byte) {
	d.mu.Lock()
	if a := d.current; a != nil && a.next() == first && (a.guarded || !a.committed) {
		d.handOver(a, records)
	}
	d.mu.Unlock()
}

// handOver adds what follows an Append, together with that where it can be taken back.
func (d *Device) handOver(a *appending, records [][]byte) {
	takenBack := !a.committed
	if takenBack { // before the other is begun: Chromium's SQLite, when busy, dropped one that had to wait for it although it was committed
		a.tx.abort(logkv.ErrHeadMoved) // when it is looked for, it is there
		a.committed = true
	}
	tx, first := d.begun(), a.next()
	if tx == nil {
		return
	}
	if !takenBack {
		meta := tx.store(metaStore)
		tx.call(meta, "add", 0, a.guard)
		tx.call(meta, "delete", a.guard)
	} else {
		first, records = a.first, append(a.records[:len(a.records):len(a.records)], records...)
	}
	tx.add(first, records)
	tx.commitUnseen(first + uint64(len(records)))
	if tx.err != nil {
		tx.abort(nil)
	}
}

// begun begins a transaction that nobody will wait for; nil when that is not possible. It is called with the mutex held.
func (d *Device) begun() *transaction {
	options, err := relaxedOptions()
	if err != nil || d.conn == nil {
		return nil
	}
	tx := &transaction{}
	tx.idb = tx.call(d.conn.database, "transaction", []any{recordsStore, metaStore}, readWrite, options)
	return tx
}
