package replication

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"

	"github.com/gouchdb/gouchdb/core"
)

// side is a database as the keeper of a checkpoint.
type side struct {
	name  string
	db    core.Adapter
	docID string
	rev   core.Rev    // of the stored document, zero when there is none
	doc   *checkpoint // nil when there is none, or none that can be read
	// missed is why it did not take a note of this session. It gets none any more: whether it still is what it was cannot be told.
	missed error
}

// keepers lists the sides that keep checkpoints, the source first.
func (r *replicator) keepers() []*side {
	docID := core.LocalPrefix + r.result.ReplicationID
	source := &side{name: "source", db: r.source, docID: docID}
	target := &side{name: "target", db: r.target, docID: docID}
	switch r.options.Checkpoint {
	case CheckpointSource:
		return []*side{source}
	case CheckpointTarget:
		return []*side{target}
	case CheckpointNone:
		return nil
	}
	return []*side{source, target}
}

// resume finds out where to begin.
func (r *replicator) resume() error {
	r.sides = r.keepers()
	err := errors.Join(r.eachSide(func(s *side) error { return s.read(r.ctx, r.retry) })...)
	if err != nil {
		// Beginning anew in place of this would be right in the end, yet go over everything because of one lost answer.
		return err
	}
	switch len(r.sides) {
	case 1:
		if r.agreed, err = r.confirm(r.sides[0]); err != nil {
			return err
		}
	case 2:
		r.agreed = agree(r.sides[0].doc, r.sides[1].doc)
	}
	if r.agreed == nil {
		return inParallel(r.lookAtTarget, r.setOut)
	}
	if r.options.Checkpoint == CheckpointSource {
		if err := r.lookAtTarget(); err != nil {
			return err
		}
	}
	return r.setOut()
}

// setOut begins where both sides agree, or, when they never met, where others have brought the target.
func (r *replicator) setOut() (err error) {
	if r.agreed == nil && r.options.FollowPouchDB {
		r.agreed, err = r.followPouchDB()
	}
	if r.agreed == nil && err == nil && len(r.sides) == 2 && r.options.Since == "" {
		r.agreed, err = r.followDumps()
	}
	if err != nil {
		return err
	}
	r.progress.seq = r.options.Since
	if r.agreed != nil {
		r.progress.seq = r.agreed.seq
		r.session.last = r.agreed.history[0].last
	}
	r.committed = r.progress.seq
	r.result.StartSeq = r.progress.seq
	r.session.startSeq = r.progress.seq
	if r.agreed == nil {
		r.mark()
	}
	return nil
}

// inParallel calls both and returns the errors.
func inParallel(a, b func() error) error {
	var errs [2]error
	var calls sync.WaitGroup
	calls.Go(func() { errs[0] = a() })
	errs[1] = b()
	calls.Wait()
	return errors.Join(errs[:]...)
}

func isForgotten(failures []error) bool {
	return slices.ContainsFunc(failures, func(failure error) bool { return errors.Is(failure, errForgotten) })
}

// reportMissed tells of sides that did not take a note.
func (r *replicator) reportMissed(failures []error) {
	for _, failure := range failures {
		if len(r.result.CheckpointErrors) < errorsKept {
			r.result.CheckpointErrors = append(r.result.CheckpointErrors, failure)
		}
		r.emit(Event{Type: EventCheckpointFailed, Err: core.AsError(failure), Seq: r.committed})
	}
}

// note writes a checkpoint to all sides that have taken those before, and returns the errors.
func (r *replicator) note(retry *retrier) []error {
	next := r.agreed.follow(r.session)
	return r.eachSide(func(s *side) error {
		if s.missed == nil {
			s.missed = s.write(r.ctx, retry, next, r.trust)
			return s.missed
		}
		return nil
	})
}

// passing returns a failure that another session may not meet, for a live task that will have one: that mends what a side has missed.
func (r *replicator) passing(failures []error) error {
	for _, failure := range failures {
		if r.options.Retry.Forever && mayPass(failure, true) {
			return failure
		}
	}
	return nil
}

// lookAtTarget makes sure that there is a target, which its checkpoint did not tell, and whether it has anything yet.
func (r *replicator) lookAtTarget() error {
	return r.retry.do(r.ctx, "looking at the target", func() error {
		info, err := r.target.Info(r.ctx)
		if err == nil && info.DocCount == 0 && info.DocDelCount == 0 {
			r.diffs.assumeEmpty()
		}
		return err
	})
}

// smallWindow is how many changes a live session asks about before each checkpoint.
const smallWindow = 100

