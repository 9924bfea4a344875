package docstore

import (
	"context"
	"encoding/binary"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/viewindex"
)

// The numbers of indexes begin at 1, so no index has these keys.
var (
	viewCatalog = []byte{viewPrefix, 0, 0} // with a signature: the index of a definition
	viewRemoved = []byte{viewPrefix, 0, 1} // with a number: the index is to be removed
)

func catalogKey(signature signature) []byte {
	return append(append(make([]byte, 0, len(viewCatalog)+len(signature)), viewCatalog...), signature[:]...)
}

// viewRecord is the entry of an index in the catalog.
type viewRecord struct {
	number uint64 // 0: there is none yet
	state  viewindex.State
}

func (r *viewRecord) append(dst []byte) []byte {
	return r.state.Append(binary.AppendUvarint(dst, r.number))
}

func decodeViewRecord(value []byte) (r viewRecord, ok bool) {
	number, length := binary.Uvarint(value)
	if length <= 0 {
		return r, false
	}
	r.number = number
	r.state, ok = viewindex.ReadState(value[length:])
	return r, ok
}

func readViewRecord(ctx context.Context, s kv.Snapshot, signature signature) (r viewRecord, err error) {
	value, found, err := s.Get(ctx, catalogKey(signature))
	if err != nil || !found {
		return r, err
	}
	r, ok := decodeViewRecord(value)
	if !ok {
		return r, core.ErrCorrupt.Because("the record of a view cannot be read")
	}
	return r, nil
}

// same reports whether nobody has changed the index since the other record was read.
func (r *viewRecord) same(other *viewRecord) bool {
	return r.number == other.number && r.state.Version == other.state.Version && r.state.Seq == other.state.Seq &&
		r.state.PurgeSeq == other.state.PurgeSeq && r.state.Nodes == other.state.Nodes
}
