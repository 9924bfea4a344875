package replication

import (
	"slices"

	"github.com/gouchdb/gouchdb/core"
)

// Where one side alone keeps checkpoints, nothing of the other tells that it was restored from a backup, or made anew, since. So each session notes the newest change that both
// had: a side that does not have it any more is not what it was.

// remember keeps the newest change of a batch that both sides have.
func (r *replicator) remember(b *batch, written []*core.Document) {
	if len(r.sides) != 1 || r.progress.pinned {
		return
	}
	there := make(map[core.DocRev]bool)
	for _, doc := range b.there {
		for _, rev := range doc.Revs {
			there[core.DocRev{ID: doc.ID, Rev: rev}] = true
		}
	}
	for _, doc := range written {
		there[core.DocRev{ID: doc.ID, Rev: doc.Rev}] = true
	}
	for _, row := range slices.Backward(b.rows) {
		for _, rev := range row.revs {
			if change := (core.DocRev{ID: row.id, Rev: rev}); there[change] {
				r.session.last = change
				return
			}
		}
	}
}

// confirm returns the newest point noted by the one side that keeps checkpoints of which the other side still has the last change, nil when there is none.
func (r *replicator) confirm(keeper *side) (*checkpoint, error) {
	noted := keeper.doc
	if noted == nil {
		return nil, nil
	}
	other := r.source
	if keeper.name == "source" {
		other = r.target
	}
	var asked batch
	for i := range noted.history {
		if last := noted.history[i].last; last.ID != "" {
			asked.rows = append(asked.rows, row{id: last.ID, revs: []core.Rev{last.Rev}})
		}
	}
	var gone []core.RevsDiff
	if len(asked.rows) > 0 {
		err := r.retry.do(r.ctx, "asking whether the other side is what it was", func() (err error) {
			gone, err = other.RevsDiff(r.ctx, asked.revsByID())
			return err
		})
		if err != nil && !refusesQuestion(err) {
			return nil, err
		}
	}
	for i := range noted.history {
		s := &noted.history[i]
		lost := slices.ContainsFunc(gone, func(diff core.RevsDiff) bool {
			return diff.ID == s.last.ID && slices.Contains(diff.Missing, s.last.Rev)
		})
		if !lost {
			return &checkpoint{session: s.id, seq: s.recorded, history: noted.history[i:]}, nil
		}
	}
	return nil, nil
}

// refusesQuestion reports whether a database is one that does not answer such questions, so that nothing can be found out.
func refusesQuestion(err error) bool {
	switch judge(core.AsError(err)) {
	case verdictDenied, verdictMissing, verdictDivide:
		return true
	}
	return false
}
