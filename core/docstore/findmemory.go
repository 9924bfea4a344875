package docstore

import "sync"

// finderMemory is what finds use one after the other.
type finderMemory struct {
	waiting []hit
	docIDs  []string
	records [][]byte
	winners winnersMemory
	buffer  []byte
}

var memoryOfFinders = sync.Pool{New: func() any { return new(finderMemory) }}

// maxFinderBuffer is how long a text is kept for the next find.
const maxFinderBuffer = 64 << 10

// release leaves the memory to the next find. It holds on to nothing that it was used for.
func (f *finder) release() {
	m := f.finderMemory
	m.winners.forget()
	clear(m.waiting[:cap(m.waiting)])
	clear(m.docIDs[:cap(m.docIDs)])
	clear(m.records[:cap(m.records)])
	m.waiting = m.waiting[:0]
	if cap(m.buffer) > maxFinderBuffer {
		m.buffer = nil
	}
	memoryOfFinders.Put(m)
}
