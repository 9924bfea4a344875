package docstore

import (
	"bytes"
	"cmp"
	"context"
	"errors"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
)

// made is a revision that a batch has made, or that it has brought.
type made struct {
	docID string
	rev   core.Rev
	// write makes it again. It is kept from the first time on: there the contents of attachments may turn out to be stored already, by somebody who removes them before the second.
	write *write
}

// offerRedo tells a store that acknowledges updates before it commits them how to do this batch again, should another tab have been first. The writer has been told its
// revisions by then and relies on them. So they are stored as they are, with their ancestry, as a replication from another
// database would: what both tabs have changed becomes a conflict, and nothing is lost. A local document has the content of who comes last. What refers to contents that it
// has not written itself waits for the log, because another tab might remove those.
func (b *batch) offerRedo(tx kv.Tx) {
	redoer, ok := tx.(kv.Redoer)
	if !ok || b.borrows {
		return
	}
	var docs []made
	for i := range b.writes {
		if result := &b.results[b.writes[i].place]; result.Err == nil {
			docs = append(docs, made{docID: b.writes[i].docID, rev: result.Rev})
		}
	}
	if len(docs) == 0 {
		return
	}
	db := b.db
	redoer.Redo(func(ctx context.Context, was kv.Snapshot, tx kv.Tx) error { return db.redo(ctx, docs, was, tx) })
}

// redo stores revisions as they are in another state of the database.
func (db *DB) redo(ctx context.Context, docs []made, was kv.Snapshot, tx kv.Tx) error {
	b := batch{db: db, replicated: true}
	for i := range docs {
		doc := &docs[i]
		if doc.write == nil {
			w, found, err := doc.read(ctx, was)
			switch {
			case err != nil:
				return err
			case !found:
				continue
			}
			w.body = bytes.Clone(w.body)
			doc.write = &w
		}
		w := *doc.write
		w.place = len(b.writes)
		b.writes = append(b.writes, w)
		if n := len(b.docIDs); !core.IsLocalID(doc.docID) && (n == 0 || b.docIDs[n-1] != doc.docID) {
			b.docIDs = append(b.docIDs, doc.docID)
		}
	}
	b.results = make([]core.BulkResult, len(b.writes))
	return b.run(ctx, tx)
}

// read makes a write of a revision. There is none for a revision whose body is gone: another that was acknowledged later descends from it. Nor is there one for what another
// tab has compacted away: that was in the log before, and so was the revision.
func (m made) read(ctx context.Context, s kv.Snapshot) (w write, found bool, err error) {
	defer func() {
		if errors.Is(err, kv.ErrOutlived) {
			found, err = false, nil
		}
	}()
	w.docID = m.docID
	if core.IsLocalID(m.docID) {
		value, found, err := s.Get(ctx, idKey(localPrefix, m.docID))
		if err != nil || !found {
			w.deleted = true
			return w, true, err
		}
		doc, err := decodeLocal(m.docID, value)
		if err != nil {
			return w, false, err
		}
		w.body = doc.Body
		w.local, err = nextLocal(doc.Rev, false)
		w.local-- // it keeps its number
		return w, true, err
	}
	rec, err := readRecord(ctx, s, m.docID)
	if err != nil || rec == nil {
		return w, false, err
	}
	node, known := rec.tree.Lookup(m.rev)
	if !known || node.Body == noBody {
		return w, false, nil
	}
	w.deleted = node.Deleted
	w.revisions, _ = rec.tree.Ancestry(m.rev)
	w.body, w.attachments, err = readBody(ctx, s, m.docID, node.Body)
	for i := range w.attachments {
		err = cmp.Or(err, w.attachments[i].fill(ctx, nil, s))
	}
	return w, err == nil, err
}
