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
	err = db.store.View(ctx, func(s kv.Snapshot) error {
		if core.IsLocalID(docID) {
			doc, err = getLocal(ctx, s, docID, options)
			return err
		}
		rec, err := readRecord(ctx, s, docID)
		if err != nil {
			return err
		}
		if rec == nil {
			return core.ErrMissing.Of(docID)
		}
		node, err := rec.choose(options)
		if err != nil {
			return core.AsError(err).Of(docID)
		}
		var bodies bodyReader
		doc = rec.doc(docID, node, &bodies)
		if err := rec.describe(ctx, s, doc, options); err != nil {
			return err
		}
		_, err = bodies.read(ctx, s)
		return err
	})
	if err != nil {
		return nil, err
	}
	return doc, nil
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
