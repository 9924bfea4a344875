package docstore

import (
	"context"
	"errors"
	"strings"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/viewindex"
)

// viewReading is what one step after the other is read into.
type viewReading struct {
	docIDs []string // of changed documents
	seqs   []uint64 // theirs
	keys   keyMemory
	docs   []core.Document // read last
	bodies bodyReader
	texts  [][]byte // of documents that are to be mapped by scripts
	memory []byte   // what the last ones are in
}

// read finds out which documents have changed, and reads them.
func (u *viewUpdate) read(ctx context.Context, s kv.Snapshot) error {
	u.docs, u.places, u.size, u.changes, u.seqs = nil, nil, 0, nil, nil
	m, err := readMeta(ctx, s)
	if err != nil {
		return err
	}
	state := &u.record.state
	if !u.follows {
		if u.record, err = readViewRecord(ctx, s, u.group.signature); err != nil {
			return err
		}
		if u.record.number == 0 {
			state.PurgeSeq = m.purgeSeq
		}
	}
	if state.Seq > m.updateSeq {
		return core.ErrCorrupt.Because("the index of a view is ahead of its database")
	}
	u.purgeSeq = m.purgeSeq
	u.end = u.record.number != 0 && state.Nodes && state.Seq == m.updateSeq && state.PurgeSeq == m.purgeSeq
	if u.end {
		return nil
	}
	if err := u.feed(ctx, s); err != nil {
		return err
	}
	if u.group.due.Load() == 0 {
		u.group.due.Store(m.updateSeq - state.Seq)
	}
	u.upTo, u.last = m.updateSeq, true
	r := u.reading
	count := len(r.seqs)
	if most := u.db.views.stepDocs; count > most {
		count = most
		u.upTo, u.last = r.seqs[most-1], false
	}
	scripted := u.group.native == nil
	r.bodies.forget() // what a reading wanted that was overtaken
	r.bodies.passing = scripted
	r.texts, r.memory = r.texts[:0], r.memory[:0]
	for first := 0; first < count; {
		next := min(first+maxChunk, count)
		if err := u.documents(ctx, s, r.docIDs[first:next], r.seqs[first:next]); err != nil {
			return err
		}
		size, err := r.bodies.read(ctx, s)
		if err != nil {
			return err
		}
		if scripted {
			u.print(size)
		}
		if u.size += size; u.size >= stepBytes && next < count {
			u.upTo, u.last = r.seqs[next-1], false
			break
		}
		first = next
	}
	return nil
}

// feed lists changed documents, one more than a step takes, if there are so many.
func (u *viewUpdate) feed(ctx context.Context, s kv.Snapshot) error {
	within := prefixRange(sequencePrefix)
	within.From = numberKey(sequencePrefix, u.record.state.Seq+1)
	r := u.reading
	r.docIDs, r.seqs = r.docIDs[:0], r.seqs[:0]
	for found, err := range s.Scan(ctx, within) {
		if err != nil {
			return err
		}
		seq, ok := keyNumber(found.Key)
		if !ok {
			return core.ErrCorrupt.Because("a sequence cannot be read")
		}
		r.docIDs, r.seqs = append(r.docIDs, string(found.Value)), append(r.seqs, seq)
		if len(r.seqs) > u.db.views.stepDocs {
			break
		}
	}
	return nil
}

// print makes texts of documents that were read, which are of about so many bytes: scripts take nothing else, and the documents share memory with the snapshot.
func (u *viewUpdate) print(size int) {
	r := u.reading
	const head = 128 // of a document: its id and revision
	if size += head * len(u.docs); cap(r.memory)-len(r.memory) < size {
		r.memory = make([]byte, 0, 2*cap(r.memory)+size) // what is full belongs to the texts
	}
	for _, doc := range u.docs {
		start := len(r.memory)
		r.memory = doc.AppendJSON(r.memory)
		r.texts = append(r.texts, r.memory[start:len(r.memory):len(r.memory)])
	}
	u.docs = u.docs[:0]
}

// documents makes changes of changed documents: at first all without rows.
func (u *viewUpdate) documents(ctx context.Context, s kv.Snapshot, docIDs []string, seqs []uint64) error {
	r := u.reading
	values, err := s.GetMany(ctx, r.keys.ofIDs(documentPrefix, docIDs))
	if err != nil {
		return err
	}
	if len(r.docs) < len(docIDs) || u.group.native != nil { // a function in Go may keep them
		r.docs = make([]core.Document, len(docIDs))
	}
	for i, value := range values {
		if value == nil {
			return core.ErrCorrupt.Because("the feed names a document that is not there").Of(docIDs[i])
		}
		isDesign := strings.HasPrefix(docIDs[i], designPrefix)
		if isDesign && !u.group.includeDesign {
			continue
		}
		u.changes = append(u.changes, viewindex.Change{DocID: docIDs[i]})
		u.seqs = append(u.seqs, seqs[i])
		winner, leaves, err := decodeWinner(docIDs[i], value)
		if err != nil {
			return err
		}
		if winner.Deleted {
			continue
		}
		doc := &r.docs[i]
		*doc = core.Document{ID: docIDs[i], Rev: winner.Rev}
		if leaves > 1 {
			rec, err := decodeRecord(docIDs[i], value)
			if err != nil {
				return err
			}
			doc.Conflicts, doc.DeletedConflicts = rec.tree.Conflicts(), rec.tree.DeletedConflicts()
		}
		if u.group.localSeq {
			doc.LocalSeq = formatSeq(seqs[i])
		}
		r.bodies.want(doc, winner.Body)
		u.docs = append(u.docs, doc)
		u.places = append(u.places, len(u.changes)-1)
	}
	return nil
}

// purged lists the documents that have rows but are not there any more. The feed does not tell of them.
func purged(ctx context.Context, s kv.Snapshot, index *viewindex.Index) (gone []string, err error) {
	var docIDs []string
	look := func() error {
		values, err := s.GetMany(ctx, idKeys(documentPrefix, docIDs))
		for i, value := range values {
			if value == nil {
				gone = append(gone, docIDs[i])
			}
		}
		docIDs = docIDs[:0]
		return err
	}
	err = index.Documents(ctx, s, func(docID string) error {
		if docIDs = append(docIDs, docID); len(docIDs) < maxChunk {
			return nil
		}
		return look()
	})
	return gone, errors.Join(err, look())
}

// withPurged adds documents that are gone to the changes, in the place of what was read of them before.
func withPurged(changes []viewindex.Change, gone []string) []viewindex.Change {
	if len(gone) == 0 {
		return changes
	}
	isGone := make(map[string]bool, len(gone))
	all := make([]viewindex.Change, 0, len(changes)+len(gone))
	for _, docID := range gone {
		isGone[docID] = true
		all = append(all, viewindex.Change{DocID: docID})
	}
	for _, change := range changes {
		if !isGone[change.DocID] {
			all = append(all, change)
		}
	}
	return all
}
