package docstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/revtree"
)

// record is a stored document: its place in the feed and its revision tree.
type record struct {
	seq     uint64
	deleted bool // the winner is
	tree    revtree.Tree
}

const deletedFlag = 1

func (r *record) append(dst []byte) []byte {
	var flags byte
	if r.deleted {
		flags |= deletedFlag
	}
	dst = append(dst, flags)
	dst = binary.AppendUvarint(dst, r.seq)
	return r.tree.Append(dst)
}

// recordDeleted reads what a count of the living needs, and no more.
func recordDeleted(value []byte) bool { return len(value) > 0 && value[0]&deletedFlag != 0 }

func decodeHead(value []byte) (seq uint64, tree []byte, ok bool) {
	if len(value) < 2 {
		return 0, nil, false
	}
	seq, length := binary.Uvarint(value[1:])
	if length <= 0 {
		return 0, nil, false
	}
	return seq, value[1+length:], true
}

func decodeRecord(docID string, value []byte) (*record, error) {
	seq, encoded, ok := decodeHead(value)
	if !ok {
		return nil, core.ErrCorrupt.Because("the document's record cannot be read").Of(docID)
	}
	tree, err := revtree.Decode(encoded)
	if err != nil {
		return nil, core.ErrCorrupt.Because("the revision tree cannot be read").Of(docID).From(err)
	}
	return &record{seq: seq, deleted: recordDeleted(value), tree: tree}, nil
}

// readRecord returns nil when there is no such document.
func readRecord(ctx context.Context, s kv.Snapshot, docID string) (*record, error) {
	value, found, err := s.Get(ctx, idKey(documentPrefix, docID))
	if err != nil || !found {
		return nil, err
	}
	return decodeRecord(docID, value)
}

// readRecords reads many documents at once; the records of unknown ones are nil.
func readRecords(ctx context.Context, s kv.Snapshot, docIDs []string) ([]*record, error) {
	values, err := s.GetMany(ctx, idKeys(documentPrefix, docIDs))
	if err != nil {
		return nil, err
	}
	records := make([]*record, len(docIDs))
	for i, value := range values {
		if value == nil {
			continue
		}
		if records[i], err = decodeRecord(docIDs[i], value); err != nil {
			return nil, err
		}
	}
	return records, nil
}

// The number 0 in a tree says that there is no body, 1 stands for a body without members, which is what most tombstones
// have and which is not stored.
const (
	noBody        = 0
	emptyBody     = 1
	firstBodyFree = 2
)

func isEmptyBody(body []byte) bool { return len(body) == 2 }

func readBody(ctx context.Context, s kv.Snapshot, docID string, number uint64) ([]byte, []attachment, error) {
	if number == emptyBody {
		return core.EmptyBody, nil, nil
	}
	value, found, err := s.Get(ctx, numberKey(bodyPrefix, number))
	if err != nil {
		return nil, nil, err
	}
	if !found {
		return nil, nil, core.ErrCorrupt.Because("a body is missing").Of(docID)
	}
	body, attachments, err := splitBody(docID, number, value)
	return bytes.Clone(body), attachments, err // the snapshot's memory ends with it
}

// readInto fills the body and the attachments of one document.
func readInto(ctx context.Context, s kv.Snapshot, doc *core.Document, number uint64, contents contents) error {
	body, attachments, err := readBody(ctx, s, doc.ID, number)
	if err != nil {
		return err
	}
	doc.Body = body
	_, err = contents.attach(ctx, s, doc, attachments)
	return err
}

// contents says which contents of attachments a reader wants. The zero value wants none.
type contents struct {
	wanted bool
	// since is the generation up to which attachments come as stubs.
	since uint64
	// lazily, when not nil, lets long contents be read when they are wanted, from this database.
	lazily *DB
}

// attach gives a document its attachments, and returns how many bytes of content were read.
func (c contents) attach(ctx context.Context, s kv.Snapshot, doc *core.Document, attachments []attachment) (size int, err error) {
	for i := range attachments {
		a := &attachments[i]
		if c.wanted && (c.since == 0 || a.RevPos > c.since) {
			if err := a.fill(ctx, c.lazily, s); err != nil {
				return size, core.AsError(err).Of(doc.ID)
			}
			size += len(a.Data)
		}
		doc.Attachments = append(doc.Attachments, a.Attachment)
	}
	return size, nil
}

// since returns the generation up to which a reader that has some revisions knows the attachments of rev.
func (r *record) since(rev core.Rev, known []core.Rev) (generation uint64) {
	if len(known) == 0 {
		return 0
	}
	path, _ := r.tree.Ancestry(rev)
	for i := range path.Hashes {
		if slices.Contains(known, path.Rev(i)) {
			return path.Rev(i).Generation
		}
	}
	return 0
}

// bodyReader collects the bodies that an answer needs, and reads them together.
type bodyReader struct {
	docs     []*core.Document
	numbers  []uint64
	contents contents
	since    []uint64 // for each document, when contents are wanted
	passing  bool     // the documents are not kept: they may share the snapshot's memory
	keys     keyMemory
}

// want fills doc.Body when the reader reads.
func (r *bodyReader) want(doc *core.Document, number uint64) {
	if number == emptyBody {
		doc.Body = core.EmptyBody
		return
	}
	r.docs = append(r.docs, doc)
	r.numbers = append(r.numbers, number)
	if r.contents.wanted {
		r.since = append(r.since, r.contents.since)
	}
}

// read fetches what was wanted since the last read, and returns how many bytes that was.
func (r *bodyReader) read(ctx context.Context, s kv.Snapshot) (size int, err error) {
	if len(r.docs) == 0 {
		return 0, nil
	}
	values, err := s.GetMany(ctx, r.keys.ofBodies(r.numbers))
	if err != nil {
		return 0, err
	}
	for i, value := range values {
		if value == nil {
			return 0, core.ErrCorrupt.Because("a body is missing").Of(r.docs[i].ID)
		}
		doc := r.docs[i]
		size += len(value)
		if !hasAttachments(r.numbers[i]) {
			doc.Body = r.own(value)
			continue
		}
		body, attachments, err := splitBody(doc.ID, r.numbers[i], value)
		if err != nil {
			return 0, err
		}
		doc.Body = r.own(body)
		contents := r.contents
		if contents.wanted {
			contents.since = r.since[i]
		}
		n, err := contents.attach(ctx, s, doc, attachments)
		if err != nil {
			return 0, err
		}
		size += n
	}
	r.docs, r.numbers, r.since = r.docs[:0], r.numbers[:0], r.since[:0]
	return size, nil
}

// forget lets go of what was read, so that the reader may read something else.
func (r *bodyReader) forget() {
	clear(r.docs[:cap(r.docs)])
	*r = bodyReader{docs: r.docs[:0], numbers: r.numbers[:0], keys: r.keys}
}

// own returns a body that is the document's.
func (r *bodyReader) own(body []byte) []byte {
	if r.passing {
		return body
	}
	return bytes.Clone(body)
}
