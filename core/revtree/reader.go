package revtree

import (
	"encoding/binary"
	"math"

	"github.com/gouchdb/gouchdb/core"
)

// reader reads the revisions of an encoded tree one by one. After its first failure it reads nothing more.
type reader struct {
	encoded    []byte
	at         int
	started    bool
	generation uint64 // of the last revision
	body       uint64 // the last one that there was
	failure    error
}

// record is an encoded revision.
type record struct {
	flags            byte
	generation, body uint64
	hashFrom, hashTo int // where the hash stands
	parent           int32
	moreParents      []int32
}

// head reads what stands before the revisions: the number of leaves.
func (r *reader) head() (leaves int) {
	head := r.byte()
	switch {
	case r.failure != nil:
		return 0
	case head&0xF > version:
		r.failure = core.ErrNewerFormat
		return 0
	case head&0xF != version:
		r.fail("unknown version")
		return 0
	}
	leaves = int(head >> 4)
	if leaves == manyLeaves {
		if leaves = int(r.distance()); leaves < manyLeaves {
			r.fail("a number is spelled too long")
		}
	}
	return leaves
}

// more reports whether there is another revision to read.
func (r *reader) more() bool { return r.failure == nil && r.at < len(r.encoded) }

// next reads a revision. After a failure what it has read means nothing.
func (r *reader) next(into *record) {
	*into = record{flags: r.byte()}
	r.readGeneration(into)
	size := hashSize
	if into.flags&flagText != 0 {
		if size = int(r.distance()); size == hashSize {
			r.fail("the length of a hash is spelled out")
		}
	}
	if size > len(r.encoded)-r.at {
		r.fail("it ends too early")
		size = 0
	}
	into.hashFrom, into.hashTo = r.at, r.at+size
	r.at += size
	r.readParents(into)
	r.readBody(into)
}

func (r *reader) readGeneration(record *record) {
	drop := uint64(0)
	switch kind := record.flags & generationMask; {
	case kind == generationOther && !r.started:
		r.generation = r.number()
	case kind == generationOther:
		if drop = r.number(); drop < 2 {
			r.fail("a generation is spelled too long")
		}
	case !r.started || kind == generationMask:
		r.fail("a generation is missing")
	case kind == generationBefore:
		drop = 1
	}
	if drop > r.generation {
		r.fail("a generation is below 0")
	}
	r.generation -= drop
	r.started = true
	record.generation = r.generation
}

func (r *reader) readParents(record *record) {
	switch record.flags & parentMask {
	case parentNext:
		record.parent = 1
	case parentFurther:
		if record.parent = r.distance(); record.parent < 2 {
			r.fail("a parent is spelled too long")
		}
	case parentMany:
		count := r.distance()
		if count < 2 {
			r.fail("the number of parents is spelled out")
		}
		if record.parent = r.distance(); record.parent == 0 {
			r.fail("a revision is its own parent")
		}
		for ; count > 1 && r.failure == nil; count-- {
			record.moreParents = append(record.moreParents, r.distance())
		}
	}
}

func (r *reader) readBody(record *record) {
	if record.flags&flagBody == 0 {
		return
	}
	number := r.number()
	if r.body == 0 {
		r.body = number
	} else {
		r.body += number>>1 ^ -(number & 1) // as binary.Varint does it
	}
	if r.body == 0 {
		r.fail("a body has no number")
	}
	record.body = r.body
}

func (r *reader) byte() byte {
	if r.failure != nil || r.at >= len(r.encoded) {
		r.fail("it ends too early")
		return 0
	}
	r.at++
	return r.encoded[r.at-1]
}

func (r *reader) number() uint64 {
	if r.failure != nil {
		return 0
	}
	n, size := binary.Uvarint(r.encoded[r.at:])
	if size <= 0 || size > 1 && r.encoded[r.at+size-1] == 0 {
		r.fail("a number is malformed")
		return 0
	}
	r.at += size
	return n
}

// distance reads a number that counts something in the encoding, and so cannot be large.
func (r *reader) distance() int32 {
	n := r.number()
	if n > uint64(min(len(r.encoded), math.MaxInt32)) {
		r.fail("a number is too large")
		return 0
	}
	return int32(n)
}

// fail keeps the first failure.
func (r *reader) fail(reason string) {
	if r.failure == nil {
		r.failure = corrupt(reason)
	}
}
