package rawjson

import (
	"github.com/gouchdb/gouchdb/core/internal/lastwins"
)

// AppendCanonical appends value as CouchDB keeps it: without insignificant white space, with only what must be escaped in strings
// written as escapes, and of members with the same name only the last, in its place. Numbers stay as they are spelled, because the
// spelling goes into revision ids. The result is never longer than value; dst may be value[:0].
func AppendCanonical(dst, value []byte) []byte {
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
	return superseded.Cut(append(dst, value[from:]...))
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
