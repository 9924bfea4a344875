package replication

import (
	"errors"
	"slices"
	"sync"

	"github.com/gouchdb/gouchdb/core"
)

// diffPolicy leaves out asking the target what it lacks while it lacks nearly everything. Writing a revision again changes
// nothing, so that a wrong guess costs bytes only, and every few batches it asks again.
type diffPolicy struct {
	mutex sync.Mutex
	skips int
}

const (
	skippedDiffs = 7  // in a row
	tellingDiff  = 50 // revisions: fewer say nothing about what is to come
)

// assumeEmpty starts without asking.
func (p *diffPolicy) assumeEmpty() { p.skips = skippedDiffs }

func (p *diffPolicy) ask() bool {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.skips == 0 {
		return true
	}
	p.skips--
	return false
}

func (p *diffPolicy) learn(checked, found int) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.skips = 0
	if checked >= tellingDiff && found*20 >= checked*19 {
		p.skips = skippedDiffs
	}
}

// findMissing returns the revisions of a batch that are to be fetched.
func (r *replicator) findMissing(b *batch) (wanted []core.DocRev, counts Counts, err error) {
	lacking := b.revsByID()
	for _, request := range lacking {
		counts.MissingChecked += len(request.Revs)
	}
	if b.awaited || r.diffs.ask() {
		all := lacking
		if lacking, err = r.revsDiff(all); err != nil {
			return nil, counts, err
		}
		b.there = others(all, lacking)
	}
	for _, doc := range lacking {
		for _, rev := range doc.Revs {
			wanted = append(wanted, core.DocRev{ID: doc.ID, Rev: rev})
		}
	}
	counts.MissingFound = len(wanted)
	return wanted, counts, nil
}

// others returns what is in all but not lacking.
func others(all, lacking []core.DocRevs) []core.DocRevs {
	missing := make(map[string][]core.Rev, len(lacking))
	for _, doc := range lacking {
		missing[doc.ID] = doc.Revs
	}
	var rest []core.DocRevs
	for _, doc := range all {
		without := missing[doc.ID]
		if len(without) == 0 {
			rest = append(rest, doc)
			continue
		}
		var revs []core.Rev
		for _, rev := range doc.Revs {
			if !slices.Contains(without, rev) {
				revs = append(revs, rev)
			}
		}
		if len(revs) > 0 {
			rest = append(rest, core.DocRevs{ID: doc.ID, Revs: revs})
		}
	}
	return rest
}

func (r *replicator) revsDiff(requests []core.DocRevs) ([]core.DocRevs, error) {
	var diffs []core.RevsDiff
	err := r.retry.do(r.ctx, "asking the target what it lacks", func() (err error) {
		diffs, err = inHalves(requests, func(part []core.DocRevs) ([]core.RevsDiff, error) {
			return r.target.RevsDiff(r.ctx, part)
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	checked, found := 0, 0
	for _, request := range requests {
		checked += len(request.Revs)
	}
	lacking := make([]core.DocRevs, len(diffs))
	for i, diff := range diffs {
		lacking[i] = core.DocRevs{ID: diff.ID, Revs: diff.Missing}
		found += len(diff.Missing)
	}
	r.diffs.learn(checked, found)
	r.ancestors.learn(diffs)
	return lacking, nil
}

// inHalves calls with all items, or, where the answer is that these are too many at once, with each half.
func inHalves[Item, Answer any](items []Item, call func([]Item) ([]Answer, error)) ([]Answer, error) {
	answers, err := call(items)
	failure, is := errors.AsType[*core.Error](err)
	if len(items) < 2 || !is || failure.Status != core.ErrTooLarge.Status {
		return answers, err
	}
	answers, err = inHalves(items[:len(items)/2], call)
	if err != nil {
		return nil, err
	}
	rest, err := inHalves(items[len(items)/2:], call)
	return append(answers, rest...), err
}
