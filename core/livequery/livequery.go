package livequery

import (
	"context"
	"time"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/mango"
)

// Source is a database that can be queried.
type Source interface {
	core.Adapter
	core.Finder
}

// Options are the options of a live query.
type Options struct {
	// Regexp runs the patterns of $regex here, where changed documents are tested.
	Regexp mango.Engine
}

// ChangeType says what a [Change] did to a document of the result.
type ChangeType string

// The types of changes.
const (
	Added   ChangeType = "added"
	Changed ChangeType = "changed" // it is where it was
	Moved   ChangeType = "moved"   // and perhaps changed, too
	Removed ChangeType = "removed"
)

// Change is one step from one result to the next. Who applies the steps of an update in their order, taking the document out at From and putting
// it in at To, has the new result.
type Change struct {
	Type     ChangeType
	ID       string
	From, To int    // indexes in the result, before and after this step; -1 where the document is not in it
	Doc      []byte // as a find shows it; nil when it was removed
}

// Update leads to the result of one state of the database.
type Update struct {
	// Initial marks the first update, which comes even if nothing is found: it adds what was there.
	Initial bool
	Changes []Change
	// Err tells that the database cannot be asked for now, and why: the result stays as it is after these changes until it can. It is told once. The next update, which may
	// have no changes, comes when the database has answered again.
	Err error
}

// pollWait is how long one reading of the feed waits; then the next begins.
const pollWait = 5 * time.Minute

// Run calls each with the result, and then with what becomes of it, until the context ends, or each or the database returns an error, which is returned. But a failure that may
// pass, of a database that has answered before, is told to each, and the database is asked again until it answers.
// What comes while each is at work is told together afterwards. text is the body of a find, with selector, sort, skip, limit,
// fields, conflicts, use_index and allow_fallback. Without a limit there is none, and without a sort the order is that of the ids.
//
// Errors: those of a bad request, of status 400, and those of the database.
func Run(ctx context.Context, db Source, text []byte, options Options, each func(Update) error) error {
	q, err := open(ctx, db, text, options)
	if err != nil {
		return err
	}
	update := Update{Initial: true, Changes: difference(nil, q.shown())}
	for {
		if err := each(update); err != nil {
			return err
		}
		if update, err = q.wait(ctx); err != nil {
			return err
		}
	}
}
