package revtree_test

import (
	"slices"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/revtree"
)

// naiveTree is a slow, obvious revision tree: sets of statements, asked by searching.
type naiveTree struct {
	nodes   map[core.Rev]revtree.Node // Leaf is not set
	parents map[[2]core.Rev]bool      // child, parent
}

func newNaiveTree() *naiveTree {
	return &naiveTree{nodes: map[core.Rev]revtree.Node{}, parents: map[[2]core.Rev]bool{}}
}

func (n *naiveTree) merge(p revtree.Path) {
	for i := range p.Revisions.Hashes {
		r := p.Revisions.Rev(i)
		node := n.nodes[r]
		node.Rev = r
		if i == 0 && node.Body == 0 {
			node.Body, node.Deleted = p.Body, p.Deleted
		}
		n.nodes[r] = node
		if i > 0 {
			n.parents[[2]core.Rev{p.Revisions.Rev(i - 1), r}] = true
		}
	}
}

func (n *naiveTree) all() []revtree.Node {
	var all []revtree.Node
	for r, node := range n.nodes {
		node.Leaf = len(n.children(r)) == 0
		all = append(all, node)
	}
	slices.SortFunc(all, func(a, b revtree.Node) int { return b.Rev.Compare(a.Rev) })
	return all
}

func (n *naiveTree) leaves() []revtree.Node {
	var leaves []revtree.Node
	for _, node := range n.all() {
		if node.Leaf {
			leaves = append(leaves, node)
		}
	}
	slices.SortStableFunc(leaves, func(a, b revtree.Node) int {
		switch {
		case a.Deleted == b.Deleted:
			return 0
		case a.Deleted:
			return 1
		}
		return -1
	})
	return leaves
}

func (n *naiveTree) children(r core.Rev) (children []core.Rev) {
	for pair := range n.parents {
		if pair[1] == r {
			children = append(children, pair[0])
		}
	}
	return children
}

// parentsOf returns the parents, the greatest first.
func (n *naiveTree) parentsOf(r core.Rev) (parents []core.Rev) {
	for pair := range n.parents {
		if pair[0] == r {
			parents = append(parents, pair[1])
		}
	}
	slices.SortFunc(parents, func(a, b core.Rev) int { return b.Compare(a) })
	return parents
}

func (n *naiveTree) ancestry(r core.Rev) core.Revisions {
	revisions := core.Revisions{Start: r.Generation}
	for {
		revisions.Hashes = append(revisions.Hashes, r.Hash)
		parents := n.parentsOf(r)
		if len(parents) == 0 {
			return revisions
		}
		r = parents[0]
	}
}

func (n *naiveTree) leavesBelow(r core.Rev) []revtree.Node {
	var leaves []revtree.Node
	for _, leaf := range n.leaves() {
		if n.within(leaf.Rev, 100)[r] {
			leaves = append(leaves, leaf)
		}
	}
	return ascending(leaves)
}

// within returns a revision and its ancestors, limit generations in all.
func (n *naiveTree) within(r core.Rev, limit int) map[core.Rev]bool {
	found := map[core.Rev]bool{r: true}
	if limit > 1 {
		for _, parent := range n.parentsOf(r) {
			for ancestor := range n.within(parent, limit-1) {
				found[ancestor] = true
			}
		}
	}
	return found
}

func (n *naiveTree) stem(limit int) (bodies []uint64) {
	kept := map[core.Rev]bool{}
	for _, leaf := range n.leaves() {
		for r := range n.within(leaf.Rev, limit) {
			kept[r] = true
		}
	}
	for r := range n.nodes {
		if !kept[r] {
			bodies = append(bodies, n.remove(r)...)
		}
	}
	return bodies
}

func (n *naiveTree) prune(leaf core.Rev) (bodies []uint64) {
	parents := n.parentsOf(leaf)
	bodies = n.remove(leaf)
	for _, parent := range parents {
		if len(n.children(parent)) == 0 {
			bodies = append(bodies, n.prune(parent)...)
		}
	}
	return bodies
}

// remove returns the body of a revision, if it has one.
func (n *naiveTree) remove(r core.Rev) (bodies []uint64) {
	if body := n.nodes[r].Body; body != 0 {
		bodies = append(bodies, body)
	}
	delete(n.nodes, r)
	for pair := range n.parents {
		if pair[0] == r || pair[1] == r {
			delete(n.parents, pair)
		}
	}
	return bodies
}
