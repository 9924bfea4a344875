package engine

import (
	"slices"

	"github.com/gouchdb/gouchdb/core"
)

// rows prints an answer of many rows: a list, and what comes after it. A long list goes ahead in parts while it is being made: so the memory of one part is
// enough for all of them, which stays in the processor's cache, and JavaScript parses parts faster than one long text.
type rows struct {
	call  *call
	text  []byte
	first int // where the rows begin
	whole bool
}

// partBytes is how long a part is, about.
const partBytes = 128 << 10

// rows begins an answer, in the memory of one before it if that is free. name is that of the list's member. An answer with contents that follow it
// goes as a whole.
func (c *call) rows(name string, whole bool) *rows {
	text := append(append(append(c.gather(), `{"`...), name...), `":[`...)
	return &rows{call: c, text: text, first: len(text), whole: whole}
}

// next makes room for a row of about that size, which is to be appended to text.
func (r *rows) next(size int) {
	if len(r.text) > r.first {
		r.text = append(r.text, ',')
	}
	if len(r.text) >= partBytes && !r.whole {
		r.text[len(r.text)-1] = ']'
		r.call.part(r.text[r.first-1:])
		r.text = r.text[:r.first]
	}
	if cap(r.text)-len(r.text) < size {
		r.text = slices.Grow(r.text, max(size, len(r.text), 4<<10))
	}
}

// rowSize is about how long a row is.
func rowSize(doc *core.Document) int {
	if doc == nil {
		return 512
	}
	return 512 + len(doc.Body)
}

// end ends the list. What follows it in the answer is to be appended.
func (r *rows) end() []byte { return append(r.text, "],"...) }

// part delivers rows ahead of the rest of an answer.
func (c *call) part(text []byte) {
	c.parts = true
	c.engine.deliver(c.id, Part, text)
}

// again takes back what was delivered of an answer: it will be made anew.
func (c *call) again() {
	if c.parts {
		c.parts = false
		c.engine.deliver(c.id, Again, nil)
	}
}
