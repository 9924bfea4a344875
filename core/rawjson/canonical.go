package rawjson

import (
	"github.com/gouchdb/gouchdb/core/internal/lastwins"
)

// AppendCanonical appends value as CouchDB keeps it: without insignificant white space, with only what must be escaped in strings
// written as escapes, and of members with the same name only the last, in its place. Numbers stay as they are spelled, because the
// spelling goes into revision ids. The result is never longer than value; dst may be value[:0].
func AppendCanonical(dst, value []byte) []byte {
	dst, _ = appendCanonical(dst, value, nil)
	return dst
}

// Canonical validates the value that stands at position at of a larger text, as [Value] does, and returns it in the form of [AppendCanonical]: without a copy, if
// that is its form already. It also returns where in it the members begin, when it is an object: at the quote of the name, one after the comma that follows the
// member before. The memory of room is used for the positions, if it is enough.
func Canonical(text []byte, at int, room []int) (value []byte, members []int, end int, err error) {
	var prints [24]uint64
	var outer [8]int
	s := scanner{text: text, canonical: true, starts: room[:0], prints: prints[:0], outer: outer[:0]}
	if end = s.value(at); end < 0 {
		return nil, nil, 0, s.failure()
	}
	value = text[s.begin:end:end]
	switch {
	case s.altered && value[0] != '{':
		return AppendCanonical(make([]byte, 0, len(value)), value), nil, end, nil
	case s.altered:
		value, members = appendCanonical(make([]byte, 0, len(value)), value, append(room[:0], 0)[:0])
		return value, members, end, nil
	}
	for i := range s.starts {
		s.starts[i] -= s.begin
	}
	return value, s.starts, end, nil
}

// appendCanonical appends the positions of the members of the outermost object to starts, unless it is nil.
func appendCanonical(dst, value []byte, starts []int) ([]byte, []int) {
	var superseded lastwins.Cutter
	var text []byte // what a string with escapes says
	// Where the members of all open objects begin in dst, and for each open object, how many of those belong to outer ones.
	var fewMembers [32]int
	var fewObjects [8]int
	members, objects := fewMembers[:0], fewObjects[:0]
	name := func(start int) []byte { return dst[start:skipString(dst, start)] }
	// Most text is canonical already, so it is copied in long stretches: from is where the part begins that is not yet.
	from := 0
	for i := 0; i < len(value); {
		switch c := value[i]; c {
		case ' ', '\t', '\n', '\r':
			dst = append(dst, value[from:i]...)
			i = skipSpace(value, i)
			from = i
		case '"':
			start := len(dst) + i - from
			end, escaped := ScanString(value, i)
			if escaped {
				dst = append(dst, value[from:i]...)
				text = AppendText(text[:0], value[i:end])
				dst = AppendString(dst, text)
				from = end
			}
			i = end
			if j := skipSpace(value, i); len(objects) > 0 && j < len(value) && value[j] == ':' {
				members = append(members, start)
			}
		case '{':
			objects = append(objects, len(members))
			i++
		case '}':
			i++
			if len(objects) == 0 {
				continue
			}
			outer := objects[len(objects)-1]
			if len(objects) == 1 && starts != nil {
				starts = append(starts, members...)
			}
			if len(members) > outer+1 {
				dst = append(dst, value[from:i]...)
				from = i
				superseded.Object(members[outer:], name)
			}
			members, objects = members[:outer], objects[:len(objects)-1]
		default:
			i++
		}
	}
	dst = append(dst, value[from:]...)
	if superseded.IsEmpty() {
		return dst, starts
	}
	dst = superseded.Cut(dst)
	if starts != nil {
		starts = appendStarts(starts[:0], dst)
	}
	return dst, starts
}

// appendStarts finds the members anew.
func appendStarts(starts []int, object []byte) []int {
	c := NewCursor(object)
	c.Open(Object)
	for c.Next() {
		starts = append(starts, c.At)
		c.Name()
		c.Value()
	}
	return starts
}
