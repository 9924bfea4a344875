package fetchhttp

import (
	"context"

	"github.com/gouchdb/gouchdb/core"
)

// Documents called "." and ".." have no URL: every client takes their path for that of a folder, escaped or not. They are read by requests that name them in the body.

func hasNoURL(docID string) bool { return docID == "." || docID == ".." }

// getByBody is Get for a document without a URL.
func (db *DB) getByBody(ctx context.Context, docID string, options core.GetOptions) (*core.Document, error) {
	if options.RevsInfo || options.DeletedConflicts || options.LocalSeq {
		return nil, core.ErrNotImplemented.Because("no URL can name this document, so that not all can be asked about it").Of(docID)
	}
	var winner *core.Document
	revision := options.Rev
	if revision.IsZero() || options.Latest {
		rows, _, err := core.ListAllDocs(ctx, db, core.AllDocsOptions{Keys: []string{docID}, IncludeDocs: true, Conflicts: options.Conflicts})
		switch {
		case err != nil:
			return nil, err
		case len(rows) != 1 || rows[0].Missing:
			return nil, core.ErrMissing.Of(docID)
		case rows[0].Deleted:
			return nil, core.ErrDeleted.Of(docID)
		case rows[0].Doc == nil:
			return nil, core.ErrNotCouchDB.Because("a listing of documents lacks one").Of(docID)
		}
		winner, revision = rows[0].Doc, rows[0].Rev
		if !options.Revs && !options.Attachments {
			return winner, nil
		}
	}
	revs, err := db.openRevsByBody(ctx, docID, core.OpenRevsOptions{Revs: []core.Rev{revision}, WithRevisions: options.Revs, Attachments: options.Attachments})
	if err != nil {
		return nil, err
	}
	if len(revs) != 1 || revs[0].Doc == nil {
		return nil, core.ErrMissing.Of(docID)
	}
	doc := *revs[0].Doc
	if winner != nil {
		doc.Conflicts = winner.Conflicts
	}
	return &doc, nil
}

// openRevsByBody is OpenRevs for a document without a URL.
func (db *DB) openRevsByBody(ctx context.Context, docID string, options core.OpenRevsOptions) ([]core.OpenRev, error) {
	requests := []core.DocRev{{ID: docID}}
	if !options.All {
		requests = requests[:0]
		for _, rev := range options.Revs {
			requests = append(requests, core.DocRev{ID: docID, Rev: rev})
		}
	}
	results, err := db.bulkGetOnly(ctx, requests, core.BulkGetOptions{Revs: options.WithRevisions, Latest: options.Latest, Attachments: options.Attachments})
	if err != nil {
		return nil, err
	}
	revs := []core.OpenRev{}
	for _, result := range results {
		for _, doc := range result.Docs {
			if doc.Err != nil && options.All {
				return nil, doc.Err
			}
			revs = append(revs, core.OpenRev{Rev: doc.Rev, Doc: doc.Doc})
		}
	}
	return sortOpenRevs(revs), nil
}
