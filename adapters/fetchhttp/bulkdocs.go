package fetchhttp

import (
	"context"
	"errors"
	"slices"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/wire"
)

// BulkDocs writes documents, in one request and once.
func (db *DB) BulkDocs(ctx context.Context, docs []*core.Document, options core.BulkDocsOptions) ([]core.BulkResult, error) {
	if options.Atomic {
		return nil, core.ErrNotImplemented.Because("CouchDB cannot write all of a batch or nothing")
	}
	if len(docs) == 0 {
		return []core.BulkResult{}, nil
	}
	sent := make([]*core.Document, len(docs))
	for i, doc := range docs {
		sent[i] = written(doc, options)
	}
	if len(sent) == 1 && core.IsLocalID(sent[0].ID) {
		return db.putLocal(ctx, sent[0])
	}
	if len(sent) == 1 && sent[0].HasContent() && sent[0].ID != "" && !hasNoURL(sent[0].ID) {
		result, err := db.putMultipart(ctx, sent[0], options)
		if err != nil {
			return nil, err
		}
		return []core.BulkResult{result}, nil
	}
	for _, doc := range sent {
		if err := doc.Load(ctx); err != nil {
			return nil, err
		}
	}
	text, err := db.ask(ctx, call{method: "POST", path: "/_bulk_docs", body: wire.AppendBulkDocs(nil, sent, options)})
	if err != nil {
		return nil, err
	}
	rows, err := wire.ParseBulkResults(text)
	if err != nil {
		return nil, err
	}
	if options.Replicated {
		return replicatedResults(docs, rows)
	}
	if len(rows) != len(docs) {
		return nil, core.ErrNotCouchDB.Because("the answer to a bulk write has another number of rows than documents")
	}
	for i := range rows {
		if rows[i].Err == nil && rows[i].Rev.IsZero() {
			return nil, core.ErrNotCouchDB.Because("the answer to a bulk write lacks a revision")
		}
	}
	return rows, nil
}

// written leaves of a document what a write takes.
func written(doc *core.Document, options core.BulkDocsOptions) *core.Document {
	stripped := &core.Document{ID: doc.ID, Rev: doc.Rev, Deleted: doc.Deleted, Body: doc.Body, Attachments: slices.Clone(doc.Attachments)}
	if options.Replicated {
		stripped.Revisions = doc.Revisions
	}
	return stripped
}

// replicatedResults completes the answer to a replicated write, which lists failures only.
func replicatedResults(docs []*core.Document, rows []core.BulkResult) ([]core.BulkResult, error) {
	results := make([]core.BulkResult, len(docs))
	for i, doc := range docs {
		results[i] = core.BulkResult{ID: doc.ID, Rev: doc.Rev}
	}
	for _, row := range rows {
		if row.Err != nil && !setFailure(results, row) {
			return nil, core.ErrNotCouchDB.Because("the answer to a bulk write names a document that was not sent")
		}
	}
	return results, nil
}

// setFailure enters a failure where its document stands. Not every server names the revision: then the failure is that of all revisions of the document,
// because none of them is known to be written.
func setFailure(results []core.BulkResult, row core.BulkResult) bool {
	found := false
	for i := range results {
		if results[i].ID == row.ID && (row.Rev.IsZero() || results[i].Rev == row.Rev) {
			results[i].Err, found = row.Err, true
		}
	}
	return found
}

// putLocal writes a local document, such as a checkpoint, in the way that every server knows.
func (db *DB) putLocal(ctx context.Context, doc *core.Document) ([]core.BulkResult, error) {
	path, err := docPath(doc.ID)
	if err != nil {
		return nil, core.ValidateDocID(doc.ID)
	}
	text, err := db.ask(ctx, call{method: "PUT", path: path, body: doc.AppendJSON(nil), docID: doc.ID})
	if failure, is := errors.AsType[*core.Error](err); is && (failure.Status == 409 || failure.Status == 403) {
		return []core.BulkResult{{ID: doc.ID, Err: failure}}, nil
	}
	if err != nil {
		return nil, err
	}
	rev, err := writtenRev(text, doc.ID)
	if err != nil {
		return nil, err
	}
	return []core.BulkResult{{ID: doc.ID, Rev: rev}}, nil
}
