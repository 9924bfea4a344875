package rawjson

import (
	"strconv"
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
	s := scanner{text: text}
	return s.end(s.value(0))
}

// Value returns where the value begins and ends that stands at position at of a larger text, or after the white space there. It is as strict as [Validate] about
// the value, and does not look at what follows it.
func Value(text []byte, at int) (begin, end int, err error) {
	s := scanner{text: text}
	if end = s.value(at); end < 0 {
		return 0, 0, s.failure()
	}
	return s.begin, end, nil
}

// Ends reports whether there is nothing but white space from a position on, as after the only value of a text.
func Ends(text []byte, at int) error {
	s := scanner{text: text}
	return s.end(at)
}

// ArrayReader goes through the elements of an array that has not been validated. Who uses it reads each element, with [Value] or [Canonical], and sets At to where that ends.
type ArrayReader struct {
	Text []byte
	At   int
	open bool
}

// NewArrayReader returns a reader that stands before a text.
func NewArrayReader(text []byte) ArrayReader { return ArrayReader{Text: text} }

// Next returns where the next element begins; more is false at the end of the array, which has to be that of the text. The error is a *[SyntaxError].
func (r *ArrayReader) Next() (begin int, more bool, err error) {
	s := scanner{text: r.Text}
	i := s.space(r.At)
	c := byte(0)
	if i < len(r.Text) {
		c = r.Text[i]
	}
	switch {
	case r.open && c == ']':
		return i, false, s.end(i + 1)
	case r.open && c != ',':
		s.fail(i, "a comma or a closing bracket is due")
		return i, false, s.failure()
	case !r.open && c != '[':
		s.fail(i, "an array is due")
		return i, false, s.failure()
	}
	i = s.space(i + 1)
	if !r.open && i < len(r.Text) && r.Text[i] == ']' {
		return i, false, s.end(i + 1)
	}
	r.open = true
	return i, true, nil
}
