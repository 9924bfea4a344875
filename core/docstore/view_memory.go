package docstore

import (
	"sync"

	"github.com/gouchdb/gouchdb/core"
)

// viewMemory is what queries of views use one after the other.
type viewMemory struct {
	rows   []*viewed // that wait for their documents
	memory slab[viewed]
	keys   []byte // of those rows, when they are not kept
	named  named
	bodies bodyReader
}

// named are the documents that rows are to be shown with.
type named struct {
	rows   []*viewed
	docIDs []string
	revs   []core.Rev
	keys   keyMemory
}

// viewed is a row with its document: one piece of memory.
type viewed struct {
	row core.ViewRow
	doc core.Document
}

var memoryOfViews = sync.Pool{New: func() any { return new(viewMemory) }}

// maxViewKeys is how long a text of keys is kept for the next query.
const maxViewKeys = 64 << 10

// forget lets go of what the memory was used for. Rows that the caller may keep are the caller's.
func (q *viewQuery) forget() {
	m := q.viewMemory
	clear(m.rows[:cap(m.rows)])
	clear(m.named.rows[:cap(m.named.rows)])
	clear(m.named.docIDs[:cap(m.named.docIDs)])
	m.rows, m.keys = m.rows[:0], m.keys[:0]
	if m.bodies.forget(); q.options.Passing {
		m.memory.forget()
	} else {
		m.memory = slab[viewed]{}
	}
}

// release leaves the memory to the next query.
func (q *viewQuery) release() {
	q.forget()
	if cap(q.keys) > maxViewKeys {
		q.keys = nil
	}
	memoryOfViews.Put(q.viewMemory)
}
