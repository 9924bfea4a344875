package docstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"strconv"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
)

// A local document has no revision tree: it is the last write. Its revision is "0-N"; N is one more than that of the
// revision that the writer named, which is not compared with anything, as in CouchDB.

// nextLocal returns the number of the revision that follows the one a writer names.
func nextLocal(named core.Rev, deleted bool) (uint64, error) {
	number := uint64(0)
	if !named.IsZero() {
		n, err := strconv.ParseUint(named.Hash, 10, 63)
		if err != nil || named.Generation != 0 {
			return 0, core.ErrBadRev
		}
		number = n
	}
	if deleted {
		return 0, nil
	}
	return number + 1, nil
}

func localRev(number uint64) core.Rev { return core.Rev{Hash: strconv.FormatUint(number, 10)} }

func (b *batch) runLocal(tx kv.Tx) {
	for i := range b.writes {
		b.writeLocal(tx, &b.writes[i])
	}
}

func (b *batch) writeLocal(tx kv.Tx, w *write) {
	b.results[w.place].Rev = localRev(w.local)
	key := idKey(localPrefix, w.docID)
	if w.deleted {
		tx.Delete(key)
		return
	}
	value := binary.AppendUvarint(make([]byte, 0, len(w.body)+3), w.local)
	tx.Put(key, append(value, w.body...))
}

func decodeLocal(docID string, value []byte) (*core.Document, error) {
	number, length := binary.Uvarint(value)
	if length <= 0 {
		return nil, core.ErrCorrupt.Because("the local document cannot be read").Of(docID)
	}
	return &core.Document{ID: docID, Rev: localRev(number), Body: bytes.Clone(value[length:])}, nil
}

func getLocal(ctx context.Context, s kv.Snapshot, docID string, options core.GetOptions) (*core.Document, error) {
	value, found, err := s.Get(ctx, idKey(localPrefix, docID))
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, core.ErrMissing.Of(docID)
	}
	doc, err := decodeLocal(docID, value)
	if err != nil {
		return nil, err
	}
	if !options.Rev.IsZero() && !options.Latest && options.Rev != doc.Rev {
		return nil, core.ErrMissing.Of(docID)
	}
	if options.Revs {
		doc.Revisions = &core.Revisions{Hashes: []string{doc.Rev.Hash}}
	}
	return doc, nil
}

// EachLocal calls each for every local document, in the order of their ids.
func (db *DB) EachLocal(ctx context.Context, each func(*core.Document) error) error {
	given := false
	return db.viewUnlessGiven(ctx, false, &given, func(s kv.Snapshot) error {
		for entry, err := range s.Scan(ctx, prefixRange(localPrefix)) {
			if err != nil {
				return err
			}
			doc, err := decodeLocal(string(entry.Key[1:]), entry.Value)
			if err == nil {
				given = true
				err = each(doc)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// LocalDocs lists the local documents as AllDocs lists the others, with their "_local/" ids. TotalRows and Offset of the
// summary are not known: CouchDB does not tell them either.
func (db *DB) LocalDocs(ctx context.Context, options core.AllDocsOptions, each func(*core.AllDocsRow) error) (core.AllDocsSummary, error) {
	summary := core.AllDocsSummary{Offset: -1}
	given := false
	err := db.viewUnlessGiven(ctx, options.UpdateSeq, &given, func(s kv.Snapshot) error {
		if options.UpdateSeq {
			m, err := readMeta(ctx, s)
			if err != nil {
				return err
			}
			summary.UpdateSeq = formatSeq(m.updateSeq)
		}
		window := newWindow(options.Skip, options.Limit)
		emit := func(docID string, value []byte) error {
			row := &core.AllDocsRow{Key: docID, Missing: value == nil}
			if value != nil {
				doc, err := decodeLocal(docID, value)
				if err != nil {
					return err
				}
				row.Rev = doc.Rev
				if options.IncludeDocs {
					row.Doc = doc
				}
			}
			given = true
			return each(row)
		}
		if options.Keys != nil {
			for _, docID := range keysInOrder(options) {
				if !window.next() {
					continue
				}
				value, _, err := s.Get(ctx, idKey(localPrefix, docID))
				if err != nil {
					return err
				}
				if err := emit(docID, value); err != nil {
					return err
				}
			}
			return nil
		}
		for entry, err := range s.Scan(ctx, idRange(localPrefix, options)) {
			if err != nil {
				return err
			}
			if window.full() {
				break
			}
			if !window.next() {
				continue
			}
			if err := emit(string(entry.Key[1:]), entry.Value); err != nil {
				return err
			}
		}
		return nil
	})
	return summary, err
}
