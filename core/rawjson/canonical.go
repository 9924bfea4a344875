package rawjson

import (
	"bytes"

	"github.com/gouchdb/gouchdb/core/internal/lastwins"
)

// AppendCanonical appends value as CouchDB keeps it: without insignificant white space, with only what must be escaped in strings
// written as escapes, and of members with the same name only the last, in its place. Numbers stay as they are spelled, because the
// spelling goes into revision ids. The result is never longer than value; dst may be value[:0].
func AppendCanonical(dst, value []byte) []byte {
	var superseded lastwins.Cutter
	var text []byte   // a string without escapes
	var members []int // where the members of all open objects begin in dst
	var objects []int // for each open object, how many of members belong to outer ones
	name := func(start int) []byte { return dst[start:skipString(dst, start)] }
	for i := 0; i < len(value); {
		c := value[i]
		if isSpace(c) {
			i++
			continue
		}
		start := len(dst)
		if c == '"' {
			end := skipString(value, i)
			if token := value[i:end]; bytes.IndexByte(token, '\\') < 0 {
				dst = append(dst, token...)
			} else {
				text = AppendText(text[:0], token)
				dst = AppendString(dst, text)
			}
			i = skipSpace(value, end)
			if len(objects) > 0 && i < len(value) && value[i] == ':' {
				members = append(members, start)
			}
			continue
		}
		dst = append(dst, c)
		i++
		switch c {
		case '{':
			objects = append(objects, len(members))
		case '}':
			if len(objects) > 0 {
				outer := objects[len(objects)-1]
				superseded.Object(members[outer:], name)
				members, objects = members[:outer], objects[:len(objects)-1]
			}
		}
	}
	return superseded.Cut(dst)
}
