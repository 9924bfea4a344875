package rawjson

import (
	"strconv"
	"unicode/utf8"
)

// SyntaxError says where and why a text is not JSON that CouchDB accepts.
type SyntaxError struct {
	Offset int    // of the offending byte, from 0
	Reason string // for people
}

func (e *SyntaxError) Error() string {
	return "invalid JSON at byte " + strconv.Itoa(e.Offset) + ": " + e.Reason
}

// Validate reports whether text is exactly one JSON value, with white space around it allowed. It is as strict
// as CouchDB 3.5: no byte order mark, no invalid UTF-8, no lone surrogates, no number beyond the range of a double.
// The error is a *[SyntaxError].
func Validate(text []byte) error {
	v := validator{text: text}
	if !v.run() {
		return &SyntaxError{Offset: v.pos, Reason: v.reason}
	}
	return nil
}

type validator struct {
	text   []byte
	pos    int
	reason string
	// objects has one bit for each open bracket: set for an object, clear for an array.
	objects []uint64
	depth   int
}

func (v *validator) fail(reason string) bool {
	v.reason = reason
	return false
}

func (v *validator) push(object bool) {
	word, bit := v.depth/64, uint64(1)<<(v.depth%64)
	if word == len(v.objects) {
		v.objects = append(v.objects, 0)
	}
	if object {
		v.objects[word] |= bit
	} else {
		v.objects[word] &^= bit
	}
	v.depth++
}

func (v *validator) inObject() bool {
	d := v.depth - 1
	return v.objects[d/64]&(1<<(d%64)) != 0
}

func (v *validator) space() {
	for v.pos < len(v.text) && isSpace(v.text[v.pos]) {
		v.pos++
	}
}

func (v *validator) peek() byte {
	v.space()
	if v.pos < len(v.text) {
		return v.text[v.pos]
	}
	return 0
}

// name reads a member name and its colon.
func (v *validator) name() bool {
	if v.peek() != '"' {
		return v.fail("a member name must be a string")
	}
	if !v.str() {
		return false
	}
	if v.peek() != ':' {
		return v.fail("a colon must follow a member name")
	}
	v.pos++
	return true
}

func (v *validator) run() bool {
	for {
		// A value is due.
		switch c := v.peek(); c {
		case '{':
			v.pos++
			if v.peek() == '}' {
				v.pos++
				break
			}
			v.push(true)
			if !v.name() {
				return false
			}
			continue
		case '[':
			v.pos++
			if v.peek() == ']' {
				v.pos++
				break
			}
			v.push(false)
			continue
		case '"':
			if !v.str() {
				return false
			}
		case 't':
			if !v.word("true") {
				return false
			}
		case 'f':
			if !v.word("false") {
				return false
			}
		case 'n':
			if !v.word("null") {
				return false
			}
		default:
			if c != '-' && !isDigit(c) {
				if v.pos >= len(v.text) {
					return v.fail("the text ends where a value should begin")
				}
				return v.fail("a value cannot begin here")
			}
			if !v.number() {
				return false
			}
		}
		// A value has ended: close what it closes, or go on to the next.
		for {
			c := v.peek()
			if v.depth == 0 {
				if v.pos < len(v.text) {
					return v.fail("text after the value")
				}
				return true
			}
			if c == ',' {
				v.pos++
				if v.inObject() && !v.name() {
					return false
				}
				break
			}
			closing := byte(']')
			if v.inObject() {
				closing = '}'
			}
			if c != closing {
				if v.pos >= len(v.text) {
					return v.fail("the text ends inside a value")
				}
				return v.fail("a comma or a closing bracket is due")
			}
			v.pos++
			v.depth--
		}
	}
}

func (v *validator) word(word string) bool {
	if len(v.text)-v.pos < len(word) || string(v.text[v.pos:v.pos+len(word)]) != word {
		return v.fail("a value cannot begin here")
	}
	v.pos += len(word)
	return true
}

func (v *validator) digits() bool {
	start := v.pos
	for v.pos < len(v.text) && isDigit(v.text[v.pos]) {
		v.pos++
	}
	return v.pos > start
}

func (v *validator) number() bool {
	start := v.pos
	if v.text[v.pos] == '-' {
		v.pos++
	}
	if v.pos < len(v.text) && v.text[v.pos] == '0' {
		v.pos++
	} else if !v.digits() {
		return v.fail("a digit is due")
	}
	exponent := false
	if v.pos < len(v.text) && v.text[v.pos] == '.' {
		v.pos++
		if !v.digits() {
			return v.fail("a digit must follow the decimal point")
		}
	}
	if v.pos < len(v.text) && v.text[v.pos]|0x20 == 'e' {
		exponent = true
		v.pos++
		if v.pos < len(v.text) && (v.text[v.pos] == '+' || v.text[v.pos] == '-') {
			v.pos++
		}
		if !v.digits() {
			return v.fail("a digit is due in the exponent")
		}
	}
	// Without an exponent a number needs more than 300 digits to leave the range of a double.
	if exponent || v.pos-start > 300 {
		if _, err := strconv.ParseFloat(string(v.text[start:v.pos]), 64); err != nil {
			v.pos = start
			return v.fail("the number is beyond the range of a double")
		}
	}
	return true
}

func (v *validator) str() bool {
	text := v.text
	i := skipPlain(text, v.pos+1)
	for i < len(text) {
		c := text[i]
		switch {
		case c == '"':
			v.pos = i + 1
			return true
		case c == '\\':
			n := v.escape(i)
			if n == 0 {
				return false
			}
			i = skipPlain(text, i+n)
		case c < 0x20:
			v.pos = i
			return v.fail("a control character must be escaped in a string")
		case c < utf8.RuneSelf:
			i++
		default:
			r, n := utf8.DecodeRune(text[i:])
			if r == utf8.RuneError && n == 1 {
				v.pos = i
				return v.fail("the text is not valid UTF-8")
			}
			i += n
		}
	}
	v.pos = len(text)
	return v.fail("the text ends inside a string")
}

// escape returns the length of the escape sequence at i, 0 after a failure.
func (v *validator) escape(i int) int {
	v.pos = i
	if i+1 >= len(v.text) {
		v.fail("the text ends inside a string")
		return 0
	}
	switch v.text[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		unit, ok := hex4(v.text[i+2:])
		if !ok {
			v.fail("four hexadecimal digits must follow \\u")
			return 0
		}
		if unit < 0xD800 || unit > 0xDFFF {
			return 6
		}
		if unit < 0xDC00 && i+7 < len(v.text) && v.text[i+6] == '\\' && v.text[i+7] == 'u' {
			if low, ok := hex4(v.text[i+8:]); ok && low >= 0xDC00 && low <= 0xDFFF {
				return 12
			}
		}
		v.fail("a surrogate without its other half")
		return 0
	}
	v.fail("unknown escape sequence")
	return 0
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
