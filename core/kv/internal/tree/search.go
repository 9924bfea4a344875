package tree

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// search returns the place of the first item whose key is not below a key, and whether that is its key. Keys are compared here, eight bytes at a
// time, and not by a function: this is the innermost loop of nearly everything.
func search(items []Item, key []byte) (at int, found bool) {
	low, high := 0, len(items)
search:
	for low < high {
		middle := int(uint(low+high) >> 1)
		item := items[middle]
		if item[0] >= 0x80 {
			if bytes.Compare(item.Key(), key) < 0 {
				low = middle + 1
			} else {
				high = middle
			}
			continue
		}
		its := readOnly(item[1 : 1+item[0]>>1]) // a key of less than 64 bytes, which most are
		i, common := 0, min(len(its), len(key))
		for ; i+8 <= common; i += 8 {
			differ := binary.LittleEndian.Uint64(its[i:]) ^ binary.LittleEndian.Uint64(key[i:])
			if differ == 0 {
				continue
			}
			i += bits.TrailingZeros64(differ) / 8
			if its[i] < key[i] {
				low = middle + 1
			} else {
				high = middle
			}
			continue search
		}
		for ; i < common; i++ {
			if its[i] == key[i] {
				continue
			}
			if its[i] < key[i] {
				low = middle + 1
			} else {
				high = middle
			}
			continue search
		}
		switch {
		case len(its) < len(key):
			low = middle + 1
		case len(its) > len(key):
			high = middle
		default:
			return middle, true
		}
	}
	return low, low < len(items) && items[low].hasKey(key)
}
