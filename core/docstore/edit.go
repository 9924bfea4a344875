package docstore

import (
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/revid"
	"github.com/gouchdb/gouchdb/core/revtree"
)

// edit changes documents within an update.
type edit struct {
	db         *DB
	tx         kv.Tx
	meta       *meta
	results    []core.BulkResult
	replicated bool
}

// document applies the writes of one document, one after the other: each sees what those before it did.
func (e *edit) document(docID string, was *record, writes []write) error {
	var tree revtree.Tree
	if was != nil {
		tree = was.tree
	}
	before := tree
	for i := range writes {
		w := &writes[i]
		result := &e.results[w.place]
		result.Rev, result.Err = core.Rev{}, nil
		path := revtree.Path{Revisions: w.revisions, Deleted: w.deleted}
		if !e.replicated {
			parent, rev, err := newEdit(tree, w)
			if err != nil {
				result.Err = core.AsError(err).Of(docID)
				continue
			}
			path.Revisions = core.Revisions{Start: rev.Generation, Hashes: []string{rev.Hash}}
			if !parent.IsZero() {
				path.Revisions.Hashes = append(path.Revisions.Hashes, parent.Hash)
			}
		}
		path.Body = emptyBody
		if !isEmptyBody(w.body) {
			path.Body = e.meta.nextBody
		}
		merged, outcome := tree.Merge(path)
		if !e.replicated && outcome != revtree.NewLeaf {
			result.Err = core.ErrConflict.Of(docID)
			continue
		}
		result.Rev = path.Revisions.Rev(0)
		if path.Body != emptyBody && outcome != revtree.Known {
			// An ancestor that comes late may have a body already.
			if node, _ := merged.Lookup(result.Rev); node.Body == path.Body {
				e.tx.Put(numberKey(bodyPrefix, path.Body), w.body)
				e.meta.nextBody++
			}
		}
		tree = merged
	}
	if len(writes) > 0 && !tree.Equal(before) {
		e.store(docID, was, tree, before)
	}
	return nil
}

// newEdit decides whether a new edit may be made, on which parent, and which revision it makes.
func newEdit(tree revtree.Tree, w *write) (parent, rev core.Rev, err error) {
	if tree.IsEmpty() {
		if !w.parent.IsZero() {
			return parent, rev, core.ErrConflict
		}
		return parent, w.rev, w.revError
	}
	winner := tree.Winner()
	switch {
	case winner.Deleted && w.parent.IsZero() && !w.deleted:
		// A document that was deleted begins anew where it ended, so that the new one wins everywhere.
		rev, err = revid.New(winner.Rev, w.deleted, w.body, nil)
		return winner.Rev, rev, err
	case winner.Deleted || w.parent.IsZero():
		return parent, rev, core.ErrConflict
	}
	if node, found := tree.Lookup(w.parent); !found || !node.Leaf {
		return parent, rev, core.ErrConflict
	}
	return w.parent, w.rev, w.revError
}

// store gives a changed document its new place in the feed, forgets what is too old, and counts.
func (e *edit) store(docID string, was *record, tree, before revtree.Tree) {
	tree, bodies := tree.Stem(int(min(e.meta.revsLimit, 1<<31-1)))
	e.deleteBodies(bodies)
	if e.db.options.AutoCompaction {
		tree, bodies = tree.WithoutInnerBodies()
		e.deleteBodies(bodies)
	}
	if tree.Equal(before) {
		return // stemming undid it all
	}
	e.meta.updateSeq++
	e.replace(docID, was, &record{seq: e.meta.updateSeq, deleted: tree.Winner().Deleted, tree: tree})
}

// replace writes a document's record and what depends on it; a nil record stands for no document.
func (e *edit) replace(docID string, was, is *record) {
	e.meta.count(was, is)
	if was != nil && (is == nil || is.seq != was.seq) {
		e.tx.Delete(numberKey(sequencePrefix, was.seq))
	}
	if is == nil {
		e.tx.Delete(idKey(documentPrefix, docID))
		return
	}
	if was == nil || is.seq != was.seq {
		e.tx.Put(numberKey(sequencePrefix, is.seq), []byte(docID))
	}
	e.tx.Put(idKey(documentPrefix, docID), is.append(nil))
}

func (e *edit) deleteBodies(numbers []uint64) {
	for _, number := range numbers {
		if number != emptyBody {
			e.tx.Delete(numberKey(bodyPrefix, number))
		}
	}
}
