package revtree

import "github.com/gouchdb/gouchdb/core"

// Path is a revision with its ancestors, as a write brings it. The revision's own parent is enough to extend a leaf.
type Path struct {
	Revisions core.Revisions // newest first
	Deleted   bool           // the newest revision is a tombstone
	Body      uint64         // where the newest revision's body is kept; 0: it has none
}

// Outcome tells what a merge of a path did.
type Outcome int

const (
	// Known: the revision and all its ancestors were in the tree already. Nothing changed.
	Known Outcome = iota
	// NewLeaf: the revision extends a leaf, or is the first of the document.
	NewLeaf
	// NewBranch: the revision is a leaf beside others, as a new root or branching off an inner revision.
	NewBranch
	// Enriched: the revision was known, but not all that the path tells: older ancestors, or the body of an inner revision.
	// Whether the path's body was taken is answered by [Tree.Lookup]. Stemming may undo all of it: then the tree is [Tree.Equal]
	// to what it was, and nothing has been written.
	Enriched
)

// Merge adds a path to the tree. Where the tree knows a revision's body already, that stays. A path without revisions changes nothing.
func (t Tree) Merge(p Path) (Tree, Outcome) {
	revisions := possible(p.Revisions)
	if len(revisions.Hashes) == 0 {
		return t, Known
	}
	newest := node{rev: revisions.Rev(0), deleted: p.Deleted, body: p.Body, leaf: true}
	if t.IsEmpty() {
		return pathTree(newest, revisions), NewLeaf
	}

	if place, found := t.find(newest.rev); found {
		if old := &t.nodes[place]; old.body != 0 || newest.body == 0 && (old.deleted || !newest.deleted) {
			if t.covers(place, revisions.Hashes) {
				return t, Known
			}
			newest.body, newest.deleted = old.body, old.deleted
		}
		merged := unite(t, pathTree(newest, revisions))
		if merged.Equal(t) { // it names the lesser of two parents
			return t, Known
		}
		return merged, Enriched
	}

	outcome := NewBranch
	for i := 1; i < len(revisions.Hashes); i++ {
		place, found := t.find(revisions.Rev(i))
		if !found {
			continue
		}
		if t.nodes[place].leaf {
			outcome = NewLeaf
		}
		if t.covers(place, revisions.Hashes[i:]) {
			if i == 1 && place == 0 {
				return t.prepend(newest), outcome
			}
			revisions.Hashes = revisions.Hashes[:i+1] // the tree knows the rest
		}
		break
	}
	return unite(t, pathTree(newest, revisions)), outcome
}

// possible leaves out what lies below generation 0, and the zero Rev, which is no revision.
func possible(revisions core.Revisions) core.Revisions {
	if count := uint64(len(revisions.Hashes)); count > revisions.Start {
		count = revisions.Start
		if revisions.Hashes[count] != "" {
			count++
		}
		revisions.Hashes = revisions.Hashes[:count]
	}
	return revisions
}

// Merge unites what two trees say. It is commutative, associative and idempotent: where both name a body, the lower number stays.
func Merge(a, b Tree) Tree {
	switch {
	case a.IsEmpty():
		return b
	case b.IsEmpty():
		return a
	}
	return unite(a, b)
}

// pathTree makes a tree of one path, whose newest revision is given as a node.
func pathTree(newest node, revisions core.Revisions) Tree {
	nodes := make([]node, len(revisions.Hashes))
	nodes[0] = newest
	for i := range nodes {
		nodes[i].rev = revisions.Rev(i)
		nodes[i].parent = 1
	}
	nodes[len(nodes)-1].parent = 0
	return Tree{nodes: nodes}
}

// covers reports whether the hashes, newest first, are what stands at a place and above it.
func (t Tree) covers(place int, hashes []string) bool {
	for i, hash := range hashes {
		if t.nodes[place].rev.Hash != hash {
			return false
		}
		if i == len(hashes)-1 {
			break
		}
		distance := int(t.nodes[place].parent)
		if distance == 0 {
			return false
		}
		place += distance
	}
	return true
}

// prepend adds a child to the greatest revision, which is what most writes do.
func (t Tree) prepend(newest node) Tree {
	nodes := make([]node, len(t.nodes)+1)
	copy(nodes[1:], t.nodes)
	nodes[0] = newest
	nodes[0].parent = 1
	nodes[1].leaf = false
	var more []edge
	for _, e := range t.more {
		more = append(more, edge{e.child + 1, e.parent + 1})
	}
	return Tree{nodes: nodes, more: more}
}

// unite merges two trees that are not empty.
func unite(a, b Tree) Tree {
	nodes := make([]node, 0, len(a.nodes)+len(b.nodes))
	places := make([]int32, len(a.nodes)+len(b.nodes)) // where each node of a, then of b, went
	placesA, placesB := places[:len(a.nodes)], places[len(a.nodes):]
	for i, j := 0, 0; i < len(a.nodes) || j < len(b.nodes); {
		order := 0
		switch {
		case i == len(a.nodes):
			order = -1
		case j == len(b.nodes):
			order = 1
		default:
			order = a.nodes[i].rev.Compare(b.nodes[j].rev)
		}
		place := int32(len(nodes))
		switch {
		case order > 0:
			nodes = append(nodes, a.nodes[i])
		case order < 0:
			nodes = append(nodes, b.nodes[j])
		default:
			nodes = append(nodes, a.nodes[i].unite(&b.nodes[j]))
		}
		nodes[place].parent = 0
		if order >= 0 {
			placesA[i] = place
			i++
		}
		if order <= 0 {
			placesB[j] = place
			j++
		}
	}

	simple := a.more == nil && b.more == nil
	for _, part := range [...]struct {
		tree   Tree
		places []int32
	}{{a, placesA}, {b, placesB}} {
		for i := range part.tree.nodes {
			distance := part.tree.nodes[i].parent
			if distance == 0 {
				continue
			}
			child := part.places[i]
			parent := part.places[i+int(distance)] - child
			if known := &nodes[child].parent; *known == 0 {
				*known = parent
			} else if *known != parent {
				simple = false
			}
		}
	}
	if simple {
		return Tree{nodes: nodes}
	}

	for i := range nodes {
		nodes[i].parent = 0
	}
	return link(nodes, append(moved(a, placesA), moved(b, placesB)...))
}

// moved returns the edges of a tree whose nodes went to new places.
func moved(t Tree, places []int32) []edge {
	edges := t.edges()
	for i, e := range edges {
		edges[i] = edge{places[e.child], places[e.parent]}
	}
	return edges
}

// unite returns what two trees say about the same revision, but for its parents.
func (n *node) unite(other *node) node {
	body := n.body
	if body == 0 || other.body != 0 && other.body < body {
		body = other.body
	}
	return node{rev: n.rev, body: body, deleted: n.deleted || other.deleted, leaf: n.leaf && other.leaf}
}
