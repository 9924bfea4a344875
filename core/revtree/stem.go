package revtree

import (
	"slices"

	"github.com/gouchdb/gouchdb/core"
)

// Stem forgets what no leaf has among the newest limit revisions (at least 1) of its path, and returns the bodies of these revisions, for the
// caller to delete. Ancestors that branches share stay as long as one of them needs them, so the path of another may stay longer than
// limit: CouchDB then shows all of it as revs_info, but only the newest limit as revs.
func (t Tree) Stem(limit int) (stemmed Tree, bodies []uint64) {
	limit = max(limit, 1)
	if len(t.nodes) <= limit {
		return t, nil
	}
	if t.isPath() { // as nearly all long trees are
		nodes := slices.Clone(t.nodes[:limit])
		nodes[limit-1].parent = 0
		return Tree{nodes: nodes}, appendBodies(nil, t.nodes[limit:])
	}
	// How far each node is from the nearest leaf below it. Children come first, so one pass is enough.
	distances := make([]int, len(t.nodes))
	for i := range distances {
		if !t.nodes[i].leaf {
			distances[i] = len(t.nodes)
		}
	}
	for i, distance := range distances {
		for parent := range t.parents(i) {
			distances[parent] = min(distances[parent], distance+1)
		}
	}
	if slices.Max(distances) < limit {
		return t, nil
	}
	return t.filter(func(place int) bool { return distances[place] < limit })
}

// isPath reports whether each revision is the parent of the one before it.
func (t Tree) isPath() bool {
	for i := range t.nodes[:len(t.nodes)-1] {
		if t.nodes[i].parent != 1 {
			return false
		}
	}
	return t.more == nil
}

func appendBodies(bodies []uint64, nodes []node) []uint64 {
	for i := range nodes {
		if nodes[i].body != 0 {
			bodies = append(bodies, nodes[i].body)
		}
	}
	return bodies
}

// Prune removes a leaf as if it had never been there, with the ancestors that only it had, and returns their bodies, for the caller to
// delete. When rev is not a leaf of the tree, ok is false and nothing changes.
func (t Tree) Prune(leaf core.Rev) (pruned Tree, bodies []uint64, ok bool) {
	place, found := t.find(leaf)
	if !found || !t.nodes[place].leaf {
		return t, nil, false
	}
	children := make([]int, len(t.nodes))
	for i := range t.nodes {
		for parent := range t.parents(i) {
			children[parent]++
		}
	}
	gone := make([]bool, len(t.nodes))
	gone[place] = true
	for i := place; i < len(t.nodes); i++ {
		if !gone[i] {
			continue
		}
		for parent := range t.parents(i) {
			children[parent]--
			gone[parent] = children[parent] == 0
		}
	}
	pruned, bodies = t.filter(func(place int) bool { return !gone[place] })
	return pruned, bodies, true
}

// WithoutInnerBodies forgets the bodies of all revisions that are not leaves, and returns them for the caller to delete. As in CouchDB,
// a compacted revision is missing, be it a tombstone or not.
func (t Tree) WithoutInnerBodies() (Tree, []uint64) {
	var bodies []uint64
	var nodes []node
	for i, n := range t.nodes {
		if n.leaf || n.body == 0 && !n.deleted {
			continue
		}
		if nodes == nil {
			nodes = append(nodes, t.nodes...)
		}
		nodes[i].body, nodes[i].deleted = 0, false
		if n.body != 0 {
			bodies = append(bodies, n.body)
		}
	}
	if nodes == nil {
		return t, nil
	}
	return Tree{nodes: nodes, more: t.more}, bodies
}

// filter returns the tree with some of its nodes, and the bodies of the others.
func (t Tree) filter(keep func(place int) bool) (Tree, []uint64) {
	var bodies []uint64
	nodes := make([]node, 0, len(t.nodes))
	places := make([]int32, len(t.nodes)) // -1: gone
	for i := range t.nodes {
		if !keep(i) {
			places[i] = -1
			bodies = appendBodies(bodies, t.nodes[i:i+1])
			continue
		}
		places[i] = int32(len(nodes))
		nodes = append(nodes, t.nodes[i])
		nodes[places[i]].parent = 0
	}
	if t.more == nil {
		for i, place := range places {
			if distance := t.nodes[i].parent; place >= 0 && distance != 0 && places[i+int(distance)] >= 0 {
				nodes[place].parent = places[i+int(distance)] - place
			}
		}
		return Tree{nodes: nodes}, bodies
	}
	edges := t.edges()
	kept := edges[:0]
	for _, e := range edges {
		if child, parent := places[e.child], places[e.parent]; child >= 0 && parent >= 0 {
			kept = append(kept, edge{child, parent})
		}
	}
	return link(nodes, kept), bodies
}
