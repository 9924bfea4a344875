package docstore

import (
	"context"
	"errors"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/revid"
	"github.com/gouchdb/gouchdb/core/revtree"
)

// edit changes documents within an update.
type edit struct {
	ctx        context.Context
	db         *DB
	tx         kv.Tx
	meta       *meta
	results    []core.BulkResult
	replicated bool
	indexing   indexing
	borrows    bool // it refers to the content of an attachment that it has not written
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
		var attachments []attachment
		if e.replicated && len(w.attachments) > 0 {
			var err error
			if attachments, err = e.inherit(docID, tree, w); err != nil {
				return err
			}
		}
		if !e.replicated {
			parent, rev, err := newEdit(tree, w)
			if len(w.attachments) > 0 && err == nil {
				rev, attachments, err = e.attach(docID, tree, w, parent)
				if errors.Is(err, core.ErrMissingStub) || errors.Is(err, core.ErrCorrupt) {
					return err
				}
			}
			if err != nil {
				result.Err = core.AsError(err).Of(docID)
				continue
			}
			if e.db.options.RandomRevs {
				raw := randomBytes()
				rev.Hash = string(raw[:])
			}
			path.Revisions = core.Revisions{Start: rev.Generation, Hashes: []string{rev.Hash}}
			if !parent.IsZero() {
				path.Revisions.Hashes = append(path.Revisions.Hashes, parent.Hash)
			}
		}
		path.Body = emptyBody
		switch {
		case len(attachments) > 0:
			path.Body = e.meta.nextBody | attachedBit
		case !isEmptyBody(w.body):
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
				e.meta.nextBody++
				if err := e.putBody(path.Body, attachments, w.body); err != nil {
					return err
				}
			}
		}
		tree = merged
	}
	if len(writes) > 0 && !tree.Equal(before) {
		return e.store(docID, was, tree, before)
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
func (e *edit) store(docID string, was *record, tree, before revtree.Tree) error {
	tree, bodies := tree.Stem(int(min(e.meta.revsLimit, 1<<31-1)))
	if e.db.options.AutoCompaction {
		var inner []uint64
		tree, inner = tree.WithoutInnerBodies()
		bodies = append(bodies, inner...)
	}
	if tree.Equal(before) {
		return e.deleteBodies(bodies) // stemming undid it all
	}
	e.meta.updateSeq++
	is := &record{seq: e.meta.updateSeq, deleted: tree.Winner().Deleted, tree: tree}
	if err := e.reindex(docID, was, is); err != nil {
		return err
	}
	if err := e.deleteBodies(bodies); err != nil {
		return err
	}
	e.replace(docID, was, is)
	return nil
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

// putBody stores a body, and counts the references to the contents of its attachments.
func (e *edit) putBody(number uint64, attachments []attachment, body []byte) error {
	key := numberKey(bodyPrefix, number)
	if len(attachments) == 0 {
		e.tx.Put(key, body)
		return nil
	}
	for i := range attachments {
		if err := e.refer(&attachments[i]); err != nil {
			return err
		}
	}
	e.tx.Put(key, appendAttached(nil, attachments, body))
	return nil
}

func (e *edit) deleteBodies(numbers []uint64) error {
	for _, number := range numbers {
		if number == emptyBody {
			continue
		}
		attachments, err := readAttachments(e.ctx, e.tx, "", number)
		if err != nil {
			return err
		}
		for i := range attachments {
			if err := e.release(attachments[i].hash); err != nil {
				return err
			}
		}
		e.tx.Delete(numberKey(bodyPrefix, number))
	}
	return nil
}
