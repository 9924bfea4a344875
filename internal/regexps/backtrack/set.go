package backtrack

import (
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/gouchdb/gouchdb/core/mango/pcre"
)

// ranges are pairs of first and last characters. Once normal they ascend and do not touch.
type ranges []rune

func (all ranges) normal() ranges {
	pairs := make([][2]rune, 0, len(all)/2)
	for i := 0; i < len(all); i += 2 {
		pairs = append(pairs, [2]rune{all[i], all[i+1]})
	}
	slices.SortFunc(pairs, func(a, b [2]rune) int { return int(a[0] - b[0]) })
	var joined ranges
	for _, pair := range pairs {
		if last := len(joined) - 1; last > 0 && pair[0] <= joined[last]+1 {
			joined[last] = max(joined[last], pair[1])
		} else {
			joined = append(joined, pair[0], pair[1])
		}
	}
	return joined
}

// complement returns the characters that are not in ranges, which must be normal.
func (all ranges) complement() ranges { return pcre.Complement(all) }

// contains searches in ranges, which must be normal.
func (all ranges) contains(r rune) bool {
	low, high := 0, len(all)/2 // the first pair that does not end before r is in between
	for low < high {
		if middle := (low + high) / 2; all[2*middle+1] < r {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return 2*low < len(all) && all[2*low] <= r
}

// tableRanges returns the characters of one of Unicode's tables, in order.
func tableRanges(table *unicode.RangeTable) ranges {
	var all ranges
	add := func(low, high, stride rune) {
		if stride == 1 {
			all = append(all, low, high)
			return
		}
		for r := low; r <= high; r += stride {
			all = append(all, r, r)
		}
	}
	for _, r := range table.R16 {
		add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
	}
	for _, r := range table.R32 {
		add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
	}
	return all.normal()
}

// byteSet is a set of bytes.
type byteSet [4]uint64

func (s *byteSet) put(b byte)      { s[b>>6] |= 1 << (b & 63) }
func (s *byteSet) has(b byte) bool { return s[b>>6]>>(b&63)&1 != 0 }

func (s *byteSet) add(other byteSet) {
	for i := range s {
		s[i] |= other[i]
	}
}

// set is a set of characters, made for finding out whether the one at a place of a text is in it.
type set struct {
	wide  ranges    // those beyond ASCII
	mixed bool      // some of these are in the set and some are not
	bytes [256]bool // whether ASCII characters are in the set and, unless it is mixed, whether all the others are
	leads byteSet   // the first bytes of all characters in the set
}

// newSet makes a set of ranges, which must be normal.
func newSet(all ranges) *set {
	s := new(set)
	for i := 0; i < len(all); i += 2 {
		low, high := all[i], all[i+1]
		for r := low; r <= min(high, utf8.RuneSelf-1); r++ {
			s.bytes[r] = true
			s.leads.put(byte(r))
		}
		if high < utf8.RuneSelf {
			continue
		}
		low = max(low, utf8.RuneSelf)
		s.wide = append(s.wide, low, high)
		for b := int(leadByte(low)); b <= int(leadByte(high)); b++ {
			s.leads.put(byte(b))
		}
	}
	if slices.Equal(s.wide, ranges{utf8.RuneSelf, unicode.MaxRune}) {
		for b := utf8.RuneSelf; b < len(s.bytes); b++ {
			s.bytes[b] = true
		}
	} else {
		s.mixed = len(s.wide) > 0
	}
	return s
}

// leadByte returns the first byte of a character in UTF-8.
func leadByte(r rune) byte {
	switch {
	case r < utf8.RuneSelf:
		return byte(r)
	case r < 0x800:
		return 0xC0 | byte(r>>6)
	case r < 0x10000:
		return 0xE0 | byte(r>>12)
	default:
		return 0xF0 | byte(r>>18)
	}
}

// width returns the number of bytes of the character at pos if it is in the set, and otherwise 0.
func (s *set) width(text string, pos int) int {
	if pos >= len(text) {
		return 0
	}
	if b := text[pos]; b < utf8.RuneSelf {
		if s.bytes[b] {
			return 1
		}
		return 0
	}
	return s.wideWidth(text[pos:])
}

func (s *set) wideWidth(text string) int {
	r, width := utf8.DecodeRuneInString(text)
	if s.holdsWide(r) {
		return width
	}
	return 0
}

// widthBefore returns the number of bytes of the character that ends at pos if it is in the set, and otherwise 0.
func (s *set) widthBefore(text string, pos int) int {
	if pos == 0 {
		return 0
	}
	r, width := utf8.DecodeLastRuneInString(text[:pos])
	if r < utf8.RuneSelf && s.bytes[r] || r >= utf8.RuneSelf && s.holdsWide(r) {
		return width
	}
	return 0
}

func (s *set) holdsWide(r rune) bool {
	if !s.mixed {
		return s.bytes[utf8.RuneSelf]
	}
	return s.wide.contains(r)
}

// skip returns the first place, from pos on, that no character of the set begins at.
func (s *set) skip(text string, pos int) int {
	if s.mixed {
		for width := s.width(text, pos); width > 0; width = s.width(text, pos) {
			pos += width
		}
		return pos
	}
	for pos < len(text) && s.bytes[text[pos]] {
		pos++
	}
	return pos
}
