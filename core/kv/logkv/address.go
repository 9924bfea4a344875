package logkv

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"

	"github.com/gouchdb/gouchdb/core/kv/internal/tree"
)

// address says where a value is that is not kept in the tree. An item whose flag external is set has one as its value.
type address struct {
	record   uint64
	offset   int
	length   int
	checksum uint32 // of the value, by which it is known again after a compaction has moved it
}

func externalItem(key []byte, a address) tree.Item {
	var space [3*binary.MaxVarintLen64 + 4]byte
	packed := appendUvarint(space[:0], a.record)
	packed = appendUvarint(packed, uint64(a.offset))
	packed = appendUvarint(packed, uint64(a.length))
	packed = binary.LittleEndian.AppendUint32(packed, a.checksum)
	return tree.Pack(key, packed, true)
}

func addressOf(record uint64, offset int, value []byte) address {
	return address{record: record, offset: offset, length: len(value), checksum: valueChecksum(value)}
}

// valueChecksum has half the bits of a record's: there is one in memory for each value.
func valueChecksum(value []byte) uint32 { return uint32(xxhash.Sum64(value)) }

// parseAddress reads the value of an external item; ok is false when it is none.
func parseAddress(packed []byte) (a address, ok bool) {
	r := byteReader{data: packed}
	a.record = r.uvarint()
	a.offset = int(r.uvarint())
	a.length = int(r.uvarint())
	checksum := r.bytes(4)
	if r.failed || r.at != len(packed) {
		return address{}, false
	}
	a.checksum = binary.LittleEndian.Uint32(checksum)
	return a, true
}

// mustAddress reads the address of an item in a tree. Trees are built from what externalItem made and from snapshots, which are verified when they are read.
func mustAddress(item tree.Item) address {
	a, _ := parseAddress(item.Value())
	return a
}

// in returns the value at this address of its record's content: the record without its checksum.
func (a address) in(content []byte) (value []byte, ok bool) {
	if a.offset < headerSize || a.offset > len(content) || a.length < 0 || a.length > len(content)-a.offset {
		return nil, false
	}
	return content[a.offset : a.offset+a.length : a.offset+a.length], true
}

// sameValue reports whether another address is of the same value, moved.
func (a address) sameValue(b address) bool {
	return a.length == b.length && a.checksum == b.checksum
}

// liveSize returns the bytes of an item's key and value, wherever the value is.
func liveSize(item tree.Item) uint64 {
	if !item.External() {
		return uint64(item.Size())
	}
	return uint64(len(item.Key()) + mustAddress(item).length)
}