// commit notes on both sides how far everything has been written. It is an error only when no side takes the note.
func (r *replicator) commit(retry *retrier) error {
	if err := r.awaitMark(); err != nil {
		return err
	}
	r.lastCommit = r.options.Clock.Now()
	if len(r.sides) == 0 || !r.moved || r.progress.seq == r.committed {
		return nil
	}
	err := inParallel(func() error { return r.verify(retry) }, func() error {
		return retry.do(r.ctx, "making the written documents durable", func() error { return r.target.Flush(r.ctx) })
	})
	if err != nil {
		return err
	}
	r.session.checkpoints++
	r.session.recorded = r.progress.seq
	r.session.endTime = r.lastCommit
	r.session.counts = r.result.Counts.minus(r.before)
	if r.options.Live && r.window.count <= smallWindow {
		r.window.since = -1 // asked without a failure: between changes there is no request that would have failed
	}
	failures := r.note(retry)
	if isForgotten(failures) {
		return errForgotten
	}
	if r.ctx.Err() != nil || !slices.ContainsFunc(r.sides, func(s *side) bool { return s.missed == nil }) {
		return errors.Join(r.eachSide(func(s *side) error { return s.missed })...)
	}
	if failure := r.passing(failures); failure != nil {
		return failure
	}
	r.committed = r.progress.seq
	r.window = window{}
	r.reportMissed(failures)
	r.emit(Event{Type: EventCheckpoint, Seq: r.committed})
	return nil
}

// verify makes sure that both sides still have the checkpoint that this session knows. One that was made anew, or restored from a backup, while the
// session went on lacks documents too, which only another session brings back. A server that checks revisions refuses the next checkpoint as well; not all do.
func (r *replicator) verify(retry *retrier) error {
	return errors.Join(r.eachSide(func(s *side) error {
		before := *s
		if before.doc == nil || s.missed != nil {
			return nil
		}
		if err := s.read(r.ctx, retry); err != nil {
			return err
		}
		if s.forgot(before) {
			return errForgotten
		}
		return nil
	})...)
}

// eachSide calls for all sides at once and returns the errors.
func (r *replicator) eachSide(call func(*side) error) []error {
	errs := make([]error, len(r.sides))
	var calls sync.WaitGroup
	for i, s := range r.sides {
		calls.Go(func() { errs[i] = call(s) })
	}
	calls.Wait()
	var failures []error
	for _, err := range errs {
		if err != nil {
			failures = append(failures, err)
		}
	}
	return failures
}

// forgot reports whether a side does not have any more what it was seen to have, nor what has come in its place.
func (s *side) forgot(before side) bool {
	if before.doc == nil || s.rev == before.rev && s.doc.same(before.doc) {
		return false
	}
	return s.doc.predates(before.doc) || wentBack(s.rev, before.rev)
}

func (s *side) read(ctx context.Context, retry *retrier) error {
	return retry.do(ctx, "reading the checkpoint of the "+s.name, func() error { return s.readOnce(ctx) })
}

func (s *side) readOnce(ctx context.Context) error {
	doc, err := s.db.Get(ctx, s.docID, core.GetOptions{})
	switch {
	case errors.Is(err, core.ErrMissing):
		s.rev, s.doc = core.Rev{}, nil
		return nil
	case err != nil:
		return err
	}
	s.rev, s.doc = doc.Rev, parseCheckpoint(doc.Body)
	return nil
}

// conflictsBorne bounds how often a write of a checkpoint is repeated because somebody else has just written it.
const conflictsBorne = 5

// write stores a checkpoint over the one that was last seen. When that fails, what is there now is either ours, and just the answer was
// lost, or it comes from a run elsewhere; then ours replaces it, which at worst lets somebody begin further back. Or the failure was that of a server
// which comes back with less than it had: it may take ours in the place of a checkpoint that it does not have any more.
func (s *side) write(ctx context.Context, retry *retrier, next *checkpoint, trust func() error) error {
	body := next.appendJSON(nil)
	failed := false
	for conflicts := 0; ; conflicts++ {
		err := retry.do(ctx, "writing the checkpoint of the "+s.name, func() error {
			if failed {
				before := *s
				if err := s.readOnce(ctx); err != nil || s.doc.same(next) {
					return err
				}
				if s.forgot(before) {
					return errForgotten
				}
			}
			if err := trust(); err != nil {
				return err
			}
			failed = true
			rev, err := core.Put(ctx, s.db, &core.Document{ID: s.docID, Rev: s.rev, Body: body})
			if err == nil {
				s.rev, s.doc = rev, next
			}
			return err
		})
		switch {
		case !errors.Is(err, core.ErrConflict):
			return err
		case conflicts == conflictsBorne:
			return &stepError{"giving up after " + strconv.Itoa(conflicts) + " attempts", err}
		}
	}
}
