package docstore

import (
	"bytes"
	"slices"
	"strings"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/mango"
	"github.com/gouchdb/gouchdb/core/revtree"
)

// An index holds, exactly, the documents that it should hold and whose sequences are not above its state. So a write takes out of it what
// a document's old place in the feed says is in it, and puts in what the new place says belongs there; what lies above is the business of whoever
// builds it. All of it happens in the update that writes the document: an index is never behind.

// indexing keeps the indexes right while an update changes documents.
type indexing struct {
	catalogue *catalogue
	built     []uint64 // the states of catalogue.stored
	// bodies are those of winners that the update replaces, read together, some at a time: those of the documents before the next.
	bodies map[uint64][]byte
	next   int
	chunk  int
	// designs says that a design document with indexes has changed.
	designs bool
}

// readIndexes finds out which indexes there are, before the first document is changed.
func (e *edit) readIndexes() (err error) {
	if e.indexing.catalogue, err = e.db.catalogue(e.ctx, e.tx); err != nil {
		return err
	}
	e.indexing.built, err = e.indexing.catalogue.states(e.ctx, e.tx)
	return err
}

// readReplaced makes sure that the body of the winner that a document had is read, with those of documents after it.
func (e *edit) readReplaced(at int, docIDs []string, records []*record) error {
	x := &e.indexing
	if len(x.built) == 0 || at < x.next {
		return nil
	}
	end := min(at+max(x.chunk, firstChunk), len(docIDs))
	x.next, x.chunk, x.bodies = end, maxChunk, nil
	last := slices.Max(x.built)
	var numbers []uint64
	for i, was := range records[at:end] {
		if was == nil || was.deleted || was.seq > last || strings.HasPrefix(docIDs[at+i], core.DesignPrefix) {
			continue
		}
		if number := was.tree.Winner().Body; number != emptyBody {
			numbers = append(numbers, number)
		}
	}
	if len(numbers) == 0 {
		return nil
	}
	values, err := e.tx.GetMany(e.ctx, bodyKeys(numbers))
	if err != nil {
		return err
	}
	size := 0
	x.bodies = make(map[uint64][]byte, len(numbers))
	for i, number := range numbers {
		x.bodies[number] = values[i]
		size += len(values[i])
	}
	x.chunk = nextChunk(len(numbers), size)
	return nil
}

// reindex takes a document that changes from was to is, nil for none, to its new places in the indexes. It comes before bodies are deleted.
func (e *edit) reindex(docID string, was, is *record) error {
	x := &e.indexing
	design := strings.HasPrefix(docID, core.DesignPrefix)
	if design && x.designs || !design && len(x.built) == 0 {
		return nil
	}
	before, hadBefore := living(was)
	after, hasAfter := living(is)
	var oldDoc, newDoc *core.Document
	var err error
	if hadBefore {
		if oldDoc, err = e.winner(docID, before); err != nil {
			return err
		}
	}
	if hasAfter {
		if newDoc, err = e.winner(docID, after); err != nil {
			return err
		}
	}
	if design {
		x.designs = hadBefore && mango.IsQuery(oldDoc) || hasAfter && mango.IsQuery(newDoc)
		return nil
	}
	for i, index := range x.catalogue.stored {
		var old, new *core.Document
		if hadBefore && was.seq <= x.built[i] {
			old = oldDoc
		}
		if hasAfter && is.seq <= x.built[i] {
			new = newDoc
		}
		e.move(index, old, new)
	}
	return nil
}

// living returns the winner of a document, if it is not deleted.
func living(r *record) (revtree.Node, bool) {
	if r == nil || r.deleted {
		return revtree.Node{}, false
	}
	return r.tree.Winner(), true
}

// move replaces what an index holds of a document; nil stands for nothing.
func (e *edit) move(index storedIndex, old, new *core.Document) {
	if old == new || old != nil && new != nil && old.Rev == new.Rev {
		return
	}
	var was, is mango.Entry
	held, holds := false, false
	if old != nil {
		was, held = index.entryBefore(old)
	}
	if new != nil {
		is, holds = index.entry(new)
	}
	same := held && holds && bytes.Equal(was.Key, is.Key)
	if same && index.Filter == nil && bytes.Equal(was.Values, is.Values) {
		return
	}
	if held && !same {
		e.tx.Delete(append(entryPrefix(index.number), was.Key...))
	}
	if holds {
		e.tx.Put(append(entryPrefix(index.number), is.Key...), is.Values)
	}
}

// entry is what the index holds of a document. One on which a filter's pattern takes too long is left out: writing it must not fail for that.
func (x storedIndex) entry(doc *core.Document) (mango.Entry, bool) {
	entry, holds, err := x.Entry(doc)
	return entry, holds && err == nil
}

// entryBefore is what the index may hold of a document as it was. Only its key is sure when there is a filter, which is not asked again.
func (x storedIndex) entryBefore(doc *core.Document) (mango.Entry, bool) {
	if x.Filter == nil {
		return x.entry(doc)
	}
	key := x.Key(doc)
	return mango.Entry{Key: key}, key != nil
}

// winner reads a winner as the indexes see it.
func (e *edit) winner(docID string, node revtree.Node) (*core.Document, error) {
	doc := &core.Document{ID: docID, Rev: node.Rev, Body: core.EmptyBody}
	if node.Body == emptyBody {
		return doc, nil
	}
	value, known := e.indexing.bodies[node.Body]
	if !known {
		var err error
		if value, _, err = e.tx.Get(e.ctx, numberKey(bodyPrefix, node.Body)); err != nil {
			return nil, err
		}
	}
	if value == nil {
		return nil, core.ErrCorrupt.Because("a body is missing").Of(docID)
	}
	return doc, fillIndexed(doc, node.Body, value)
}

// finishIndexes comes after the last document. It reports whether there is something to build.
func (e *edit) finishIndexes() (due bool, err error) {
	if e.indexing.designs || len(e.indexing.catalogue.unusable) > 0 {
		return e.list()
	}
	return false, nil
}
