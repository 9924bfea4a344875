package docstore

import (
	"github.com/gouchdb/gouchdb/core"
)

// candidate is a document that the filter is asked about: of some, each leaf.
type candidate struct {
	entry  *entry
	change *core.Change
	leaves []*core.Document // the winner first
}

// sift shows those of some entries that pass the filter, until the limit is reached.
func (f *feed) sift(entries []entry) error {
	if f.window.full() {
		f.stopped = true
		return nil
	}
	candidates := make([]candidate, len(entries))
	var bodies bodyReader
	var docs []*core.Document
	for i := range entries {
		c := &candidates[i]
		c.entry = &entries[i]
		if err := f.bring(c, &bodies); err != nil {
			return err
		}
		docs = append(docs, c.leaves...)
	}
	size, err := bodies.read(f.ctx, f.snapshot)
	if err != nil {
		return err
	}
	f.chunk = nextChunk(len(entries), size)
	pass, err := f.judges.pass(f.ctx, docs)
	if err != nil {
		return err
	}
	for i := range candidates {
		if f.window.full() {
			f.stopped = true
			return nil
		}
		c := &candidates[i]
		c.change.Revs = c.change.Revs[:0]
		for k, leaf := range c.leaves {
			if pass[k] {
				c.change.Revs = append(c.change.Revs, leaf.Rev)
			}
		}
		pass = pass[len(c.leaves):]
		if len(c.change.Revs) == 0 {
			f.left++
			f.last = c.entry.seq
			continue
		}
		f.window.next()
		if err := f.complete(c); err != nil {
			return err
		}
		if err := f.hand(c.entry.seq, c.change); err != nil {
			return err
		}
	}
	return nil
}

// bring makes the documents of an entry that are to be judged.
func (f *feed) bring(c *candidate, bodies *bodyReader) error {
	winner, leaves, err := decodeWinner(c.entry.docID, c.entry.record)
	if err != nil {
		return err
	}
	c.change = &core.Change{Seq: formatSeq(c.entry.seq), ID: c.entry.docID, Deleted: winner.Deleted}
	if leaves == 1 || !f.options.AllLeaves {
		doc := &core.Document{ID: c.entry.docID, Rev: winner.Rev, Deleted: winner.Deleted}
		bodies.want(doc, winner.Body)
		c.leaves = []*core.Document{doc}
		return nil
	}
	rec, err := decodeRecord(c.entry.docID, c.entry.record)
	if err != nil {
		return err
	}
	for _, leaf := range rec.tree.Leaves() {
		c.leaves = append(c.leaves, rec.doc(c.entry.docID, leaf, bodies))
	}
	return nil
}

// complete adds the winner to a row that passed.
func (f *feed) complete(c *candidate) error {
	if !f.options.IncludeDocs {
		return nil
	}
	if !f.options.Conflicts && !f.options.Attachments {
		c.change.Doc = c.leaves[0]
		return nil
	}
	// Contents of attachments are read only now, when they are known to be wanted.
	whole, err := f.change(c.entry, new(shown))
	if err != nil {
		return err
	}
	c.change.Doc = whole.Doc
	_, err = f.bodies.read(f.ctx, f.snapshot)
	return err
}
