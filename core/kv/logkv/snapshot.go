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
//	live          8 bytes: of keys and values, in the whole snapshot
//	pages         each: varint of the number of its items, varint of their length in bytes, the items
//	checksum      8 bytes: XXH64 of everything before
//
// An item is
//
//	varint        bytes that its key shares with the one before in this page
//	varint        length of the rest of the key times 2, plus 1 for an external item
//	rest
//	varint        length of the value
//	value
//
// Opening goes from page to page. What is in them is decoded, and checked, when it is needed.
const (
	chunkHeaderSize = 1 + 1 + 8 + 4 + 8 + 8
	lastChunk       = 1
	// pageItems is how many items a page has, at most.
	pageItems = 32
)

// encodeSnapshot prints a state. It calls pause after each chunk, and gives up when that fails.
func encodeSnapshot(s *state, pause func() error) ([][]byte, error) {
	var chunks [][]byte
	var previous []byte
	chunk := make([]byte, chunkHeaderSize, chunkBytes)
	var page []byte
	count := 0
	endPage := func() {
		if count > 0 {
			chunk = appendUvarint(chunk, uint64(count))
			chunk = appendUvarint(chunk, uint64(len(page)))
			chunk = append(chunk, page...)
		}
		page, previous, count = page[:0], nil, 0
	}
	for item := range s.tree.Scan(kv.Range{}) {
		const heads = 2 * binary.MaxVarintLen64
		if len(chunk)+heads+len(page)+heads+len(item) > chunkBytes-checksumSize && len(chunk)+len(page) > chunkHeaderSize {
			endPage()
			chunks = append(chunks, chunk)
			if err := pause(); err != nil {
				return nil, err
			}
			chunk = make([]byte, chunkHeaderSize, chunkBytes)
		}
		if count == pageItems {
			endPage()
		}
		key := item.Key()
		page = appendItem(page, previous, item)
		previous = key
		count++
	}
	endPage()
	chunks = append(chunks, chunk)
	for i, chunk := range chunks {
		chunk[0] = formatVersion
		if i == len(chunks)-1 {
			chunk[1] = lastChunk
		}
		binary.LittleEndian.PutUint64(chunk[2:], s.head)
		binary.LittleEndian.PutUint32(chunk[10:], uint32(i))
		binary.LittleEndian.PutUint64(chunk[14:], s.logBytes)
		binary.LittleEndian.PutUint64(chunk[22:], s.bytes)
		chunks[i] = appendChecksum(chunk)
	}
	return chunks, sound(s.tree)
}

func appendItem(page, previous []byte, item tree.Item) []byte {
	key, value := item.Key(), item.Value()
	shared := sharedPrefix(previous, key)
	head := uint64(len(key)-shared) << 1
	if item.External() {
		head |= 1
	}
	page = appendUvarint(page, uint64(shared))
	page = appendUvarint(page, head)
	page = append(page, key[shared:]...)
	page = appendUvarint(page, uint64(len(value)))
	return append(page, value...)
}

func sharedPrefix(a, b []byte) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// decodeSnapshot reads a state. Its pages are looked into at once only if that is asked for. Its failures name the snapshot.
func decodeSnapshot(covers uint64, chunks [][]byte, wholly bool) (*state, error) {
	if err := checkSnapshot(covers, chunks); err != nil {
		return nil, err
	}
	base := tree.NewBase(decodePage)
	for _, chunk := range chunks {
		if !addPages(base, chunk) {
			return nil, blameSnapshot(covers, errItem)
		}
	}
	if wholly && !base.Sound() {
		return nil, blameSnapshot(covers, errItem)
	}
	header := chunks[0]
	return &state{
		tree: tree.Over(base), head: covers, content: covers,
		logBytes: binary.LittleEndian.Uint64(header[14:]), bytes: binary.LittleEndian.Uint64(header[22:]),
	}, nil
}

var errItem = core.ErrCorrupt.Because("it has an item that cannot be understood")

// sound returns what is to be told of a tree whose snapshot had a page that could not be understood.
func sound(t *tree.Tree) error {
	if t.Damaged() {
		return core.ErrCorrupt.Because("the snapshot has an item that cannot be understood")
	}
	return nil
}

// addPages adds the pages of a chunk that checkFormat has accepted to a base. It reports false when it comes upon one that is none.
func addPages(base *tree.Base, chunk []byte) bool {
	r := byteReader{data: chunk[:len(chunk)-checksumSize], at: chunkHeaderSize}
	for r.at < len(r.data) {
		count := r.uvarint()
		page := byteReader{data: r.bytes(r.uvarint())}
		shared := page.uvarint()
		first := page.bytes(page.uvarint() >> 1)
		if r.failed || page.failed || shared > 0 || count-1 >= pageItems || !base.Add(first, page.data, int(count)) {
			return false
		}
	}
	return true
}

// decodePage is a tree.Decode.
func decodePage(page []byte, count int) []tree.Item {
	items := make([]tree.Item, 0, count)
	r := byteReader{data: page}
	var packer *tree.Packer
	var key []byte
	for r.at < len(r.data) {
		shared := r.uvarint()
		head := r.uvarint()
		rest := r.bytes(head >> 1)
		value := r.bytes(r.uvarint())
		external := head&1 != 0
		// Keys rise, and the shared bytes are the same ones, so the rest must.
		understood := !r.failed && shared <= uint64(len(key)) && bytes.Compare(rest, key[min(shared, uint64(len(key))):]) > 0
		if external && understood {
			_, understood = parseAddress(value)
		}
		if !understood {
			return nil
		}
		if packer == nil { // with as much room as is needed when the keys are of about one length
			packer = tree.NewPacker(len(page) + (count-1)*len(rest))
		}
		item := packer.Pack(key[:shared], rest, value, external)
		key = item.Key()
		items = append(items, item)
	}
	if len(items) != count {
		return nil
	}
	return items
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
