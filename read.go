package gouchdb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/gouchdb/gouchdb/core"
)

// Document is a document as it was read.
type Document struct {
	ID      string
	Rev     string
	Deleted bool
	// Conflicts are the revisions of the other versions that wait to be resolved, when they were asked for.
	Conflicts []string
	// RevsInfo tells which revisions of its history can still be read, when it was asked for; the newest first.
	RevsInfo []RevInfo

	document *core.Document
	text     []byte // of a part of a document, which document does not print
}

// RevInfo tells whether the body of a revision can be had: "available", "missing" or "deleted".
type RevInfo struct {
	Rev    string
	Status string
}

// JSON returns the whole document as text, with _id, _rev and what else was asked for; of a query with Fields, these.
func (d *Document) JSON() []byte {
	if d.text != nil {
		return append([]byte(nil), d.text...)
	}
	return d.document.AppendJSON(nil)
}

// Decode decodes the whole document into what value points to. A field with the tag `json:"_id"` gets the id, one with `json:"_rev"` the revision.
func (d *Document) Decode(value any) error {
	if err := json.Unmarshal(d.JSON(), value); err != nil {
		return fmt.Errorf("decoding document %q: %w", d.ID, err)
	}
	return nil
}

func documentOf(document *core.Document) *Document {
	if document == nil {
		return nil
	}
	d := &Document{
		ID: document.ID, Rev: document.Rev.String(), Deleted: document.Deleted,
		Conflicts: revTexts(document.Conflicts), document: document,
	}
	for _, info := range document.RevsInfo {
		d.RevsInfo = append(d.RevsInfo, RevInfo{Rev: info.Rev.String(), Status: info.Status})
	}
	return d
}

func revTexts(revs []core.Rev) []string {
	var texts []string
	for _, rev := range revs {
		texts = append(texts, rev.String())
	}
	return texts
}

// GetOptions are the options of [DB.Get].
type GetOptions struct {
	Rev       string // this revision instead of the winner
	Conflicts bool   // fill Conflicts
	RevsInfo  bool   // fill RevsInfo
}

// Get reads a document. Errors: ErrMissing, also for a deleted document unless its revision is asked for.
func (db *DB) Get(ctx context.Context, docID string, options GetOptions) (*Document, error) {
	read := core.GetOptions{Conflicts: options.Conflicts, RevsInfo: options.RevsInfo}
	if options.Rev != "" {
		rev, err := core.ParseRev(options.Rev)
		if err != nil {
			return nil, err
		}
		read.Rev = rev
	}
	document, err := db.adapter.Get(ctx, docID, read)
	return documentOf(document), err
}

// NoRows as a Limit asks for no rows at all. A Limit of 0 is no limit.
const NoRows = core.NoRows

// AllDocsOptions choose the rows of [DB.AllDocs]: those from StartKey to EndKey (in reading order), or those of Keys, unknown and deleted ones included.
type AllDocsOptions = core.AllDocsOptions

// Row is a row of [DB.AllDocs].
type Row struct {
	ID      string
	Rev     string
	Deleted bool      // only with Keys
	Missing bool      // only with Keys: there is no such document
	Doc     *Document // with IncludeDocs
}

// AllDocs yields the documents in the order of their ids (by bytes), on one snapshot of a local database. After an error it ends.
func (db *DB) AllDocs(ctx context.Context, options AllDocsOptions) iter.Seq2[*Row, error] {
	return func(yield func(*Row, error) bool) {
		_, err := db.adapter.AllDocs(ctx, options, func(row *core.AllDocsRow) error {
			r := &Row{ID: row.Key, Rev: row.Rev.String(), Deleted: row.Deleted, Missing: row.Missing, Doc: documentOf(row.Doc)}
			if !yield(r, nil) {
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield(nil, err)
		}
	}
}

// errEnough ends a reading whose consumer has seen enough.
var errEnough = errors.New("the loop was left")

// ChangesOptions choose the rows of [DB.Changes].
type ChangesOptions struct {
	// Since goes on after a change that was seen before; empty: from the beginning; "now": only what comes.
	Since string
	// Live waits for further changes, until the context ends or the loop is left.
	Live        bool
	Limit       int // 0: no limit
	Descending  bool
	IncludeDocs bool
	Conflicts   bool     // with IncludeDocs: fill Conflicts
	AllLeaves   bool     // the revisions of conflicts too, not only the winner's
	DocIDs      []string // when not nil, only these documents
	// Filter says which documents are shown, by a Mango selector, a view, a function of a design document or one in Go.
	Filter ChangesFilter
}

// ChangesFilter says which documents a feed shows.
type ChangesFilter = core.ChangesFilter

// Change is a document that was changed, at its latest position in the feed.
type Change struct {
	Seq     string // opaque; [ChangesOptions].Since goes on after it
	ID      string
	Revs    []string // the winner first
	Deleted bool
	Doc     *Document // with IncludeDocs
}

// liveWait is how long one reading of a live feed waits; then the next begins.
const liveWait = time.Minute

// Changes yields what was changed, in order. After an error it ends; a live feed yields the context's error at its end.
func (db *DB) Changes(ctx context.Context, options ChangesOptions) iter.Seq2[*Change, error] {
	return func(yield func(*Change, error) bool) {
		read := core.ChangesOptions{
			Since: core.Seq(options.Since), Limit: options.Limit, Descending: options.Descending, IncludeDocs: options.IncludeDocs,
			Conflicts: options.Conflicts, AllLeaves: options.AllLeaves, DocIDs: options.DocIDs,
			Filter: options.Filter,
		}
		if options.Live {
			if options.Descending {
				yield(nil, ErrBadRequest.Because("a live feed cannot be descending"))
				return
			}
			read.Wait = liveWait
		}
		for {
			rows := 0
			summary, err := db.adapter.Changes(ctx, read, func(change *core.Change) error {
				rows++
				c := &Change{
					Seq: string(change.Seq), ID: change.ID, Revs: revTexts(change.Revs), Deleted: change.Deleted, Doc: documentOf(change.Doc),
				}
				if !yield(c, nil) {
					return errEnough
				}
				return nil
			})
			if errors.Is(err, errEnough) {
				return
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !options.Live || options.Limit < 0 {
				return
			}
			if options.Limit > 0 {
				if read.Limit -= rows; read.Limit == 0 {
					return
				}
			}
			read.Since = summary.LastSeq
		}
	}
}
