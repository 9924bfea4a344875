package replication

import (
	"errors"

	"github.com/gouchdb/gouchdb/core"
)

// mark begins to note on both sides that this session has begun and copied nothing yet. A side that is restored from a backup, or made anew, before the next
// checkpoint has no such note, or an older one, which tells it from what it was: see verify.
func (r *replicator) mark() {
	if r.begun || len(r.sides) == 0 || r.progress.seq == core.Now {
		return
	}
	r.begun = true
	r.session.checkpoints++
	r.session.recorded = r.progress.seq
	r.session.endTime = r.lastCommit
	once := *r.retry
	once.policy.Attempts = min(once.policy.Attempts, sessionAttempts)
	marked := make(chan []error, 1)
	r.marked = marked
	r.workers.Go(func() {
		// Not every server refuses a note in the place of one that it does not have: what would tell that it was restored must not be written over.
		if err := r.verify(&once); err != nil {
			marked <- []error{err}
			return
		}
		marked <- r.note(&once)
	})
}

// awaitMark returns when the mark is there: nothing may be written sooner.
func (r *replicator) awaitMark() error {
	if r.marked == nil {
		return nil
	}
	failures := <-r.marked
	r.marked = nil
	if r.ctx.Err() != nil {
		return errors.Join(failures...)
	}
	if isForgotten(failures) {
		return errForgotten
	}
	r.reportMissed(failures)
	return r.passing(failures)
}
