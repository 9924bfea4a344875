package rawjson

import "math/bits"

// Most bytes of a document are inside strings and mean nothing to a scan. They are looked at eight at a time: in a word, a byte is
// found by taking 1 from each byte, which borrows into the highest bit of those that were 0.
const (
	ones  = 0x0101010101010101
	highs = 0x80 * ones
)

// zeros has a high bit set if a byte of word is 0, and none if none is.
func zeros(word uint64) uint64 { return (word - ones) &^ word & highs }

// wordAt returns the eight bytes of text from i on. It is encoding/binary's, in a package whose functions are inlined in the engine of browsers.
func wordAt(text []byte, i int) uint64 {
	b := text[i : i+8 : i+8]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 | uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

// skipInner returns the first position from i on at which, inside a string, there is a quote or a backslash; if there is none, the length of text, or i when that is beyond it.
func skipInner(text []byte, i int) int {
	for ; i+8 <= len(text); i += 8 {
		word := wordAt(text, i)
		// Borrowing may mark bytes above one that is marked rightly, never below the lowest such one.
		if marks := zeros(word^'"'*ones) | zeros(word^'\\'*ones); marks != 0 {
			return i + bits.TrailingZeros64(marks)/8
		}
	}
	for i < len(text) && text[i] != '"' && text[i] != '\\' {
		i++
	}
	return i
}

// skipPlain returns the first position from i on at which, inside a string, there is something else than an ASCII character that a string may hold as it is; the length of text
// if there is none.
func skipPlain(text []byte, i int) int {
	for ; i+8 <= len(text); i += 8 {
		word := wordAt(text, i)
		controls := (word - 0x20*ones) &^ word
		if marks := (zeros(word^'"'*ones) | zeros(word^'\\'*ones) | controls | word) & highs; marks != 0 {
			return i + bits.TrailingZeros64(marks)/8
		}
	}
	for i < len(text) && text[i] != '"' && text[i] != '\\' && text[i] >= 0x20 && text[i] < 0x80 {
		i++
	}
	return i
}
