package docstore

import (
	"context"
	"encoding/binary"
	"math"
	"slices"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/mango"
)

// catalogue are the indexes that the living design documents define, as one record tells them: a write has to look at nothing else, and finds
// nothing in a database without indexes. It follows from the design documents, and is written anew when one of them changes.
type catalogue struct {
	record  string // as it is stored
	indexes []*mango.Index
	numbers []uint64 // under which the entries of each are stored
	// stored are the indexes by their numbers: those that are defined alike are stored once.
	stored    []storedIndex
	stateKeys [][]byte // of these
	// unusable are the numbers of those that this database cannot run, because it has no engine for their patterns.
	unusable []uint64
}

type storedIndex struct {
	number uint64
	*mango.Index
}

// complete is the state of an index that holds all documents.
const complete = math.MaxUint64

func indexStateKey(number uint64) []byte { return numberKey(indexPrefix, number) }

// entryPrefix begins the keys of an index's entries.
func entryPrefix(number uint64) []byte { return numberKey(entriesPrefix, number) }

// catalogue reads the catalogue, or remembers what it read when it is still the same.
func (db *DB) catalogue(ctx context.Context, s kv.Snapshot) (*catalogue, error) {
	record, found, err := s.Get(ctx, catalogueKey)
	if err != nil || !found {
		return &noIndexes, err
	}
	if known := db.indexer.known.Load(); known != nil && known.record == string(record) {
		return known, nil
	}
	c, err := decodeCatalogue(record, db.options.Regexp)
	if err != nil {
		return nil, err
	}
	db.indexer.known.Store(c)
	return c, nil
}

var noIndexes catalogue

func decodeCatalogue(record []byte, engine mango.Engine) (*catalogue, error) {
	c := &catalogue{record: string(record)}
	for r := (attachedReader{rest: record}); len(r.rest) > 0; {
		number, designDoc, name := r.number(), string(r.take(r.number())), string(r.take(r.number()))
		source := r.take(r.number())
		if r.bad {
			return nil, core.ErrCorrupt.Because("the list of indexes cannot be read")
		}
		index, err := mango.ParseDefinition(source, engine)
		if err != nil {
			c.unusable = append(c.unusable, number)
			continue
		}
		index.DesignDoc, index.Name = designDoc, name
		c.add(number, index)
	}
	return c, nil
}

func (c *catalogue) add(number uint64, index *mango.Index) {
	c.indexes = append(c.indexes, index)
	c.numbers = append(c.numbers, number)
	if !slices.ContainsFunc(c.stored, func(s storedIndex) bool { return s.number == number }) {
		c.stored = append(c.stored, storedIndex{number, index})
		c.stateKeys = append(c.stateKeys, indexStateKey(number))
	}
}

func (c *catalogue) append(dst []byte) []byte {
	for i, index := range c.indexes {
		dst = binary.AppendUvarint(dst, c.numbers[i])
		dst = appendText(dst, index.DesignDoc)
		dst = appendText(dst, index.Name)
		dst = appendText(dst, string(index.AppendSource(nil)))
	}
	return dst
}

// numberOf returns the number under which the entries of an index are stored, 0 for an index that is not in the catalogue.
func (c *catalogue) numberOf(index *mango.Index) uint64 {
	if i := slices.Index(c.indexes, index); i >= 0 {
		return c.numbers[i]
	}
	return 0
}

// states returns up to which sequence each stored index holds the documents.
func (c *catalogue) states(ctx context.Context, s kv.Snapshot) ([]uint64, error) {
	if len(c.stored) == 0 {
		return nil, nil
	}
	values, err := s.GetMany(ctx, c.stateKeys)
	if err != nil {
		return nil, err
	}
	built := make([]uint64, len(values))
	for i, value := range values {
		built[i], _ = binary.Uvarint(value)
	}
	return built, nil
}

// defined lists the indexes of the design documents, without numbers.
func (db *DB) defined(ctx context.Context, s kv.Snapshot) (indexes []*mango.Index, err error) {
	r := kv.PrefixRange(idKey(documentPrefix, core.DesignPrefix))
	for entry, err := range s.Scan(ctx, r) {
		if err != nil {
			return nil, err
		}
		if recordDeleted(entry.Value) {
			continue
		}
		doc, err := winnerOf(ctx, s, string(entry.Key[1:]), entry.Value)
		if err != nil {
			return nil, err
		}
		// What cannot be understood is no index. The design document is not refused for it, nor is it by CouchDB.
		found, _ := mango.IndexesOf(doc, db.options.Regexp)
		indexes = append(indexes, found...)
	}
	return indexes, nil
}

// winnerOf reads a living document.
func winnerOf(ctx context.Context, s kv.Snapshot, docID string, value []byte) (*core.Document, error) {
	winner, _, err := decodeWinner(docID, value)
	if err != nil {
		return nil, err
	}
	doc := &core.Document{ID: docID, Rev: winner.Rev}
	return doc, readInto(ctx, s, doc, winner.Body, contents{})
}

// isOf reports whether a catalogue has these indexes.
func (c *catalogue) isOf(indexes []*mango.Index) bool {
	return len(c.unusable) == 0 && slices.EqualFunc(c.indexes, indexes, func(a, b *mango.Index) bool {
		return a.DesignDoc == b.DesignDoc && a.Name == b.Name && string(a.AppendSource(nil)) == string(b.AppendSource(nil))
	})
}

// list writes the catalogue anew after a change of the design documents. It reports whether there is an index to build, or to remove.
func (e *edit) list() (due bool, err error) {
	was := e.indexing.catalogue
	indexes, err := e.db.defined(e.ctx, e.tx)
	if err != nil || was.isOf(indexes) {
		return false, err
	}
	numbers := map[string]uint64{}
	for _, index := range was.stored {
		numbers[string(index.AppendSource(nil))] = index.number
	}
	is := &catalogue{}
	for _, index := range indexes {
		source := string(index.AppendSource(nil))
		number, known := numbers[source]
		if !known {
			number = e.meta.nextBody
			e.meta.nextBody++
			numbers[source] = number
			e.tx.Put(indexStateKey(number), binary.AppendUvarint(nil, 0))
		}
		is.add(number, index)
	}
	if len(indexes) == 0 {
		e.tx.Delete(catalogueKey)
	} else {
		e.tx.Put(catalogueKey, is.append(nil))
	}
	return true, nil
}
