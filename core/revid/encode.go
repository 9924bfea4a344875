package revid

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/gouchdb/gouchdb/core/rawjson"
)

// encoder writes terms into one buffer. The length of a list stands before its elements but is known only after them, so
// room is left for it and filled in when the list ends.
type encoder struct {
	buf []byte
	// open are the lists begun and not yet ended, the innermost last. With them the nesting costs no stack.
	open []openList
	// pairs are the positions in buf of the members of all open objects, those of the innermost last.
	pairs []uint32
	// dropped are the stretches of buf that hold members with a later member of the same name. They are cut out at the very
	// end, all at once: cutting each where its object ends would move the bytes of an outer object again and again.
	dropped []stretch
	scratch []uint32
}

type openList struct {
	start  uint32 // position of the list's tag
	count  uint32 // elements so far
	pairs  uint32 // of an object: how many positions in encoder.pairs belong to outer ones
	object bool
}

type stretch struct{ from, to uint32 }

func (e *encoder) reset() {
	e.buf, e.open, e.pairs, e.dropped = e.buf[:0], e.open[:0], e.pairs[:0], e.dropped[:0]
}

// json encodes an object. It reports false when text, against the contract of [New], is no valid object; not every such
// text is found out.
func (e *encoder) json(text []byte) bool {
	if rawjson.KindOf(text) != rawjson.Object {
		return false
	}
	nameDue := false // in an object, where a name or the end must come
	for i := 0; ; {
		start, end := rawjson.NextToken(text, i)
		if start == end {
			return false
		}
		i = end
		token := text[start:end]
		switch c := token[0]; {
		case c == '}' || c == ']':
			if len(e.open) == 0 || e.top().object != (c == '}') || e.top().object != nameDue {
				return false
			}
			e.end()
		case nameDue:
			if c != '"' {
				return false
			}
			e.pairs = append(e.pairs, uint32(len(e.buf)))
			e.bytes(tagTuple, 2)
			e.text(token)
			nameDue = false
			continue
		case c == '{' || c == '[':
			e.begin(c == '{')
			nameDue = c == '{'
			continue
		default:
			if !e.scalar(token) {
				return false
			}
		}
		if len(e.open) == 0 {
			start, end = rawjson.NextToken(text, i)
			return start == end
		}
		e.top().count++
		nameDue = e.top().object
	}
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
		list.count -= e.dropDuplicates(e.pairs[list.pairs:])
		e.pairs = e.pairs[:list.pairs]
	case isByteList(content, list.count):
		e.buf = e.buf[:list.start]
		e.bytes(tagString, byte(list.count>>8), byte(list.count))
		for i := range list.count {
			e.bytes(content[2*i+1]) // reads ahead of where it writes
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

// pairwise is the number of members up to which comparing each with each beats sorting them.
const pairwise = 16

// dropDuplicates marks the members of an object that has just ended, except the last of each name, as dropped. It returns how many they are.
func (e *encoder) dropDuplicates(pairs []uint32) (count uint32) {
	drop := func(i int) {
		// A member with a later one of its name is not the last: the next begins where it ends.
		e.dropped = append(e.dropped, stretch{pairs[i], pairs[i+1]})
		count++
	}
	if len(pairs) <= pairwise {
		for i := range pairs {
			name := e.name(pairs[i])
			for _, later := range pairs[i+1:] {
				if bytes.Equal(name, e.name(later)) {
					drop(i)
					break
				}
			}
		}
		return count
	}
	e.scratch = e.scratch[:0]
	for i := range pairs {
		e.scratch = append(e.scratch, uint32(i))
	}
	slices.SortFunc(e.scratch, func(a, b uint32) int {
		return cmp.Or(bytes.Compare(e.name(pairs[a]), e.name(pairs[b])), cmp.Compare(a, b))
	})
	for k, i := range e.scratch[:len(pairs)-1] {
		if bytes.Equal(e.name(pairs[i]), e.name(pairs[e.scratch[k+1]])) {
			drop(int(i))
		}
	}
	return count
}

// name returns the name of the member at position pair: what stands after the tags of a tuple of two and of a binary.
func (e *encoder) name(pair uint32) []byte {
	length := binary.BigEndian.Uint32(e.buf[pair+3:])
	return e.buf[pair+7:][:length]
}

// live returns what has been encoded without the dropped members.
func (e *encoder) live() []byte {
	if len(e.dropped) == 0 {
		return e.buf
	}
	slices.SortFunc(e.dropped, func(a, b stretch) int { return cmp.Compare(a.from, b.from) })
	kept, done := 0, uint32(0)
	for _, s := range e.dropped {
		if s.from >= done { // otherwise it lies inside one that was dropped before
			kept += copy(e.buf[kept:], e.buf[done:s.from])
			done = s.to
		}
	}
	kept += copy(e.buf[kept:], e.buf[done:])
	return e.buf[:kept]
}

func (e *encoder) scalar(token []byte) bool {
	switch token[0] {
	case '"':
		e.text(token)
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
func (e *encoder) text(token []byte) {
	e.bytes(tagBinary)
	start := len(e.buf)
	e.uint32(0)
	e.buf = rawjson.AppendText(e.buf, token)
	binary.BigEndian.PutUint32(e.buf[start:], uint32(len(e.buf)-start-4))
}
