// Package tree is the ordered tree in memory that memkv and logkv share.
//
// It holds many small entries, so an entry is one string with key and value in it: an item of two slices would take three times the
// space and give the garbage collector three times the work.
package tree

import "unsafe"

// Item is an entry in one string: the length of the key and one flag as a varint, the key, the value.
type Item string

// Pack makes an Item. The flag external is the caller's, who knows by it what the value means.
func Pack(key, value []byte, external bool) Item {
	head := uint64(len(key)) << 1
	if external {
		head |= 1
	}
	size := len(key) + len(value) + 1
	for rest := head; rest >= 0x80; rest >>= 7 {
		size++
	}
	packed := appendItem(make([]byte, 0, size), key, nil, value, external)
	// The bytes are never written again, so they may become a string without a copy.
	return Item(unsafe.String(unsafe.SliceData(packed), len(packed)))
}

// appendItem appends the bytes of an item whose key comes in two parts.
func appendItem(dst, keyStart, keyRest, value []byte, external bool) []byte {
	head := uint64(len(keyStart)+len(keyRest)) << 1
	if external {
		head |= 1
	}
	for head >= 0x80 {
		dst = append(dst, byte(head)|0x80)
		head >>= 7
	}
	dst = append(dst, byte(head))
	dst = append(dst, keyStart...)
	dst = append(dst, keyRest...)
	return append(dst, value...)
}

// Packer makes items that stay for long, many of them in one piece of memory. That is faster than one by one and leaves the garbage
// collector less to look at, but a piece is kept as long as one of its items is: it is for what is read at once, not for what changes.
type Packer struct {
	piece []byte
}

// NewPacker returns a Packer whose first piece has room for so many bytes; see [PackedSize].
func NewPacker(room int) *Packer { return &Packer{piece: make([]byte, 0, room)} }

// PackedSize is the most that an item of such a key and value takes.
func PackedSize(key, value int) int { return longestHead + key + value }

const longestHead = 10

// pieceBytes is how large a piece of memory is.
const pieceBytes = 4 << 10

// Pack is the function of this name, with the key in two parts.
func (p *Packer) Pack(keyStart, keyRest, value []byte, external bool) Item {
	if size := longestHead + len(keyStart) + len(keyRest) + len(value); cap(p.piece)-len(p.piece) < size {
		p.piece = make([]byte, 0, max(size, pieceBytes))
	}
	start := len(p.piece)
	p.piece = appendItem(p.piece, keyStart, keyRest, value, external)
	// The bytes are never written again: what follows goes behind them.
	return Item(unsafe.String(&p.piece[start], len(p.piece)-start))
}

// split returns where the key begins and ends, and the flag.
func (i Item) split() (begin, end int, external bool) {
	if head := i[0]; head < 0x80 { // a key of less than 64 bytes, which most are
		return 1, 1 + int(head>>1), head&1 != 0
	}
	return i.splitLong()
}

// splitLong is split for any item. Apart from the common case, it is not inlined everywhere.
//
//go:noinline
func (i Item) splitLong() (begin, end int, external bool) {
	head := uint64(i[0] & 0x7F)
	begin = 1
	for shift := 7; ; shift += 7 {
		b := i[begin]
		begin++
		head |= uint64(b&0x7F) << shift
		if b < 0x80 {
			break
		}
	}
	return begin, begin + int(head>>1), head&1 != 0
}

// Key returns the key, which must not be modified.
func (i Item) Key() []byte {
	begin, end, _ := i.split()
	return readOnly(i[begin:end])
}

// hasKey reports whether the key is this one.
func (i Item) hasKey(key []byte) bool {
	begin, end, _ := i.split()
	return string(i[begin:end]) == string(key)
}

// Value returns the value, never nil, which must not be modified.
func (i Item) Value() []byte {
	_, end, _ := i.split()
	return readOnly(i[end:])
}

// External returns the flag.
func (i Item) External() bool {
	// The flag is the lowest bit of the varint, which is in its first byte.
	return i[0]&1 != 0
}

// Size returns the bytes of key and value.
func (i Item) Size() int {
	begin, _, _ := i.split()
	return len(i) - begin
}

func less(a, b Item) bool {
	if a[0] < 0x80 && b[0] < 0x80 { // keys of less than 64 bytes, which most are
		return a[1:1+a[0]>>1] < b[1:1+b[0]>>1]
	}
	aBegin, aEnd, _ := a.split()
	bBegin, bEnd, _ := b.split()
	return a[aBegin:aEnd] < b[bBegin:bEnd]
}

// readOnly returns the bytes of a string without copying them: a copy of every key and value read would be most of the cost of a scan.
func readOnly(text Item) []byte {
	if len(text) == 0 {
		return []byte{}
	}
	return unsafe.Slice(unsafe.StringData(string(text)), len(text))
}
