package logkv

import (
	"encoding/binary"
	"strconv"

	"github.com/cespare/xxhash/v2"

	"github.com/gouchdb/gouchdb/core"
)

// A record is
//
//	version       1 byte; in all versions to come, the first byte is the version and the last eight are the checksum of the rest
//	flags         1 byte; lastOfCommit
//	commit        16 bytes: who wrote it, and that writer's how-manieth commit it is
//	number        8 bytes
//	part          4 bytes: the record's place in its commit, from 0
//	operations    see operation
//	checksum      8 bytes: XXH64 of everything before
//
// Integers of fixed size are little-endian.
const (
	formatVersion = 2
	// unreleasedVersion had checksums of another kind.
	unreleasedVersion = 1

	headerSize   = 1 + 1 + 16 + 8 + 4
	checksumSize = 8

	lastOfCommit = 1
)

// commitID tells commits apart, so that a store recognises its own when it could not know whether the device had taken it.
type commitID struct {
	writer, sequence uint64
}

type header struct {
	last   bool
	commit commitID
	number uint64
	part   uint32
}

// seal fills in the header of a record that has been built, and returns it with its checksum.
func seal(record []byte, h header) []byte {
	record[0] = formatVersion
	record[1] = 0
	if h.last {
		record[1] = lastOfCommit
	}
	binary.LittleEndian.PutUint64(record[2:], h.commit.writer)
	binary.LittleEndian.PutUint64(record[10:], h.commit.sequence)
	binary.LittleEndian.PutUint64(record[18:], h.number)
	binary.LittleEndian.PutUint32(record[26:], h.part)
	return appendChecksum(record)
}

func appendChecksum(data []byte) []byte {
	return binary.LittleEndian.AppendUint64(data, xxhash.Sum64(data))
}

// checkFormat verifies checksum and version of a record or a chunk. The checksum comes first: a damaged version byte is damage, not a newer format.
func checkFormat(data []byte, minSize int) error {
	if len(data) < 1+checksumSize {
		return core.ErrCorrupt.Because("it is cut short")
	}
	content := data[:len(data)-checksumSize]
	if xxhash.Sum64(content) != binary.LittleEndian.Uint64(data[len(content):]) {
		if data[0] == unreleasedVersion {
			return core.ErrCorrupt.Because("its checksum is wrong, or it was written before the first release of GouchDB, in format 1")
		}
		return core.ErrCorrupt.Because("its checksum is wrong")
	}
	if data[0] > formatVersion {
		return core.ErrNewerFormat
	}
	if data[0] != formatVersion || len(data) < minSize {
		return core.ErrCorrupt.Because("it has no known form")
	}
	return nil
}

// openRecord verifies a record and reads its header. Its failures name the record.
func openRecord(number uint64, record []byte) (header, error) {
	if err := checkFormat(record, headerSize+checksumSize); err != nil {
		return header{}, blameRecord(number, err)
	}
	h := header{
		last:   record[1]&lastOfCommit != 0,
		commit: commitID{binary.LittleEndian.Uint64(record[2:]), binary.LittleEndian.Uint64(record[10:])},
		number: binary.LittleEndian.Uint64(record[18:]),
		part:   binary.LittleEndian.Uint32(record[26:]),
	}
	if h.number != number {
		return header{}, blameRecord(number, core.ErrCorrupt.Because("it is record "+strconv.FormatUint(h.number, 10)))
	}
	return h, nil
}

// blameRecord names the record in an ErrCorrupt or ErrNewerFormat.
func blameRecord(number uint64, err error) error {
	e := core.AsError(err)
	return e.Because("record " + strconv.FormatUint(number, 10) + " of the log: " + e.Reason)
}

// An operation is
//
//	varint        length of the key times 4, plus the kind
//	key
//	varint        length of the value; not for opDelete
//	value
type operation struct {
	kind   byte
	key    []byte
	value  []byte
	offset int // of the value in the record
}

const (
	opDelete   = 0
	opInline   = 1 // the value is kept in the tree
	opExternal = 2 // the value is read from this record when it is needed
	// opReclaimed tells what a compaction has given back: its value is the number of bytes, as a varint. Its key means nothing.
	opReclaimed = 3
)

// appendOperation returns the record with the operation, and where the value is in it.
func appendOperation(record []byte, kind byte, key, value []byte) (_ []byte, offset int) {
	record = appendUvarint(record, uint64(len(key))<<2|uint64(kind))
	record = append(record, key...)
	if kind != opDelete {
		record = appendUvarint(record, uint64(len(value)))
	}
	offset = len(record)
	return append(record, value...), offset
}

// operationSize is the most that an operation takes.
func operationSize(key, value []byte) int {
	return len(key) + len(value) + 2*binary.MaxVarintLen64
}

// eachOperation calls each for the operations of a record that openRecord has accepted.
func eachOperation(number uint64, record []byte, each func(operation)) error {
	r := byteReader{data: record[:len(record)-checksumSize], at: headerSize}
	for r.at < len(r.data) {
		head := r.uvarint()
		op := operation{kind: byte(head & 3), key: r.bytes(head >> 2)}
		if op.kind != opDelete {
			length := r.uvarint()
			op.offset = r.at
			op.value = r.bytes(length)
		}
		if r.failed || len(op.key) == 0 || op.kind > opReclaimed {
			return blameRecord(number, core.ErrCorrupt.Because("it has an operation that cannot be understood"))
		}
		each(op)
	}
	return nil
}

// appendUvarint is encoding/binary's, which would be inlined, at the cost of a kilobyte of what a page loads.
//
//go:noinline
func appendUvarint(dst []byte, n uint64) []byte { return binary.AppendUvarint(dst, n) }

// byteReader reads varints and slices, never beyond the end.
type byteReader struct {
	data   []byte
	at     int
	failed bool
}

func (r *byteReader) uvarint() uint64 {
	if r.at < len(r.data) && r.data[r.at] < 0x80 { // most are small
		r.at++
		return uint64(r.data[r.at-1])
	}
	value, n := binary.Uvarint(r.data[r.at:])
	if n <= 0 {
		r.failed = true
		return 0
	}
	r.at += n
	return value
}

func (r *byteReader) bytes(length uint64) []byte {
	if length > uint64(len(r.data)-r.at) {
		r.failed = true
		return nil
	}
	begin := r.at
	r.at += int(length)
	return r.data[begin:r.at:r.at]
}
