package docstore

import (
	"context"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/revtree"
)

// Get reads a document. With Latest it answers with the winner whatever Rev says, as CouchDB does.
func (db *DB) Get(ctx context.Context, docID string, options core.GetOptions) (doc *core.Document, err error) {
	if err := checkDocID(docID); err != nil {
		return nil, err
	}
	err = db.view(ctx, options.LocalSeq, func(s kv.Snapshot) error {
		if core.IsLocalID(docID) {
			doc, err = getLocal(ctx, s, docID, options)
			return err
		}
		value, found, err := s.Get(ctx, idKey(documentPrefix, docID))
		switch {
		case err != nil:
			return err
		case !found:
			return core.ErrMissing.Of(docID)
		case isPlain(options):
			doc, err = getWinner(ctx, s, docID, value, contents{wanted: options.Attachments, lazily: db})
		default:
			doc, err = getRevision(ctx, s, docID, value, options, contents{wanted: options.Attachments, lazily: db})
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return doc, nil
}

// AppendWinner appends the text of what Get answers without options, printed from the store's own memory.
func (db *DB) AppendWinner(ctx context.Context, dst []byte, docID string) ([]byte, error) {
	if err := checkDocID(docID); err != nil {
		return dst, err
	}
	before := len(dst)
	err := db.view(ctx, false, func(s kv.Snapshot) error {
		if core.IsLocalID(docID) {
			doc, err := getLocal(ctx, s, docID, core.GetOptions{})
			if err == nil {
				dst = doc.AppendJSON(dst[:before])
			}
			return err
		}
		value, found, err := s.Get(ctx, idKey(documentPrefix, docID))
		switch {
		case err != nil:
			return err
		case !found:
			return core.ErrMissing.Of(docID)
		}
		winner, _, err := decodeWinner(docID, value)
		switch {
		case err != nil:
			return err
		case winner.Deleted:
			return core.ErrDeleted.Of(docID)
		}
		doc := core.Document{ID: docID, Rev: winner.Rev, Body: core.EmptyBody}
		if winner.Body != emptyBody {
			stored, found, err := s.Get(ctx, numberKey(bodyPrefix, winner.Body))
			switch {
			case err != nil:
				return err
			case !found:
				return core.ErrCorrupt.Because("a body is missing").Of(docID)
			}
			if err := fillIndexed(&doc, winner.Body, stored); err != nil {
				return err
			}
		}
		dst = doc.AppendJSON(dst[:before])
		return nil
	})
	return dst, err
}

// isPlain reports whether the winner is asked for, and nothing that only its tree can tell.
func isPlain(options core.GetOptions) bool {
	return options.Rev.IsZero() && !options.Revs && !options.RevsInfo && !options.Conflicts && !options.DeletedConflicts && !options.LocalSeq &&
		len(options.AttsSince) == 0
}

// getWinner is the plain read. It looks at no more of the tree than it must, however long the history is.
func getWinner(ctx context.Context, s kv.Snapshot, docID string, value []byte, contents contents) (*core.Document, error) {
	winner, _, err := decodeWinner(docID, value)
	if err != nil {
		return nil, err
	}
	if winner.Deleted {
		return nil, core.ErrDeleted.Of(docID)
	}
	doc := &core.Document{ID: docID, Rev: winner.Rev}
	return doc, readInto(ctx, s, doc, winner.Body, contents)
}

func getRevision(ctx context.Context, s kv.Snapshot, docID string, value []byte, options core.GetOptions,
	contents contents) (*core.Document, error) {
	rec, err := decodeRecord(docID, value)
	if err != nil {
		return nil, err
	}
	node, err := rec.choose(options)
	if err != nil {
		return nil, core.AsError(err).Of(docID)
	}
	doc := &core.Document{ID: docID, Rev: node.Rev, Deleted: node.Deleted}
	contents.since = rec.since(node.Rev, options.AttsSince)
	if err := readInto(ctx, s, doc, node.Body, contents); err != nil {
		return nil, err
	}
	return doc, rec.describe(ctx, s, doc, options)
}

// choose finds the revision that a read asks for.
func (r *record) choose(options core.GetOptions) (revtree.Node, error) {
	if options.Rev.IsZero() || options.Latest {
		winner := r.tree.Winner()
		if winner.Deleted {
			return winner, core.ErrDeleted
		}
		return winner, nil
	}
	node, found := r.tree.Lookup(options.Rev)
	if !found || node.Body == noBody {
		return node, core.ErrMissing
	}
	return node, nil
}

// doc makes a document of a revision that has a body, which the reader will fill in.
func (r *record) doc(docID string, node revtree.Node, bodies *bodyReader) *core.Document {
	doc := &core.Document{ID: docID, Rev: node.Rev, Deleted: node.Deleted}
	bodies.want(doc, node.Body)
	return doc
}

// describe adds what a read wants to know beside the document.
func (r *record) describe(ctx context.Context, s kv.Snapshot, doc *core.Document, options core.GetOptions) error {
	if options.Revs {
		limit, err := readRevsLimit(ctx, s)
		if err != nil {
			return err
		}
		doc.Revisions = r.ancestry(doc.Rev, limit)
	}
	if options.RevsInfo {
		doc.RevsInfo = r.tree.RevsInfo(doc.Rev)
	}
	if options.Conflicts {
		doc.Conflicts = r.tree.Conflicts()
	}
	if options.DeletedConflicts {
		doc.DeletedConflicts = r.tree.DeletedConflicts()
	}
	if options.LocalSeq {
		doc.LocalSeq = formatSeq(r.seq)
	}
	return nil
}

// ancestry returns no more revisions than are to be remembered of a path, even when more of them are known because
// another path needs them. Only RevsInfo shows all, as in CouchDB.
func (r *record) ancestry(rev core.Rev, limit uint64) *core.Revisions {
	revisions, _ := r.tree.Ancestry(rev)
	if uint64(len(revisions.Hashes)) > limit {
		revisions.Hashes = revisions.Hashes[:limit:limit]
	}
	return &revisions
}

func readRevsLimit(ctx context.Context, s kv.Snapshot) (uint64, error) {
	m, err := readMeta(ctx, s)
	return m.revsLimit, err
}
