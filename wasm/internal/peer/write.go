package peer

import (
	"context"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/wire"
	"github.com/gouchdb/gouchdb/wasm/internal/engine"
)

// BulkDocs implements [core.Adapter]. Checkpoints are put one by one; documents go as they are, with their contents.
func (db *DB) BulkDocs(ctx context.Context, docs []*core.Document, options core.BulkDocsOptions) ([]core.BulkResult, error) {
	if options.Atomic {
		return nil, core.ErrNotImplemented
	}
	if !options.Replicated {
		return db.putLocal(ctx, docs)
	}
	var raw []byte
	sent := make([]*core.Document, len(docs))
	for i, doc := range docs {
		sent[i] = doc
		if !doc.HasContent() {
			continue
		}
		loaded := *doc
		loaded.Attachments = append([]core.Attachment(nil), doc.Attachments...)
		if err := loaded.Load(ctx); err != nil {
			return nil, err
		}
		head, follow := loaded.Following()
		sent[i] = head
		for _, at := range engine.ScriptOrder(follow) {
			raw = append(raw, follow[at].Data...)
		}
	}
	text, _, err := db.call(ctx, "bulkDocs", string(wire.AppendBulkDocs([]byte(`"request":`), sent, options)), raw)
	if err != nil {
		return nil, err
	}
	failures, err := wire.ParseBulkResults(text)
	if err != nil {
		return nil, err
	}
	// As with CouchDB, only failures are answered. One without a revision is one of all revisions of its document.
	results := make([]core.BulkResult, len(docs))
	for i, doc := range docs {
		results[i] = core.BulkResult{ID: doc.ID, Rev: doc.Rev}
		for _, failure := range failures {
			if failure.Err != nil && failure.ID == doc.ID && (failure.Rev == core.Rev{} || failure.Rev == doc.Rev) {
				results[i].Err = failure.Err
			}
		}
	}
	return results, nil
}

func (db *DB) putLocal(ctx context.Context, docs []*core.Document) ([]core.BulkResult, error) {
	results := make([]core.BulkResult, len(docs))
	for i, doc := range docs {
		text, _, err := db.call(ctx, "put", `"doc":`+string(doc.AppendJSON(nil)), nil)
		if err != nil {
			results[i] = core.BulkResult{ID: doc.ID, Err: core.AsError(err).Of(doc.ID)}
			continue
		}
		written, err := wire.ParseBulkResults(append(append([]byte{'['}, text...), ']'))
		if err != nil || len(written) != 1 {
			return nil, core.ErrNotCouchDB.Because("a put does not answer with a result")
		}
		results[i] = written[0]
	}
	return results, nil
}

// GetAttachment implements [core.Adapter].
func (db *DB) GetAttachment(ctx context.Context, docID, name string, rev core.Rev) (*core.Attachment, error) {
	arguments := member("id", docID) + "," + member("name", name) + `,"rev":` + string(core.AppendRev(nil, rev))
	_, data, err := db.call(ctx, "getAttachment", arguments, nil)
	if err != nil {
		return nil, err
	}
	return &core.Attachment{Name: name, Length: int64(len(data)), Data: data}, nil
}

// Flush implements [core.Adapter]: what the object says it has written is written.
func (db *DB) Flush(context.Context) error { return nil }

// Close implements [core.Adapter]. The object stays as it is.
func (db *DB) Close() error { return nil }

// AllDocs implements [core.Adapter].
func (db *DB) AllDocs(context.Context, core.AllDocsOptions, func(*core.AllDocsRow) error) (core.AllDocsSummary, error) {
	return core.AllDocsSummary{}, unneeded()
}

// PutAttachment implements [core.Adapter].
func (db *DB) PutAttachment(context.Context, string, core.Rev, core.Attachment) (core.Rev, error) {
	return core.Rev{}, unneeded()
}

// RemoveAttachment implements [core.Adapter].
func (db *DB) RemoveAttachment(context.Context, string, string, core.Rev) (core.Rev, error) {
	return core.Rev{}, unneeded()
}

// RevsLimit implements [core.Adapter].
func (db *DB) RevsLimit(context.Context) (int, error) { return 0, unneeded() }

// SetRevsLimit implements [core.Adapter].
func (db *DB) SetRevsLimit(context.Context, int) error { return unneeded() }

// Compact implements [core.Adapter].
func (db *DB) Compact(context.Context) error { return unneeded() }

// Purge implements [core.Adapter].
func (db *DB) Purge(context.Context, []core.DocRevs) (core.PurgeResult, error) {
	return core.PurgeResult{}, unneeded()
}

// Destroy implements [core.Adapter].
func (db *DB) Destroy(context.Context) error { return unneeded() }
