package revtree

import (
	"encoding/binary"
	"slices"
)

// The encoding is canonical: equal trees, and only these, have equal bytes. It begins with one byte, the version in its low half and
// the number of leaves in the high half (manyLeaves there: the number follows). Then come the revisions in their order. Each is
//
//   - a byte of flags,
//   - the generation: nothing when it is that of the revision before or one less, else how much less (first revision: the generation),
//   - the hash: 16 bytes, or any other text with its length before it,
//   - the parents: nothing for none or for the revision that follows, else a distance, or a number of distances,
//   - the body, if there is one: its difference from the body before that (first body: itself).
//
// Numbers are varints. So a first revision takes 20 bytes or a few more, and one without a body in a long history 17.
const (
	version    = 1
	manyLeaves = 15

	flagDeleted = 1 << 0
	flagLeaf    = 1 << 1
	flagText    = 1 << 2 // the hash is not 16 bytes
	flagBody    = 1 << 3

	generationShift  = 4
	generationSame   = 0 << generationShift
	generationBefore = 1 << generationShift
	generationOther  = 2 << generationShift
	generationMask   = 3 << generationShift

	parentShift   = 6
	parentNone    = 0 << parentShift
	parentNext    = 1 << parentShift
	parentFurther = 2 << parentShift
	parentMany    = 3 << parentShift
	parentMask    = 3 << parentShift

	hashSize = 16
)

// Append appends the encoding of the tree to dst.
func (t Tree) Append(dst []byte) []byte {
	dst = slices.Grow(dst, len(t.nodes)*(hashSize+3)+5)
	dst = appendHead(dst, t.leafCount())
	var generation, body uint64
	for i := range t.nodes {
		n := &t.nodes[i]
		more := t.moreOf(i)
		place := len(dst)
		dst = append(dst, 0)
		var flags byte

		switch drop := generation - n.rev.Generation; {
		case i == 0:
			flags |= generationOther
			dst = binary.AppendUvarint(dst, n.rev.Generation)
		case drop == 0:
			flags |= generationSame
		case drop == 1:
			flags |= generationBefore
		default:
			flags |= generationOther
			dst = binary.AppendUvarint(dst, drop)
		}
		generation = n.rev.Generation

		if len(n.rev.Hash) != hashSize {
			flags |= flagText
			dst = binary.AppendUvarint(dst, uint64(len(n.rev.Hash)))
		}
		dst = append(dst, n.rev.Hash...)

		switch {
		case len(more) > 0:
			flags |= parentMany
			dst = binary.AppendUvarint(dst, uint64(1+len(more)))
			dst = binary.AppendUvarint(dst, uint64(n.parent))
			for _, e := range more {
				dst = binary.AppendUvarint(dst, uint64(e.parent-e.child))
			}
		case n.parent > 1:
			flags |= parentFurther
			dst = binary.AppendUvarint(dst, uint64(n.parent))
		case n.parent == 1:
			flags |= parentNext
		}

		if n.body != 0 {
			flags |= flagBody
			if body == 0 {
				dst = binary.AppendUvarint(dst, n.body)
			} else {
				dst = binary.AppendVarint(dst, int64(n.body-body))
			}
			body = n.body
		}
		if n.deleted {
			flags |= flagDeleted
		}
		if n.leaf {
			flags |= flagLeaf
		}
		dst[place] = flags
	}
	return dst
}

func appendHead(dst []byte, leaves int) []byte {
	if leaves < manyLeaves {
		return append(dst, byte(version|leaves<<4))
	}
	return binary.AppendUvarint(append(dst, version|manyLeaves<<4), uint64(leaves))
}

func (t Tree) leafCount() int {
	count := 0
	for i := range t.nodes {
		if t.nodes[i].leaf {
			count++
		}
	}
	return count
}
