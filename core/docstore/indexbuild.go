package docstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
)

// A step of building reads some documents in the order of their sequences on a snapshot, without holding up writers, and then puts their entries
// in with one update. That one leaves out the documents that were changed in between: they have moved on in the feed, and their turn comes.

const (
	buildDocs  = 2000 // in one step, but for tests
	buildBytes = 2 << 20
)

// buildStep takes all indexes one step further. It reports whether there may be more to do.
func (db *DB) buildStep(ctx context.Context) (more bool, err error) {
	var b build
	// An index is not to be ahead of documents that are not committed: their sequences may become those of others.
	err = db.view(ctx, true, func(s kv.Snapshot) (err error) {
		b, err = db.nextBuild(ctx, s)
		return err
	})
	switch {
	case err != nil:
		return false, err
	case b.abandoned != 0:
		return true, db.removeIndex(ctx, b.abandoned)
	case len(b.indexes) == 0:
		return false, nil
	}
	return true, db.store.Update(ctx, func(tx kv.Tx) error { return b.apply(ctx, db, tx) })
}

// build is one step.
type build struct {
	// abandoned is the number of an index to be removed, in place of a step of building.
	abandoned uint64
	indexes   []storedIndex // that are at the sequence from
	from, to  uint64
	docs      []indexed
}

// indexed is a document with its keys and values in the store.
type indexed struct {
	seq     uint64
	docID   string
	entries []kv.Entry
}

// nextBuild works out the next step: of the indexes that are farthest behind, up to where the next ones are.
func (db *DB) nextBuild(ctx context.Context, s kv.Snapshot) (b build, err error) {
	c, err := db.catalogue(ctx, s)
	if err != nil {
		return b, err
	}
	if b.abandoned, err = c.findAbandoned(ctx, s); err != nil || b.abandoned != 0 {
		return b, err
	}
	built, err := c.states(ctx, s)
	if err != nil || len(built) == 0 {
		return b, err
	}
	if b.from = slices.Min(built); b.from == complete {
		return b, nil
	}
	end := uint64(complete)
	for i, state := range built {
		if state == b.from {
			b.indexes = append(b.indexes, c.stored[i])
		} else {
			end = min(end, state)
		}
	}
	return b, b.read(ctx, s, end, db.indexer.stepDocs)
}

// read goes through the feed from b.from to end, or as far as one step of so many documents goes.
func (b *build) read(ctx context.Context, s kv.Snapshot, end uint64, stepDocs int) error {
	r := prefixRange(sequencePrefix)
	r.From = numberKey(sequencePrefix, b.from+1)
	if end != complete {
		r.To = numberKey(sequencePrefix, end+1)
	}
	b.to = b.from
	var docs []indexed
	size, chunk := 0, min(firstChunk, stepDocs)
	flush := func() error {
		n, err := b.add(ctx, s, docs)
		size += n
		chunk = nextChunk(len(docs), n)
		docs = docs[:0]
		return err
	}
	seen := 0
	for entry, err := range s.Scan(ctx, r) {
		if err != nil {
			return err
		}
		seq, ok := keyNumber(entry.Key)
		if !ok {
			return core.ErrCorrupt.Because("a sequence cannot be read")
		}
		b.to = seq
		docs = append(docs, indexed{seq: seq, docID: string(entry.Value)})
		if seen++; len(docs) == chunk {
			if err := flush(); err != nil {
				return err
			}
		}
		if seen == stepDocs || size >= buildBytes {
			return flush()
		}
	}
	if end != complete {
		b.to = end
	}
	return flush()
}

// add works out the entries of documents. It returns how many bytes of bodies were read.
func (b *build) add(ctx context.Context, s kv.Snapshot, docs []indexed) (size int, err error) {
	docIDs := make([]string, 0, len(docs))
	for i := range docs {
		if !strings.HasPrefix(docs[i].docID, core.DesignPrefix) {
			docIDs = append(docIDs, docs[i].docID)
		}
	}
	if len(docIDs) == 0 {
		return 0, nil
	}
	read, size, err := readWinners(ctx, s, docIDs, false)
	if err != nil {
		return size, err
	}
	for i := range docs {
		if len(docIDs) == 0 || docs[i].docID != docIDs[0] {
			continue
		}
		doc := read[0]
		docIDs, read = docIDs[1:], read[1:]
		if doc == nil {
			continue
		}
		for _, index := range b.indexes {
			if entry, holds := index.entry(doc); holds {
				docs[i].entries = append(docs[i].entries, kv.Entry{Key: append(entryPrefix(index.number), entry.Key...), Value: entry.Values})
			}
		}
		if len(docs[i].entries) > 0 {
			b.docs = append(b.docs, docs[i])
		}
	}
	return size, nil
}

// apply puts the entries in, if the indexes are still where they were.
func (b *build) apply(ctx context.Context, db *DB, tx kv.Tx) error {
	c, err := db.catalogue(ctx, tx)
	if err != nil {
		return err
	}
	built, err := c.states(ctx, tx)
	if err != nil {
		return err
	}
	open := make([][]byte, 0, len(b.indexes)) // the prefixes of entries of those that are
	state, err := b.reached(ctx, tx)
	if err != nil {
		return err
	}
	for _, index := range b.indexes {
		if place := c.place(index.number); place >= 0 && built[place] == b.from && string(c.stored[place].AppendSource(nil)) == string(index.AppendSource(nil)) {
			open = append(open, entryPrefix(index.number))
			tx.Put(indexStateKey(index.number), binary.AppendUvarint(nil, state))
		}
	}
	if len(open) == 0 {
		return nil
	}
	keys := make([][]byte, len(b.docs))
	for i := range b.docs {
		keys[i] = numberKey(sequencePrefix, b.docs[i].seq)
	}
	places, err := tx.GetMany(ctx, keys)
	if err != nil {
		return err
	}
	for i := range b.docs {
		if doc := &b.docs[i]; string(places[i]) == doc.docID {
			for _, entry := range doc.entries {
				if slices.ContainsFunc(open, func(prefix []byte) bool { return bytes.HasPrefix(entry.Key, prefix) }) {
					tx.Put(entry.Key, entry.Value)
				}
			}
		}
	}
	return nil
}

// reached returns where the indexes are after the step: complete when nothing follows in the feed.
func (b *build) reached(ctx context.Context, tx kv.Tx) (uint64, error) {
	r := prefixRange(sequencePrefix)
	r.From, r.KeysOnly = numberKey(sequencePrefix, b.to+1), true
	for _, err := range tx.Scan(ctx, r) {
		return b.to, err
	}
	return complete, nil
}

// indexesDue reports whether there is something to build, or to remove.
func (db *DB) indexesDue(ctx context.Context, s kv.Snapshot) (bool, error) {
	c, err := db.catalogue(ctx, s)
	if err != nil {
		return false, nil // damage is the business of whoever needs it
	}
	if abandoned, err := c.findAbandoned(ctx, s); err != nil || abandoned != 0 {
		return abandoned != 0, err
	}
	built, err := c.states(ctx, s)
	return slices.ContainsFunc(built, func(state uint64) bool { return state != complete }), err
}
