package rawjson

import (
	"math/bits"
	"strconv"
	"unicode/utf8"
)

// scanner goes through a text once: it validates a value and finds out, if it is asked to, whether that is in canonical form, which most text is.
type scanner struct {
	text  []byte
	begin int // of the value
	// kinds has a bit for each open bracket, the innermost lowest: set for an object, clear for an array. deeper holds older ones, 64 at a time.
	kinds  uint64
	deeper []uint64
	depth  int

	pos    int // where it failed
	reason string

	// These are for canonical alone.

	canonical bool // it is to be found out whether the value is in canonical form
	altered   bool // it is not, or that is doubtful
	// starts are where the members of all open objects begin, the innermost last, prints their fingerprints. At the end those of the outermost object are left.
	starts []int
	prints []uint64
	outer  []int // for each open object, how many of these belong to outer ones
}

func (s *scanner) failure() error { return &SyntaxError{Offset: s.pos, Reason: s.reason} }

// end demands that nothing follows the value that ends at i.
func (s *scanner) end(i int) error {
	if i >= 0 {
		if i = s.space(i); i < len(s.text) {
			i = s.fail(i, "text after the value")
		}
	}
	if i < 0 {
		return s.failure()
	}
	return nil
}

// fail notes why the text is refused. What it returns is what all methods return that have failed.
func (s *scanner) fail(i int, reason string) int {
	s.pos, s.reason = i, reason
	return -1
}

// value returns where the value ends that begins at i or after the white space there.
func (s *scanner) value(i int) int {
	i = skipSpace(s.text, i)
	s.begin = i
	for {
		// A value is due.
		i = s.space(i)
		if i >= len(s.text) {
			return s.fail(i, "the text ends where a value should begin")
		}
		switch c := s.text[i]; c {
		case '{':
			i = s.space(i + 1)
			if i < len(s.text) && s.text[i] == '}' {
				i++
				break
			}
			s.push(1)
			if i = s.name(i); i < 0 {
				return i
			}
			continue
		case '[':
			i = s.space(i + 1)
			if i < len(s.text) && s.text[i] == ']' {
				i++
				break
			}
			s.push(0)
			continue
		case '"':
			i = s.str(i)
		case 't':
			i = s.word(i, "true")
		case 'f':
			i = s.word(i, "false")
		case 'n':
			i = s.word(i, "null")
		default:
			i = s.number(i)
		}
		if i < 0 {
			return i
		}
		// A value has ended: close what it closes, or go on to the next.
		for {
			if s.depth == 0 {
				return i
			}
			i = s.space(i)
			if i >= len(s.text) {
				return s.fail(i, "the text ends inside a value")
			}
			c := s.text[i]
			if c == ',' {
				i++
				if s.kinds&1 != 0 {
					if i = s.name(s.space(i)); i < 0 {
						return i
					}
				}
				break
			}
			if c != ']'+('}'-']')*byte(s.kinds&1) {
				return s.fail(i, "a comma or a closing bracket is due")
			}
			i++
			s.pop()
		}
	}
}

func (s *scanner) push(object uint64) {
	if s.depth&63 == 0 && s.depth > 0 {
		s.deeper = append(s.deeper, s.kinds)
	}
	s.kinds = s.kinds<<1 | object
	s.depth++
	if object != 0 && s.canonical {
		s.outer = append(s.outer, len(s.starts))
	}
}

func (s *scanner) pop() {
	if s.kinds&1 != 0 && s.canonical {
		last := len(s.outer) - 1
		if s.depth > 1 {
			s.starts, s.prints = s.starts[:s.outer[last]], s.prints[:s.outer[last]]
		}
		s.outer = s.outer[:last]
	}
	s.depth--
	s.kinds >>= 1
	if s.depth&63 == 0 && s.depth > 0 {
		last := len(s.deeper) - 1
		s.kinds, s.deeper = s.deeper[last], s.deeper[:last]
	}
}

func (s *scanner) space(i int) int {
	if i < len(s.text) && s.text[i] > ' ' {
		return i
	}
	return s.spaces(i)
}

func (s *scanner) spaces(i int) int {
	end := skipSpace(s.text, i)
	if end > i {
		s.altered = true
	}
	return end
}

// name reads a member name at i and its colon.
func (s *scanner) name(i int) int {
	if i >= len(s.text) || s.text[i] != '"' {
		return s.fail(i, "a member name must be a string")
	}
	end := s.str(i)
	if end < 0 {
		return end
	}
	if s.canonical {
		s.member(i, end)
	}
	if end = s.space(end); end >= len(s.text) || s.text[end] != ':' {
		return s.fail(end, "a colon must follow a member name")
	}
	return end + 1
}

