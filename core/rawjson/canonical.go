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

// CanonicalObject returns an object in the form of [AppendCanonical], and where in it its members begin: at the quote of the name, one after the comma that follows
// the member before. starts is what the positions are appended to.
func CanonicalObject(object []byte, starts []int) ([]byte, []int) {
	if starts == nil {
		starts = []int{}
	}
	return appendCanonical(make([]byte, 0, len(object)), object, starts)
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
			end, escaped := scanString(value, i)
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
		starts = append(starts, c.at)
		c.Name()
		c.Value()
	}
	return starts
}

// scanString is skipString that also tells whether anything is escaped.
func scanString(text []byte, i int) (end int, escaped bool) {
	for i = skipInner(text, i+1); i < len(text); i++ {
		switch text[i] {
		case '"':
			return i + 1, escaped
		case '\\':
			escaped = true
			i = skipInner(text, i+2) - 1
		}
	}
	return len(text), escaped
}
