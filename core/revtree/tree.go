package revtree

import (
	"iter"
	"slices"
	"sort"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/internal/order"
)

// Node is a revision in a tree.
type Node struct {
	Rev     core.Rev
	Deleted bool   // it is a tombstone
	Body    uint64 // where the caller keeps the body; 0: not available
	Leaf    bool   // nothing descends from it
}

// Tree is a document's revision tree. It is an immutable value; the zero Tree is empty.
type Tree struct {
	nodes []node // descending by revision: children before their parents
	// more holds parents beyond the first that were claimed for a node, sorted. It is nil in nearly every tree.
	more []edge
}

// node takes 40 bytes, a document with the default limit of 1,000 revisions 40 KB while it is being worked on.
type node struct {
	rev     core.Rev
	body    uint64
	parent  int32 // how many places further on the parent stands; 0: there is none in the tree
	deleted bool
	leaf    bool
}

// edge says that a node, by its place, descends from another.
type edge struct{ child, parent int32 }

func (a edge) compare(b edge) int {
	if a.child != b.child {
		return int(a.child - b.child)
	}
	return int(a.parent - b.parent)
}

func (n *node) public() Node {
	return Node{Rev: n.rev, Deleted: n.deleted, Body: n.body, Leaf: n.leaf}
}

// IsEmpty reports whether there is no revision in the tree.
func (t Tree) IsEmpty() bool { return len(t.nodes) == 0 }

// Len returns the number of revisions in the tree.
func (t Tree) Len() int { return len(t.nodes) }

// Lookup finds a revision anywhere in the tree, leaf or not.
func (t Tree) Lookup(rev core.Rev) (Node, bool) {
	i, found := t.find(rev)
	if !found {
		return Node{}, false
	}
	return t.nodes[i].public(), true
}

// All yields every revision, newest first.
func (t Tree) All() iter.Seq[Node] {
	return func(yield func(Node) bool) {
		for i := range t.nodes {
			if !yield(t.nodes[i].public()) {
				return
			}
		}
	}
}

// Equal reports whether two trees say the same.
func (t Tree) Equal(other Tree) bool {
	return slices.Equal(t.nodes, other.nodes) && slices.Equal(t.more, other.more)
}

// find returns the place of a revision, or where it would stand.
func (t Tree) find(rev core.Rev) (place int, found bool) {
	place = sort.Search(len(t.nodes), func(i int) bool { return t.nodes[i].rev.Compare(rev) <= 0 })
	return place, place < len(t.nodes) && t.nodes[place].rev == rev
}

// parents yields the places of all parents of the node at a place.
func (t Tree) parents(child int) iter.Seq[int] {
	return func(yield func(int) bool) {
		distance := int(t.nodes[child].parent)
		if distance == 0 || !yield(child+distance) || t.more == nil {
			return
		}
		for _, e := range t.moreOf(child) {
			if !yield(int(e.parent)) {
				return
			}
		}
	}
}

// moreOf returns the part of t.more that belongs to a node.
func (t Tree) moreOf(child int) []edge {
	if t.more == nil {
		return nil
	}
	from := sort.Search(len(t.more), func(i int) bool { return int(t.more[i].child) >= child })
	to := from
	for to < len(t.more) && int(t.more[to].child) == child {
		to++
	}
	return t.more[from:to]
}

// edges returns who descends from whom.
func (t Tree) edges() []edge {
	edges := make([]edge, 0, len(t.nodes)+len(t.more))
	for child := range t.nodes {
		for parent := range t.parents(child) {
			edges = append(edges, edge{int32(child), int32(parent)})
		}
	}
	return edges
}

// link sets the parents of nodes, which must be sorted and have none, and so makes them a tree.
func link(nodes []node, edges []edge) Tree {
	if !slices.IsSortedFunc(edges, edge.compare) {
		order.Func(edges, edge.compare)
	}
	t := Tree{nodes: nodes}
	for i, e := range edges {
		switch {
		case i > 0 && e == edges[i-1]:
		case nodes[e.child].parent == 0:
			nodes[e.child].parent = e.parent - e.child
		default:
			t.more = append(t.more, e)
		}
	}
	return t
}
