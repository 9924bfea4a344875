package livequery

import (
	"context"
	"time"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
)

// query is a live query: the matching documents from the first one to somewhat beyond what is shown.
type query struct {
	db      Source
	request *request
	since   core.Seq // the feed has been followed up to here
	purges  core.Seq // as many are known of
	list    list
	entries map[string]*entry // of the list, by id
	// known is nil when all matching documents are in the list. Else it is a position: all up to there are.
	known []byte
	// failure is why the database could not be asked last. It has been told.
	failure error
}

// edit is what a change makes of a document: its new entry, nil when it does not match any more.
type edit struct {
	id    string
	entry *entry
}

// open finds what there is.
func open(ctx context.Context, db Source, text []byte, options Options) (*query, error) {
	r, err := parse(text, options.Regexp)
	if err != nil {
		return nil, err
	}
	q := &query{db: db, request: r}
	return q, q.find(ctx)
}

// find finds what there is, and notes from where on the feed is to be followed.
func (q *query) find(ctx context.Context) error {
	// The place in the feed comes first: what is written after it, be it found or not, is told by the feed.
	summary, err := q.db.Changes(ctx, core.ChangesOptions{Since: core.Now, Limit: core.NoRows}, func(*core.Change) error { return nil })
	if err != nil {
		return err
	}
	q.since, q.purges = summary.LastSeq, summary.Purges
	return q.fill(ctx)
}

// wait returns what is to be told next.
func (q *query) wait(ctx context.Context) (Update, error) {
	if q.failure != nil {
		changes, err := q.again(ctx, q.failure)
		q.failure = nil
		return Update{Changes: changes}, err
	}
	for {
		changes, err := q.next(ctx, pollWait)
		switch {
		case err != nil && (ctx.Err() != nil || !mayPass(err)):
			return Update{}, err
		case err != nil || len(changes) > 0:
			q.failure = err
			return Update{Changes: changes, Err: err}, nil
		}
	}
}

// next waits for changes, and returns what they do to the result, which may be nothing. It may be something even when it fails: then they have led into the unknown.
func (q *query) next(ctx context.Context, wait time.Duration) ([]Change, error) {
	var edits []edit
	var summary core.ChangesSummary
	options := core.ChangesOptions{Since: q.since, IncludeDocs: true, Conflicts: q.request.Conflicts, Wait: wait, Purges: q.purges}
	err := kv.Again(func() (err error) {
		edits = nil
		summary, err = q.db.Changes(ctx, options, func(change *core.Change) error {
			e, err := q.judge(change)
			if err == nil && (e.entry != nil || q.entries[e.id] != nil) {
				edits = append(edits, e)
			}
			return err
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	purged := summary.Purges != q.purges
	q.since, q.purges = summary.LastSeq, summary.Purges
	return q.update(ctx, edits, purged)
}

// spare is how many documents are kept beyond those that are shown. Twice as many may gather before some are let go.
func (q *query) spare() int { return max(16, (q.request.end-q.request.skip)/4) }

// fill finds what is there. When it fails, the list stays as it was.
func (q *query) fill(ctx context.Context) error {
	wanted := q.request.end
	if q.request.limited() {
		wanted += q.spare()
	}
	var fresh query
	found := 0
	err := kv.Again(func() error {
		fresh, found = query{list: list{descending: q.request.Sort[0].Descending}, entries: map[string]*entry{}}, 0
		_, err := q.db.Find(ctx, q.request.find(wanted), func(text []byte) error {
			found++
			doc, err := core.ParseDocument(text)
			if err != nil {
				return err
			}
			// It is tested again: the place in the order is needed anyway, and what a remote database thinks of equal texts is not what we keep to.
			e, err := q.request.entryOf(doc)
			if err == nil && e != nil {
				fresh.insert(e)
			}
			return err
		})
		return err
	})
	if err != nil {
		return err
	}
	if found == wanted && fresh.list.count > 0 {
		fresh.known = fresh.list.at(fresh.list.count - 1).position
	}
	q.list, q.entries, q.known = fresh.list, fresh.entries, fresh.known
	return nil
}

func (q *query) insert(e *entry) int {
	q.entries[e.id] = e
	return q.list.insert(e)
}

// shown returns the part of the list that is the result.
func (q *query) shown() []*entry { return q.list.part(q.request.skip, q.request.end) }

// judge says what a changed document is now.
func (q *query) judge(change *core.Change) (edit, error) {
	e := edit{id: change.ID}
	if change.Deleted || change.Doc == nil {
		return e, nil
	}
	is, err := q.request.entryOf(change.Doc)
	if is != nil && (q.known == nil || q.list.compare(is.position, q.known) <= 0) {
		e.entry = is // else it is beyond what is kept
	}
	return e, err
}

// compareAll is how many shown documents are worth looking at for each edit, to tell several edits together.
const compareAll = 64

// update applies edits, and returns what they do to the result. After a purge it finds again: the feed does not tell what has gone.
func (q *query) update(ctx context.Context, edits []edit, purged bool) (changes []Change, err error) {
	// Each edit at the edge of a limit lets another document in or out; of many edits only the outcome is of interest.
	together := q.request.limited() && len(edits) > 1 && q.request.end-q.request.skip <= compareAll*len(edits)
	var before []*entry
	if together {
		before = q.shown()
	}
	for _, e := range edits {
		steps := q.apply(e, !together)
		changes = append(changes, steps...)
	}
	q.trim()
	if purged || q.known != nil && q.list.count < q.request.end {
		if !together {
			before = q.shown()
		}
		together = true
		err = q.fill(ctx)
	}
	if together {
		changes = append(changes, difference(before, q.shown())...)
	}
	return changes, err
}

// trim lets go of what is far beyond the limit.
func (q *query) trim() {
	if !q.request.limited() || q.list.count <= q.request.end+2*q.spare() {
		return
	}
	keep := q.request.end + q.spare()
	for q.list.count > keep {
		last := q.list.at(q.list.count - 1)
		q.list.remove(last)
		delete(q.entries, last.id)
	}
	if q.list.count > 0 {
		q.known = q.list.at(q.list.count - 1).position
	}
}
