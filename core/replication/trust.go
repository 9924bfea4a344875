package replication

import (
	"errors"
	"slices"
	"sync/atomic"

	"github.com/gouchdb/gouchdb/core"
)

// A connection that fails may be that of a server which comes back with less than it had: restored from a backup, or replaced by a copy that lags
// behind. What was copied since the last checkpoint may be gone then, and its sequences be given to other changes, so that a checkpoint
// would be a lie. After a failure, before a checkpoint, both sides are asked whether they still have what passed since the last one.

// window is what passed since the last checkpoint.
type window struct {
	count  int      // of rows
	passed []passed // in the order of the source's feed
	since  int64    // how many failures there had been when the oldest of it was read
}

// passed is a batch of the window.
type passed struct {
	rows   []row
	there  []core.DocRevs // was in the target
	copied []core.DocRev  // was written there
}

// rows are those of the source's feed.
func (w *window) rows() []row {
	rows := make([]row, 0, w.count)
	for i := range w.passed {
		rows = append(rows, w.passed[i].rows...)
	}
	return rows
}

// target is what the target had or got.
func (w *window) target() []core.DocRevs {
	var all []core.DocRevs
	for i := range w.passed {
		all = append(all, w.passed[i].there...)
		for _, doc := range w.passed[i].copied {
			all = append(all, core.DocRevs{ID: doc.ID, Revs: []core.Rev{doc.Rev}})
		}
	}
	return all
}

// suspicion is whether a connection has failed since the sides were last asked.
type suspicion struct {
	failures  atomic.Int64
	forgotten atomic.Bool
	turn      chan struct{} // held by who asks
}

// pass adds a batch that has been written to the window.
func (r *replicator) pass(b *batch, written []*core.Document) {
	if r.window.count == 0 || b.failures < r.window.since {
		r.window.since = b.failures
	}
	copied := make([]core.DocRev, len(written))
	for i, doc := range written {
		copied[i] = core.DocRev{ID: doc.ID, Rev: doc.Rev}
	}
	r.window.count += len(b.rows)
	r.window.passed = append(r.window.passed, passed{b.rows, b.there, copied})
}

// trust returns errForgotten when a side does not have any more what passed since the last checkpoint. It asks only after a failure.
func (r *replicator) trust() error {
	select {
	case r.suspicion.turn <- struct{}{}:
		defer func() { <-r.suspicion.turn }()
	case <-r.ctx.Done():
		return r.ctx.Err()
	}
	if r.suspicion.forgotten.Load() {
		return errForgotten
	}
	failures := r.suspicion.failures.Load()
	if r.window.count == 0 || r.window.since == failures {
		return nil
	}
	same, err := r.sameFeed()
	if err == nil && same {
		var lacking []core.RevsDiff
		lacking, err = inPortions(r.window.target(), func(part []core.DocRevs) ([]core.RevsDiff, error) { return r.target.RevsDiff(r.ctx, part) })
		same = len(lacking) == 0
	}
	switch {
	case err != nil:
		return err
	case !same:
		r.suspicion.forgotten.Store(true)
		return errForgotten
	}
	r.window.since = failures
	return nil
}

// sameFeed reports whether the source's feed since the last checkpoint begins with what it told before, except for documents that have changed again. That the
// source has the revisions does not say so: others may have brought them back, under other sequences.
func (r *replicator) sameFeed() (bool, error) {
	if r.committed == core.Now {
		return true, nil // nothing names where it began
	}
	rows := r.window.rows()
	told, reached := 0, false
	options := r.feed(r.committed, len(rows))
	options.SeqInterval = 0
	_, err := r.source.Changes(r.ctx, options, func(change *core.Change) error {
		for told < len(rows) && rows[told].id != change.ID {
			told++ // has changed since
		}
		if told == len(rows) {
			return nil
		}
		was := rows[told]
		told++
		if !slices.Equal(was.revs, change.Revs) || was.seq != "" && change.Seq != "" && was.seq != change.Seq {
			told = len(rows)
			return nil
		}
		reached = told == len(rows)
		return nil
	})
	return reached, err
}

// inPortions calls with as many documents at a time as the feed is read in, and stops at the first answer that is not empty.
func inPortions(docs []core.DocRevs, call func([]core.DocRevs) ([]core.RevsDiff, error)) ([]core.RevsDiff, error) {
	for len(docs) > 0 {
		n := min(len(docs), mostPage)
		answers, err := inHalves(docs[:n], call)
		if err != nil || len(answers) > 0 {
			return answers, err
		}
		docs = docs[n:]
	}
	return nil, nil
}

// suspect notes a failure after which a side may not be what it was.
func (r *replicator) suspect(err error) {
	if judge(core.AsError(err)) == verdictRetry || errors.Is(err, core.ErrNotCouchDB) {
		r.suspicion.failures.Add(1)
	}
}
