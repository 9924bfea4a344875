package logkv

import (
	"bytes"
	"encoding/binary"
	"strconv"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/kv/internal/tree"
)

// A snapshot is the tree in chunks. A chunk is
//
//	version       1 byte
//	flags         1 byte; lastChunk
//	covers        8 bytes
//	index         4 bytes: the chunk's place in the snapshot, from 0
//	log           8 bytes: how much log there was
//	items         each: varint of the bytes that its key shares with the one before in this chunk, varint of the length of the rest of
//	              the key times 2 plus 1 for an external item, the rest, varint of the length of the value, the value
//	checksum      8 bytes: XXH64 of everything before
const (
	chunkHeaderSize = 1 + 1 + 8 + 4 + 8
	lastChunk       = 1
)

// encodeSnapshot prints a state. It calls pause after each chunk, and gives up when that fails.
func encodeSnapshot(s *state, pause func() error) ([][]byte, error) {
	var chunks [][]byte
	var previous []byte
	chunk := make([]byte, chunkHeaderSize, chunkBytes)
	for item := range s.tree.Scan(kv.Range{}) {
		if len(chunk)+len(item) > chunkBytes-checksumSize && len(chunk) > chunkHeaderSize {
			chunks = append(chunks, chunk)
			if err := pause(); err != nil {
				return nil, err
			}
			chunk, previous = make([]byte, chunkHeaderSize, chunkBytes), nil
		}
		key, value := item.Key(), item.Value()
		shared := sharedPrefix(previous, key)
		head := uint64(len(key)-shared) << 1
		if item.External() {
			head |= 1
		}
		chunk = binary.AppendUvarint(chunk, uint64(shared))
		chunk = binary.AppendUvarint(chunk, head)
		chunk = append(chunk, key[shared:]...)
		chunk = binary.AppendUvarint(chunk, uint64(len(value)))
		chunk = append(chunk, value...)
		previous = key
	}
	chunks = append(chunks, chunk)
	for i, chunk := range chunks {
		chunk[0] = formatVersion
		if i == len(chunks)-1 {
			chunk[1] = lastChunk
		}
		binary.LittleEndian.PutUint64(chunk[2:], s.head)
		binary.LittleEndian.PutUint32(chunk[10:], uint32(i))
		binary.LittleEndian.PutUint64(chunk[14:], s.logBytes)
		chunks[i] = appendChecksum(chunk)
	}
	return chunks, nil
}

func sharedPrefix(a, b []byte) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// decodeSnapshot reads a state. Its items are checked, and decoded when they are needed. Its failures name the snapshot.
func decodeSnapshot(covers uint64, chunks [][]byte) (*state, error) {
	if err := checkSnapshot(covers, chunks); err != nil {
		return nil, err
	}
	s := &state{head: covers, logBytes: binary.LittleEndian.Uint64(chunks[0][14:])}
	p := pager{base: tree.NewBase(decodePage)}
	for _, chunk := range chunks {
		if err := p.add(chunk); err != nil {
			return nil, blameSnapshot(covers, err)
		}
	}
	s.tree, s.bytes = tree.Over(p.base), p.live
	return s, nil
}

// pageItems is how many items of a snapshot are decoded together.
const pageItems = 32

// pager makes pages of chunks, and checks all there is to check.
type pager struct {
	base *tree.Base
	key  []byte // the last one
	live uint64 // bytes of keys and values so far
}

// add adds the items of a chunk that checkFormat has accepted.
func (p *pager) add(chunk []byte) error {
	r := byteReader{data: chunk[:len(chunk)-checksumSize], at: chunkHeaderSize}
	var first []byte
	begin, count, most := r.at, 0, uint64(0) // most is what the next item may share
	for r.at < len(r.data) {
		shared, head := r.uvarint(), r.uvarint()
		rest := r.bytes(head >> 1)
		value := r.bytes(r.uvarint())
		// Keys rise, and the shared bytes are the same ones, so the rest must.
		if r.failed || shared > most || bytes.Compare(rest, p.key[min(shared, uint64(len(p.key))):]) <= 0 {
			return errItem
		}
		p.key = append(p.key[:shared], rest...)
		most = uint64(len(p.key))
		p.live += most + uint64(len(value))
		if head&1 != 0 {
			at, ok := parseAddress(value)
			if !ok {
				return errItem
			}
			p.live += uint64(at.length) - uint64(len(value))
		}
		if count++; count == 1 {
			first = bytes.Clone(p.key)
		}
		if count == pageItems {
			p.base.Add(first, r.data[begin:r.at:r.at], count)
			begin, count = r.at, 0
		}
	}
	if count > 0 {
		p.base.Add(first, r.data[begin:], count)
	}
	return nil
}

var errItem = core.ErrCorrupt.Because("it has an item that cannot be understood")

// decodePage is the tree.Decode of what a pager has checked.
func decodePage(first, encoded []byte, count int) []tree.Item {
	size, r := 0, byteReader{data: encoded}
	for r.at < len(r.data) {
		shared, head := r.uvarint(), r.uvarint()
		r.bytes(head >> 1)
		size += tree.PackedSize(int(shared+head>>1), len(r.bytes(r.uvarint())))
	}
	items := make([]tree.Item, 0, count)
	packer := tree.NewPacker(size)
	_ = eachItemOf(packer, encoded, first, func(item tree.Item) { items = append(items, item) })
	return items
}

// eachItem calls each for the items of a chunk that checkFormat has accepted.
func eachItem(packer *tree.Packer, chunk []byte, each func(tree.Item)) error {
	return eachItemOf(packer, chunk[chunkHeaderSize:len(chunk)-checksumSize], nil, each)
}

// eachItemOf calls each for encoded items; key is that of the one before the first, or one with which the first shares as much.
func eachItemOf(packer *tree.Packer, encoded, key []byte, each func(tree.Item)) error {
	r := byteReader{data: encoded}
	for r.at < len(r.data) {
		shared := r.uvarint()
		head := r.uvarint()
		rest := r.bytes(head >> 1)
		value := r.bytes(r.uvarint())
		external := head&1 != 0
		understood := !r.failed && shared <= uint64(len(key))
		if external && understood {
			_, understood = parseAddress(value)
		}
		if !understood {
			return errItem
		}
		item := packer.Pack(key[:shared], rest, value, external)
		key = item.Key()
		each(item)
	}
	return nil
}

// checkSnapshot verifies that a snapshot is whole.
func checkSnapshot(covers uint64, chunks [][]byte) error {
	for i, chunk := range chunks {
		if err := checkFormat(chunk, chunkHeaderSize+checksumSize); err != nil {
			return blameSnapshot(covers, err)
		}
		if binary.LittleEndian.Uint64(chunk[2:]) != covers || binary.LittleEndian.Uint32(chunk[10:]) != uint32(i) {
			return blameSnapshot(covers, core.ErrCorrupt.Because("it has chunks of another"))
		}
	}
	if len(chunks) == 0 || chunks[len(chunks)-1][1]&lastChunk == 0 {
		return blameSnapshot(covers, core.ErrCorrupt.Because("it is cut short"))
	}
	return nil
}

func blameSnapshot(covers uint64, err error) error {
	e := core.AsError(err)
	return e.Because("the snapshot of the records up to " + strconv.FormatUint(covers, 10) + ": " + e.Reason)
}