// manyMembers is the number of members above which comparing each with each takes too long.
const manyMembers = 48

// member notes a member whose name stands from i to end. Two members whose fingerprints are equal may have one name.
func (s *scanner) member(i, end int) {
	first := s.outer[len(s.outer)-1]
	print := fingerprint(s.text, i+1, end-1)
	for _, other := range s.prints[first:] {
		if other == print {
			s.altered = true
		}
	}
	if len(s.prints)-first >= manyMembers {
		s.altered = true // perhaps: then somebody looks who sorts them
	}
	s.starts, s.prints = append(s.starts, i), append(s.prints, print)
}

// fingerprint returns a number for the name between two positions of text, at the second of which there is a quote. It is another one for each name of up to seven bytes.
func fingerprint(text []byte, i, end int) uint64 {
	size := end - i
	if size >= 8 {
		return wordAt(text, i)<<1 ^ bits.RotateLeft64(wordAt(text, end-8), 27) ^ uint64(size)<<48 | 1<<63
	}
	print := uint64(size) << 56
	for j := range size {
		print |= uint64(text[i+j]) << (8 * j)
	}
	return print
}

func (s *scanner) word(i int, word string) int {
	if len(s.text)-i < len(word) || string(s.text[i:i+len(word)]) != word {
		return s.fail(i, "a value cannot begin here")
	}
	return i + len(word)
}

func (s *scanner) digits(i int) int {
	for i < len(s.text) && isDigit(s.text[i]) {
		i++
	}
	return i
}

func (s *scanner) number(start int) int {
	text, i := s.text, start
	if text[i] == '-' {
		i++
	} else if !isDigit(text[i]) {
		return s.fail(i, "a value cannot begin here")
	}
	end := i + 1
	if i >= len(text) || text[i] != '0' {
		if end = s.digits(i); end == i {
			return s.fail(i, "a digit is due")
		}
	}
	i = end
	exponent := false
	if i < len(text) && text[i] == '.' {
		if end = s.digits(i + 1); end == i+1 {
			return s.fail(end, "a digit must follow the decimal point")
		}
		i = end
	}
	if i < len(text) && text[i]|0x20 == 'e' {
		exponent = true
		i++
		if i < len(text) && (text[i] == '+' || text[i] == '-') {
			i++
		}
		if end = s.digits(i); end == i {
			return s.fail(i, "a digit is due in the exponent")
		}
		i = end
	}
	// Without an exponent a number needs more than 300 digits to leave the range of a double.
	if exponent || i-start > 300 {
		if _, err := strconv.ParseFloat(string(text[start:i]), 64); err != nil {
			return s.fail(start, "the number is beyond the range of a double")
		}
	}
	return i
}

// str returns where the string ends that begins at i.
func (s *scanner) str(i int) int {
	text := s.text
	for i++; ; {
		i = skipPlain(text, i)
		if i >= len(text) {
			return s.fail(len(text), "the text ends inside a string")
		}
		switch c := text[i]; {
		case c == '"':
			return i + 1
		case c == '\\':
			if i = s.escape(i); i < 0 {
				return i
			}
		case c < 0x20:
			return s.fail(i, "a control character must be escaped in a string")
		default:
			r, n := utf8.DecodeRune(text[i:])
			if r == utf8.RuneError && n == 1 {
				return s.fail(i, "the text is not valid UTF-8")
			}
			i += n
		}
	}
}

// escape returns where the escape sequence ends that begins at i. Canonical text has the short ones, and those of control characters that have no short one.
func (s *scanner) escape(i int) int {
	text := s.text
	if i+1 >= len(text) {
		return s.fail(i, "the text ends inside a string")
	}
	switch text[i+1] {
	case '"', '\\', 'b', 'f', 'n', 'r', 't':
		return i + 2
	case '/':
		s.altered = true
		return i + 2
	case 'u':
		s.altered = true
		unit, ok := hex4(text[i+2:])
		if !ok {
			return s.fail(i, "four hexadecimal digits must follow \\u")
		}
		if unit < 0xD800 || unit > 0xDFFF {
			return i + 6
		}
		if unit < 0xDC00 && i+7 < len(text) && text[i+6] == '\\' && text[i+7] == 'u' {
			if low, ok := hex4(text[i+8:]); ok && low >= 0xDC00 && low <= 0xDFFF {
				return i + 12
			}
		}
		return s.fail(i, "a surrogate without its other half")
	}
	return s.fail(i, "unknown escape sequence")
}

func hex4(text []byte) (rune, bool) {
	if len(text) < 4 {
		return 0, false
	}
	var r rune
	for _, c := range text[:4] {
		switch {
		case isDigit(c):
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
