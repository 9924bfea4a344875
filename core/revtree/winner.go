package revtree

import (
	"slices"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/internal/order"
)

// Winner returns the leaf that a plain read answers with: the greatest living one, or the greatest tombstone when none lives.
// It is the zero Node in an empty tree.
func (t Tree) Winner() Node {
	var tombstone *node
	for i := range t.nodes {
		n := &t.nodes[i]
		switch {
		case !n.leaf:
		case !n.deleted:
			return n.public()
		case tombstone == nil:
			tombstone = n
		}
	}
	if tombstone == nil {
		return Node{}
	}
	return tombstone.public()
}

// Leaves returns the leaves in winner order: the living before the deleted, each descending. The first is the winner.
func (t Tree) Leaves() []Node {
	var living, deleted []Node
	for i := range t.nodes {
		switch n := &t.nodes[i]; {
		case !n.leaf:
		case n.deleted:
			deleted = append(deleted, n.public())
		default:
			living = append(living, n.public())
		}
	}
	return append(living, deleted...)
}

// Conflicts returns the living leaves other than the winner, in winner order.
func (t Tree) Conflicts() []core.Rev { return t.losers(false) }

// DeletedConflicts returns the deleted leaves other than the winner, in winner order.
func (t Tree) DeletedConflicts() []core.Rev { return t.losers(true) }

func (t Tree) losers(deleted bool) []core.Rev {
	var revs []core.Rev
	winner := t.Winner().Rev
	for i := range t.nodes {
		if n := &t.nodes[i]; n.leaf && n.deleted == deleted && n.rev != winner {
			revs = append(revs, n.rev)
		}
	}
	return revs
}

// LeavesBelow returns the leaves that descend from a revision, ascending: itself when it is a leaf, nothing when it is unknown.
func (t Tree) LeavesBelow(rev core.Rev) []Node {
	start, found := t.find(rev)
	if !found {
		return nil
	}
	if t.nodes[start].leaf {
		return []Node{t.nodes[start].public()}
	}
	var leaves []Node
	below := make([]bool, start+1)
	below[start] = true
	for i := start - 1; i >= 0; i-- {
		for parent := range t.parents(i) {
			if parent <= start && below[parent] {
				below[i] = true
				break
			}
		}
		if below[i] && t.nodes[i].leaf {
			leaves = append(leaves, t.nodes[i].public())
		}
	}
	return leaves
}

// Missing answers which of revs stand nowhere in the tree, ascending and each once, and which leaves could be ancestors of
// these because their generation is below the highest missing one, in winner order.
func (t Tree) Missing(revs []core.Rev) (missing, possibleAncestors []core.Rev) {
	for _, rev := range revs {
		if _, found := t.find(rev); !found {
			missing = append(missing, rev)
		}
	}
	if len(missing) == 0 {
		return nil, nil
	}
	order.Func(missing, core.Rev.Compare)
	missing = slices.Compact(missing)
	highest := missing[len(missing)-1].Generation
	for _, leaf := range t.Leaves() {
		if leaf.Rev.Generation < highest {
			possibleAncestors = append(possibleAncestors, leaf.Rev)
		}
	}
	return missing, possibleAncestors
}
