package docstore

import (
	"context"
	"errors"
	"time"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/mapreduce"
	"github.com/gouchdb/gouchdb/core/viewindex"
)

// Views are brought up to date when they are queried, by sequence, some documents at a time: a step reads documents on a snapshot, runs the map functions on them outside of
// any update, and puts the rows into the index in one update, which checks that the index is still where the step found it. When somebody else was faster, another tab, say,
// the next step goes on from there.
//
// Only sequences that are settled count: an index must not know documents that a crash may undo, nor take a sequence for seen that such a document had.

const (
	// A step takes so many documents at most, and of them about so many bytes.
	stepDocuments = 2000
	stepBytes     = 4 << 20
)

// updateView brings an index up to where the database is now.
func (db *DB) updateView(ctx context.Context, g *viewGroup) error {
	current, err := db.isCurrent(ctx, g)
	if err != nil || current {
		return err
	}
	if err := kv.MayWait(ctx); err != nil {
		return err
	}
	g.waiting.Add(1)
	defer g.waiting.Add(-1)
	select {
	case g.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	g.began.Store(time.Now().Unix())
	g.updated.Store(time.Now().Unix())
	g.running.Store(true)
	defer func() {
		g.running.Store(false)
		g.done.Store(0)
		g.due.Store(0)
		<-g.turn
	}()
	return db.makeSteps(ctx, g)
}

// makeSteps makes one step after the other. While one is being stored, the next is prepared.
func (db *DB) makeSteps(ctx context.Context, g *viewGroup) error {
	reading := &viewReading{}
	u := &viewUpdate{db: db, group: g, reading: reading}
	for u.prepare(ctx); u.err == nil && !u.end; db.breathe() {
		next := &viewUpdate{db: db, group: g, reading: reading, follows: true}
		ready := make(chan struct{})
		go next.prepareAfter(ctx, u.upTo, u.purgeSeq, u.last, ready)
		moved, err := u.store(ctx)
		<-ready
		if next.panicked != nil {
			panic(next.panicked)
		}
		if err != nil || u.last && !moved {
			return err
		}
		if next.record = u.record; moved {
			next = &viewUpdate{db: db, group: g, reading: reading}
			next.prepare(ctx)
		}
		u = next
	}
	return u.err
}

// prepareAfter prepares the step after one that is being stored, taking it that nobody else changes the index. A panic of a map function in Go is kept for the caller's goroutine.
func (u *viewUpdate) prepareAfter(ctx context.Context, seq, purgeSeq uint64, last bool, ready chan<- struct{}) {
	defer close(ready)
	defer func() { u.panicked = recover() }()
	u.record.state.Seq, u.record.state.PurgeSeq = seq, purgeSeq
	if !last {
		u.prepare(ctx)
	}
}

// isCurrent reports whether there is nothing to do for an index.
func (db *DB) isCurrent(ctx context.Context, g *viewGroup) (current bool, err error) {
	err = db.view(ctx, true, func(s kv.Snapshot) error {
		m, err := readMeta(ctx, s)
		if err != nil {
			return err
		}
		r, err := readViewRecord(ctx, s, g.signature)
		current = r.number != 0 && r.state.Nodes && r.state.Seq == m.updateSeq && r.state.PurgeSeq == m.purgeSeq
		return err
	})
	return current, err
}

// viewUpdate is one step.
type viewUpdate struct {
	db    *DB
	group *viewGroup

	follows  bool       // another step, whose record it will get
	record   viewRecord // as the step found it, and then as it left it
	upTo     uint64     // the sequence that the step reaches
	last     bool       // there are no documents after it
	purgeSeq uint64
	reading  *viewReading
	docs     []*core.Document // that are to be mapped in Go
	places   []int            // of all that are to be mapped, among the changes
	size     int              // of their bodies
	changes  []viewindex.Change
	seqs     []uint64 // of the changes
	maker    mapreduce.EntryMaker
	emitted  int   // bytes
	end      bool  // the index is up to date
	err      error // why the step could not be prepared
	panicked any
}

// prepare reads documents and runs the map functions on them.
func (u *viewUpdate) prepare(ctx context.Context) {
	u.err = errNotPrepared
	err := u.db.view(ctx, true, func(s kv.Snapshot) error { return u.read(ctx, s) })
	if err == nil && !u.end {
		err = u.mapAll(ctx)
	}
	u.err = err
}

// errNotPrepared stands for the outcome of a map function in Go that panicked, or ended its goroutine.
var errNotPrepared = errors.New("a map function did not return")

// store puts the rows into the index. It reports whether somebody else has changed that, and then does nothing.
func (u *viewUpdate) store(ctx context.Context) (moved bool, err error) {
	var left viewRecord
	err = u.db.store.Update(ctx, func(tx kv.Tx) (err error) {
		left, moved, err = u.apply(ctx, tx)
		return err
	})
	u.record = left
	u.group.done.Add(uint64(len(u.changes)))
	u.group.updated.Store(time.Now().Unix())
	return moved, err
}

// apply is store's update. It may run more than once.
func (u *viewUpdate) apply(ctx context.Context, tx kv.Tx) (r viewRecord, moved bool, err error) {
	r, err = readViewRecord(ctx, tx, u.group.signature)
	if err != nil {
		return r, false, err
	}
	if r.number == 0 {
		r.state.PurgeSeq = u.record.state.PurgeSeq
	}
	if !r.same(&u.record) {
		return r, true, nil
	}
	if r.number == 0 {
		m, err := readMeta(ctx, tx)
		if err != nil {
			return r, false, err
		}
		r.number = m.nextBody
		m.nextBody++
		m.write(tx)
	}
	index := u.group.index(r.number)
	changes := u.changes
	if r.state.PurgeSeq != u.purgeSeq {
		gone, err := purged(ctx, tx, index)
		if err != nil {
			return r, false, err
		}
		changes = withPurged(changes, gone)
	}
	r.state.Seq, r.state.PurgeSeq = u.upTo, u.purgeSeq
	if err := index.Apply(ctx, tx, changes, &r.state); err != nil {
		return r, false, err
	}
	if u.last && !r.state.Nodes {
		if err := index.BuildNodes(ctx, tx, &r.state); err != nil {
			return r, false, err
		}
	}
	tx.Put(catalogKey(u.group.signature), r.append(nil))
	return r, false, nil
}
