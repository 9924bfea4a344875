package docstore

import (
	"context"
	"errors"
	"strings"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/viewindex"
)

// read finds out which documents have changed, and reads them.
func (u *viewUpdate) read(ctx context.Context, s kv.Snapshot) error {
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
	entries, err := u.feed(ctx, s)
	if err != nil {
		return err
	}
	if u.group.due.Load() == 0 {
		u.group.due.Store(m.updateSeq - state.Seq)
	}
	u.upTo, u.last = m.updateSeq, true
	if most := u.db.views.stepDocs; len(entries) > most {
		entries = entries[:most]
		u.upTo, u.last = entries[most-1].seq, false
	}
	bodies := bodyReader{}
	for len(entries) > 0 {
		part := entries[:min(len(entries), maxChunk)]
		entries = entries[len(part):]
		if err := u.documents(ctx, s, part, &bodies); err != nil {
			return err
		}
		size, err := bodies.read(ctx, s)
		if err != nil {
			return err
		}
		if u.size += size; u.size >= stepBytes && len(entries) > 0 {
			u.upTo, u.last = part[len(part)-1].seq, false
			break
		}
	}
	return nil
}

// feed lists changed documents, one more than a step takes, if there are so many.
func (u *viewUpdate) feed(ctx context.Context, s kv.Snapshot) ([]entry, error) {
	r := prefixRange(sequencePrefix)
	r.From = numberKey(sequencePrefix, u.record.state.Seq+1)
	var entries []entry
	for found, err := range s.Scan(ctx, r) {
		if err != nil {
			return nil, err
		}
		seq, ok := keyNumber(found.Key)
		if !ok {
			return nil, core.ErrCorrupt.Because("a sequence cannot be read")
		}
		entries = append(entries, entry{seq: seq, docID: string(found.Value)})
		if len(entries) > u.db.views.stepDocs {
			break
		}
	}
	return entries, nil
}

// documents makes changes of changed documents: at first all without rows.
func (u *viewUpdate) documents(ctx context.Context, s kv.Snapshot, entries []entry, bodies *bodyReader) error {
	docIDs := make([]string, len(entries))
	for i := range entries {
		docIDs[i] = entries[i].docID
	}
	values, err := s.GetMany(ctx, idKeys(documentPrefix, docIDs))
	if err != nil {
		return err
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
		u.seqs = append(u.seqs, entries[i].seq)
		winner, leaves, err := decodeWinner(docIDs[i], value)
		if err != nil {
			return err
		}
		if winner.Deleted {
			continue
		}
		doc := &core.Document{ID: docIDs[i], Rev: winner.Rev}
		if leaves > 1 {
			rec, err := decodeRecord(docIDs[i], value)
			if err != nil {
				return err
			}
			doc.Conflicts, doc.DeletedConflicts = rec.tree.Conflicts(), rec.tree.DeletedConflicts()
		}
		if u.group.localSeq {
			doc.LocalSeq = formatSeq(entries[i].seq)
		}
		bodies.want(doc, winner.Body)
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
