// Package lastwins applies CouchDB's rule for objects that have several members of one name: the last one counts, in its
// place. {"a":1,"b":2,"a":3} is {"b":2,"a":3}.
//
// It works on any encoding in which the members of an object follow one another without a gap.
package lastwins

import (
	"bytes"
	"cmp"

	"github.com/gouchdb/gouchdb/internal/order"
)

// Cutter collects the members that do not count, then cuts all of them out at once: cutting each where its object
// ends would move the bytes of the outer objects again and again. The zero Cutter is ready.
type Cutter struct {
	cuts  []stretch
	names [][]byte // of a large object in hand
	order []int
}

type stretch struct{ from, to int }

// Reset forgets what was collected.
func (c *Cutter) Reset() { c.cuts = c.cuts[:0] }

// IsEmpty reports whether all members count that were looked at.
func (c *Cutter) IsEmpty() bool { return len(c.cuts) == 0 }

// Size returns about how much memory, in bytes, the Cutter holds on to.
func (c *Cutter) Size() int { return 16*cap(c.cuts) + 24*cap(c.names) + 8*cap(c.order) }

// pairwise is the number of members up to which comparing each with each beats sorting them.
const pairwise = 16

// Object looks through the members of one object, which begin at the positions starts and whose names name returns. It returns how many do not count.
// Objects may come in any order.
func (c *Cutter) Object(starts []int, name func(start int) []byte) (dropped int) {
	if len(starts) < 2 {
		return 0
	}
	before := len(c.cuts)
	if len(starts) <= pairwise {
		var names [pairwise][]byte
		alike := false
		var seen uint64 // has a bit for some hash of each name
		for i, start := range starts {
			names[i] = name(start)
			hash := len(names[i])
			if hash > 0 {
				hash += 5*int(names[i][0]) + 11*int(names[i][hash-1]) + 23*int(names[i][hash/2])
			}
			bit := uint64(1) << (hash & 63)
			alike = alike || seen&bit != 0 && contains(names[:i], names[i])
			seen |= bit
		}
		if !alike {
			return 0
		}
		for i := range starts {
			for _, later := range names[i+1 : len(starts)] {
				if string(names[i]) == string(later) {
					c.cuts = append(c.cuts, stretch{starts[i], starts[i+1]})
					break
				}
			}
		}
		return len(c.cuts) - before
	}
	for i, start := range starts {
		c.names = append(c.names, name(start))
		c.order = append(c.order, i)
	}
	order.Func(c.order, func(a, b int) int {
		return cmp.Or(bytes.Compare(c.names[a], c.names[b]), cmp.Compare(a, b))
	})
	for k, i := range c.order[:len(c.order)-1] {
		if bytes.Equal(c.names[i], c.names[c.order[k+1]]) {
			c.cuts = append(c.cuts, stretch{starts[i], starts[i+1]})
		}
	}
	clear(c.names) // they may be all that keeps a large text in memory
	c.names, c.order = c.names[:0], c.order[:0]
	return len(c.cuts) - before
}

func contains(names [][]byte, name []byte) bool {
	for _, other := range names {
		if string(other) == string(name) {
			return true
		}
	}
	return false
}

// Cut returns buf without the members that do not count. It moves bytes within buf.
func (c *Cutter) Cut(buf []byte) []byte {
	if len(c.cuts) == 0 {
		return buf
	}
	order.Func(c.cuts, func(a, b stretch) int { return cmp.Compare(a.from, b.from) })
	kept, done := 0, 0
	for _, cut := range c.cuts {
		if cut.from >= done { // otherwise it lies inside one that is gone already
			kept += copy(buf[kept:], buf[done:cut.from])
			done = cut.to
		}
	}
	kept += copy(buf[kept:], buf[done:])
	return buf[:kept]
}
