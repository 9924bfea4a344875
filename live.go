package gouchdb

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/livequery"
	"github.com/gouchdb/gouchdb/internal/regexps"
)

// LiveUpdate leads from one result of a live query to the next.
type LiveUpdate struct {
	// Initial marks the first update, which comes even if nothing is found: it adds what was there.
	Initial bool
	// Changes are steps: taken in their order, the document out at From and in at To, they make the new result of the old one.
	Changes []LiveChange
	// Err tells that the database, a remote one mostly, cannot be asked for now, and why: the result stays as it is after these changes until it can. It is told once; the
	// next update, which may have no changes, comes when the database has answered again.
	Err error
}

// LiveChange is a document that came into a result, changed or moved in it, or left it.
type LiveChange struct {
	Type     LiveChangeType
	ID       string
	From, To int       // indexes in the result before and after this step, -1 where the document is not in it
	Doc      *Document // nil when it was removed
}

// LiveChangeType says what a [LiveChange] did.
type LiveChangeType = livequery.ChangeType

// The types of changes to a result.
const (
	LiveAdded   = livequery.Added
	LiveChanged = livequery.Changed // where it was
	LiveMoved   = livequery.Moved   // and perhaps changed, too
	LiveRemoved = livequery.Removed
)

// LiveFind yields the result of a query, and then what becomes of it, as [DB.Find] would answer after each write, until the loop is left or the context
// ends; then it yields the context's error. A failure of the database that may pass does not end it: see [LiveUpdate]. What is written while the loop's body is at work comes together afterwards. Without a Sort the documents come in
// the order of their ids. Bookmark and MayLag cannot be set.
//
// What a change costs does not depend on the size of the result. The result itself is the caller's to keep, by taking the steps of each update.
func (db *DB) LiveFind(ctx context.Context, query Query) iter.Seq2[*LiveUpdate, error] {
	return func(yield func(*LiveUpdate, error) bool) {
		err := db.liveFind(ctx, query, func(update *LiveUpdate) error {
			if !yield(update, nil) {
				return errEnough
			}
			return nil
		})
		if !errors.Is(err, errEnough) {
			yield(nil, err)
		}
	}
}

func (db *DB) liveFind(ctx context.Context, query Query, each func(*LiveUpdate) error) error {
	_, request, err := db.query(query)
	if err != nil {
		return err
	}
	source, ok := db.adapter.(livequery.Source)
	if !ok {
		return ErrNotImplemented.Because("this database answers no queries")
	}
	return livequery.Run(ctx, source, request, livequery.Options{Regexp: regexps.Compile}, func(update livequery.Update) error {
		told := &LiveUpdate{Initial: update.Initial, Err: update.Err}
		for _, change := range update.Changes {
			c := LiveChange{Type: change.Type, ID: change.ID, From: change.From, To: change.To}
			if change.Doc != nil {
				document, err := core.ParseDocument(change.Doc)
				if err != nil {
					return fmt.Errorf("reading what was found: %w", err)
				}
				c.Doc = foundOf(document, change.Doc)
				c.Doc.ID = change.ID
			}
			told.Changes = append(told.Changes, c)
		}
		return each(told)
	})
}
