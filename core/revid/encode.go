package revid

import (
	"encoding/binary"

	"github.com/gouchdb/gouchdb/core/internal/lastwins"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// encoder writes terms into one buffer. The length of a list stands before its elements but is known only after them, so
// room is left for it and filled in when the list ends.
type encoder struct {
	buf []byte
	// open are the lists begun and not yet ended, the innermost last. With them the nesting costs no stack.
	open []openList
	// pairs are the positions in buf of the members of all open objects, those of the innermost last.
	pairs []int
	// superseded are the members that do not count because a later one has the same name.
	superseded lastwins.Cutter
}

type openList struct {
	start  uint32 // position of the list's tag
	count  uint32 // elements so far
	pairs  uint32 // of an object: how many positions in encoder.pairs belong to outer ones
	object bool
}

func (e *encoder) reset() {
	e.buf, e.open, e.pairs = e.buf[:0], e.open[:0], e.pairs[:0]
	e.superseded.Reset()
}

// json encodes an object. It reports false when text, against the contract of [New], is no valid object; not every such
// text is found out.
func (e *encoder) json(text []byte) bool {
	if rawjson.KindOf(text) != rawjson.Object {
		return false
	}
	nameDue := false // in an object, where a name or the end must come
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == ',' || c == ':' || c <= ' ':
			i++
			continue
		case c == '"':
			end, escaped := rawjson.ScanString(text, i)
			if end-i < 2 {
				return false
			}
			token := text[i:end]
			i = end
			if nameDue {
				e.pairs = append(e.pairs, len(e.buf))
				e.buf = append(e.buf, tagTuple, 2)
			}
			e.text(token, escaped)
			if nameDue {
				nameDue = false
				continue
			}
		case nameDue && c != '}':
			return false
		case c == '}' || c == ']':
			if len(e.open) == 0 || e.top().object != (c == '}') || e.top().object != nameDue {
				return false
			}
			e.end()
			i++
			if len(e.open) == 0 {
				start, end := rawjson.NextToken(text, i)
				return start == end
			}
		case c == '{' || c == '[':
			e.begin(c == '{')
			nameDue = c == '{'
			i++
			continue
		default:
			_, end := rawjson.NextToken(text, i)
			if !e.scalar(text[i:end]) {
				return false
			}
			i = end
		}
		e.top().count++
		nameDue = e.top().object
	}
	return false
}

func (e *encoder) top() *openList { return &e.open[len(e.open)-1] }

func (e *encoder) begin(object bool) {
	if object {
		e.bytes(tagTuple, 1)
	}
	e.open = append(e.open, openList{start: uint32(len(e.buf)), pairs: uint32(len(e.pairs)), object: object})
	e.list(0)
}

// end ends the innermost list.
func (e *encoder) end() {
	list := *e.top()
	e.open = e.open[:len(e.open)-1]
	content := e.buf[list.start+5:]
	switch {
	case list.count == 0:
		e.buf = e.buf[:list.start]
	case list.object:
		list.count -= uint32(e.superseded.Object(e.pairs[list.pairs:], e.name))
		e.pairs = e.pairs[:list.pairs]
	case isByteList(content, list.count):
		e.buf = append(e.buf[:list.start], tagString, byte(list.count>>8), byte(list.count))
		for i := 1; i < len(content); i += 2 {
			e.buf = append(e.buf, content[i]) // reads ahead of where it writes
		}
		return
	}
	if list.count > 0 {
		binary.BigEndian.PutUint32(e.buf[list.start+1:], list.count)
	}
	e.bytes(tagNil)
}

// isByteList reports whether content is that of a list which Erlang writes as a string: of 1 to 65535 integers from 0 to 255.
func isByteList(content []byte, count uint32) bool {
	if count > 65535 || len(content) != 2*int(count) {
		return false
	}
	for i := 0; i < len(content); i += 2 {
		if content[i] != tagSmallInt {
			return false
		}
	}
	return true
}

// name returns the name of the member at position pair: what stands after the tags of a tuple of two and of a binary.
func (e *encoder) name(pair int) []byte {
	length := binary.BigEndian.Uint32(e.buf[pair+3:])
	return e.buf[pair+7:][:length]
}

func (e *encoder) scalar(token []byte) bool {
	switch token[0] {
	case 't':
		e.atom("true")
	case 'f':
		e.atom("false")
	case 'n':
		e.atom("null")
	default:
		return e.number(token)
	}
	return true
}

// text encodes a JSON string.
func (e *encoder) text(token []byte, escaped bool) {
	if !escaped {
		content := token[1 : len(token)-1]
		e.buf = binary.BigEndian.AppendUint32(append(e.buf, tagBinary), uint32(len(content)))
		e.buf = append(e.buf, content...)
		return
	}
	e.bytes(tagBinary)
	start := len(e.buf)
	e.uint32(0)
	e.buf = rawjson.AppendText(e.buf, token)
	binary.BigEndian.PutUint32(e.buf[start:], uint32(len(e.buf)-start-4))
}
