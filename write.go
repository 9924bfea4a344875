package gouchdb

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/gouchdb/gouchdb/core"
)

// Put writes a document and returns its new revision. The value is encoded as JSON and must be an object. To replace a
// revision, it names that revision in its "_rev" member; without one the document must be new, or deleted. An "_id" member may be left out and otherwise equals docID;
// other members that begin with an underscore are CouchDB's.
//
// Errors: ErrConflict, ErrIllegalDocID, ErrDocValidation, ErrBadRequest, ErrTooLarge.
func (db *DB) Put(ctx context.Context, docID string, value any) (rev string, err error) {
	document, err := encode(value)
	if err != nil {
		return "", fmt.Errorf("encoding document %q: %w", docID, err)
	}
	if document.ID != "" && document.ID != docID {
		return "", ErrBadRequest.Because(fmt.Sprintf("the document's _id is %q, not %q", document.ID, docID))
	}
	document.ID = docID
	if err := core.ValidateDocID(docID); err != nil {
		return "", err
	}
	written, err := core.Put(ctx, db.adapter, document)
	return written.String(), err
}

// Post writes a new document under an id that is made up, unless the value has an "_id" member.
func (db *DB) Post(ctx context.Context, value any) (docID, rev string, err error) {
	document, err := encode(value)
	if err != nil {
		return "", "", fmt.Errorf("encoding a document: %w", err)
	}
	results, err := db.adapter.BulkDocs(ctx, []*core.Document{document}, core.BulkDocsOptions{})
	if err != nil {
		return "", "", err
	}
	if results[0].Err != nil {
		return "", "", results[0].Err
	}
	return results[0].ID, results[0].Rev.String(), nil
}

// Delete deletes a revision of a document: the winner, or a conflict that is to go. It returns the revision of the deletion. Errors: ErrConflict, ErrBadRequest.
func (db *DB) Delete(ctx context.Context, docID, rev string) (string, error) {
	parsed, err := core.ParseRev(rev)
	if err != nil {
		return "", err
	}
	written, err := core.Delete(ctx, db.adapter, docID, parsed)
	return written.String(), err
}

// BulkResult is the outcome of one document of [DB.BulkDocs].
type BulkResult struct {
	ID  string
	Rev string // the new revision when Err is nil
	Err error  // why it was not written
}

// BulkDocs writes documents together, which is much faster than one by one. Each succeeds or fails by itself; but a malformed one
// fails the whole call, with nothing written. The results are in the order of the values.
func (db *DB) BulkDocs(ctx context.Context, values []any) ([]BulkResult, error) {
	documents := make([]*core.Document, len(values))
	for i, value := range values {
		document, err := encode(value)
		if err != nil {
			return nil, fmt.Errorf("encoding document %d of %d: %w", i+1, len(values), err)
		}
		documents[i] = document
	}
	written, err := db.adapter.BulkDocs(ctx, documents, core.BulkDocsOptions{})
	if err != nil {
		return nil, err
	}
	results := make([]BulkResult, len(written))
	for i, result := range written {
		results[i] = BulkResult{ID: result.ID, Rev: result.Rev.String()}
		if result.Err != nil {
			results[i].Err = result.Err
		}
	}
	return results, nil
}

func encode(value any) (*core.Document, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	return core.ParseDocument(text)
}
