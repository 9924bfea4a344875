package docstore

import (
	"context"
	"slices"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
)

// readWinners reads living documents as queries see them, nil for those that are not there. They share memory with the snapshot.
func readWinners(ctx context.Context, s kv.Snapshot, docIDs []string, conflicts bool) (docs []*core.Document, size int, err error) {
	records, err := s.GetMany(ctx, idKeys(documentPrefix, docIDs))
	if err != nil {
		return nil, 0, err
	}
	return readRecorded(ctx, s, docIDs, records, conflicts)
}

// readRecorded is readWinners for documents whose records are known.
func readRecorded(ctx context.Context, s kv.Snapshot, docIDs []string, records [][]byte, conflicts bool) (docs []*core.Document, size int, err error) {
	return new(winnersMemory).read(ctx, s, docIDs, records, conflicts)
}

// winnersMemory is what documents are read into. The next reading uses it again.
type winnersMemory struct {
	docs    []*core.Document
	all     []core.Document
	numbers []uint64 // of bodies
	places  []int    // of their documents
	keys    keyMemory
}

// read is readRecorded.
func (m *winnersMemory) read(ctx context.Context, s kv.Snapshot, docIDs []string, records [][]byte, conflicts bool) (docs []*core.Document, size int, err error) {
	m.forget()
	docs = slices.Grow(m.docs[:0], len(docIDs))[:len(docIDs)]
	memory := slices.Grow(m.all[:0], len(docIDs))[:len(docIDs)]
	numbers, places := m.numbers[:0], m.places[:0]
	defer func() { m.docs, m.all, m.numbers, m.places = docs, memory, numbers, places }()
	for i, value := range records {
		if value == nil || recordDeleted(value) {
			continue
		}
		winner, leaves, err := decodeWinner(docIDs[i], value)
		if err != nil {
			return nil, 0, err
		}
		doc := &memory[i]
		doc.ID, doc.Rev, doc.Body = docIDs[i], winner.Rev, core.EmptyBody
		docs[i] = doc
		if conflicts && leaves > 1 {
			rec, err := decodeRecord(doc.ID, value)
			if err != nil {
				return nil, 0, err
			}
			doc.Conflicts = rec.tree.Conflicts()
		}
		if winner.Body != emptyBody {
			numbers = append(numbers, winner.Body)
			places = append(places, i)
		}
	}
	if len(numbers) == 0 {
		return docs, 0, nil
	}
	values, err := s.GetMany(ctx, m.keys.ofBodies(numbers))
	if err != nil {
		return nil, 0, err
	}
	for i, value := range values {
		doc := docs[places[i]]
		if value == nil {
			return nil, 0, core.ErrCorrupt.Because("a body is missing").Of(doc.ID)
		}
		size += len(value)
		if err := fillIndexed(doc, numbers[i], value); err != nil {
			return nil, 0, err
		}
	}
	return docs, size, nil
}

// forget lets go of what was read.
func (m *winnersMemory) forget() {
	clear(m.docs)
	clear(m.all)
}

// fillIndexed gives a document the body and the attachments that a stored value holds, which it shares memory with.
func fillIndexed(doc *core.Document, number uint64, value []byte) error {
	body, attachments, err := splitBody(doc.ID, number, value)
	doc.Body = body
	for i := range attachments {
		doc.Attachments = append(doc.Attachments, attachments[i].Attachment)
	}
	return err
}
