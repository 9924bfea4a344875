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
	packed := make([]byte, 0, size)
	for head >= 0x80 {
		packed = append(packed, byte(head)|0x80)
		head >>= 7
	}
	packed = append(packed, byte(head))
	packed = append(packed, key...)
	packed = append(packed, value...)
	// The bytes are never written again, so they may become a string without a copy.
	return Item(unsafe.String(unsafe.SliceData(packed), len(packed)))
}

// split returns where the key begins and ends, and the flag.
func (i Item) split() (begin, end int, external bool) {
	head := uint64(i[0])
	begin = 1
	if head >= 0x80 {
		head &= 0x7F
		for shift := 7; ; shift += 7 {
			b := i[begin]
			begin++
			head |= uint64(b&0x7F) << shift
			if b < 0x80 {
				break
			}
		}
	}
	return begin, begin + int(head>>1), head&1 != 0
}

// Key returns the key, which must not be modified.
func (i Item) Key() []byte {
	begin, end, _ := i.split()
	return readOnly(i[begin:end])
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
