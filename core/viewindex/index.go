package viewindex

import (
	"bytes"
	"context"
	"encoding/binary"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/collation"
	"github.com/gouchdb/gouchdb/core/internal/arena"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/mapreduce"
)

// Index is where an index is, and what is in it.
type Index struct {
	Prefix []byte
	// Reduces are, for each map function, the reduce functions of its rows: sources, or names of built-in ones.
	Reduces [][]string

	memory *arena.Arena // of keys and records; nil: each has its own
}

// State is what an index knows about itself. The owner stores it, in the update that changes the index.
type State struct {
	Seq      uint64 // up to which the documents are in the index
	PurgeSeq uint64
	Version  uint64 // how often the index was changed
	// Nodes says that there are nodes. While an index is being built there are none: they are made at the end.
	Nodes  bool
	Counts []uint64 // rows by map function
}

// Append appends the state.
func (s *State) Append(dst []byte) []byte {
	nodes := uint64(0)
	if s.Nodes {
		nodes = 1
	}
	for _, n := range append([]uint64{s.Seq, s.PurgeSeq, s.Version, nodes, uint64(len(s.Counts))}, s.Counts...) {
		dst = binary.AppendUvarint(dst, n)
	}
	return dst
}

// ReadState is the reverse of Append.
func ReadState(data []byte) (s State, ok bool) {
	r := numbers{rest: data}
	s.Seq, s.PurgeSeq, s.Version = r.next(), r.next(), r.next()
	s.Nodes = r.next() == 1
	for count := r.next(); count > 0 && !r.bad; count-- {
		s.Counts = append(s.Counts, r.next())
	}
	return s, !r.bad && len(r.rest) == 0
}

// numbers reads varints one after the other.
type numbers struct {
	rest []byte
	bad  bool
}

func (r *numbers) next() uint64 {
	n, length := binary.Uvarint(r.rest)
	if length <= 0 {
		r.bad = true
		return 0
	}
	r.rest = r.rest[length:]
	return n
}

// bytes reads n bytes.
func (r *numbers) bytes(n uint64) []byte {
	if n > uint64(len(r.rest)) {
		r.bad = true
		return nil
	}
	data := r.rest[:n]
	r.rest = r.rest[n:]
	return data
}

const (
	rowKind      = 'r'
	documentKind = 'd'
	nodeKind     = 'n'
)

func (x *Index) key(kind byte, size int) []byte {
	return append(append(x.memory.Make(len(x.Prefix)+size+4), x.Prefix...), kind)
}

func (x *Index) rowKey(m int, row []byte) []byte {
	return append(binary.AppendUvarint(x.key(rowKind, len(row)), uint64(m)), row...)
}

func (x *Index) nodeKey(m, level int, row []byte) []byte {
	return append(append(binary.AppendUvarint(x.key(nodeKind, len(row)), uint64(m)), byte(level)), row...)
}

func (x *Index) documentKey(docID string) []byte {
	return append(x.key(documentKind, len(docID)), docID...)
}

// rows is the range of the store that holds a range of rows.
func (x *Index) rows(m int, r mapreduce.Range) kv.Range { return within(x.rowKey(m, nil), r) }

func (x *Index) nodes(m, level int, r mapreduce.Range) kv.Range {
	return within(x.nodeKey(m, level, nil), r)
}

func within(prefix []byte, r mapreduce.Range) kv.Range {
	stored := kv.Range{From: append(bytes.Clone(prefix), r.From...), To: kv.PrefixEnd(prefix)}
	if r.To != nil {
		stored.To = append(bytes.Clone(prefix), r.To...)
	}
	return stored
}

// Documents yields the ids of the documents that have rows.
func (x *Index) Documents(ctx context.Context, s kv.Snapshot, each func(docID string) error) error {
	prefix := x.key(documentKind, 0)
	r := kv.PrefixRange(prefix)
	r.KeysOnly = true
	for entry, err := range s.Scan(ctx, r) {
		if err != nil {
			return err
		}
		if err := each(string(entry.Key[len(prefix):])); err != nil {
			return err
		}
	}
	return nil
}

// place is where a row of a document is: the map function, and the key.
type place struct {
	m   int
	row []byte
}

func (p place) compare(other place) int {
	if p.m != other.m {
		return p.m - other.m
	}
	return bytes.Compare(p.row, other.row)
}

// appendPlaces writes a document's record. The rows are in order.
func appendPlaces(dst []byte, places []place) []byte {
	for _, p := range places {
		rest, _ := collation.Skip(p.row)
		ordinal, _ := collation.Skip(rest) // behind the id
		dst = binary.AppendUvarint(dst, uint64(p.m))
		dst = appendBytes(dst, p.row[:len(p.row)-len(rest)])
		dst = appendBytes(dst, ordinal)
	}
	return dst
}

// readPlaces is the reverse of appendPlaces, for an index of so many map functions.
func readPlaces(docID string, record []byte, maps int) ([]place, error) {
	if len(record) == 0 {
		return nil, nil
	}
	var places []place
	id := collation.AppendString(nil, docID)
	for r := (numbers{rest: record}); len(r.rest) > 0; {
		m := r.next()
		key := r.bytes(r.next())
		ordinal := r.bytes(r.next())
		if r.bad || m >= uint64(maps) {
			return nil, core.ErrCorrupt.Because("the record of a view's document cannot be read").Of(docID)
		}
		p := place{m: int(m)}
		p.row = append(append(append(make([]byte, 0, len(key)+len(id)+len(ordinal)), key...), id...), ordinal...)
		places = append(places, p)
	}
	return places, nil
}
