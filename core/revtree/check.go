package revtree

// Check returns an ErrCorrupt when the tree is not one. It is for [Decode] and for tests: nothing in this package makes such a tree.
func (t Tree) Check() error {
	inner := make([]bool, len(t.nodes))
	further := t.more // those whose child has not been reached
	for i := range t.nodes {
		n := &t.nodes[i]
		switch {
		case n.rev.IsZero():
			return corrupt("it holds the zero revision")
		case i > 0 && t.nodes[i-1].rev.Compare(n.rev) <= 0:
			return corrupt("the revisions are not in order")
		case n.leaf == inner[i]: // all its children have been seen
			return corrupt("a leaf has children, or an inner revision has none")
		case n.parent == 0:
			continue
		}
		last := 0
		parent := i + int(n.parent)
		for {
			if parent <= i || parent >= len(t.nodes) || t.nodes[parent].rev.Generation != n.rev.Generation-1 || n.rev.Generation == 0 {
				return corrupt("a parent is not one generation below its child")
			}
			if parent <= last {
				return corrupt("the parents of a revision are not in order")
			}
			inner[parent] = true
			if len(further) == 0 || int(further[0].child) != i {
				break
			}
			last, parent = parent, int(further[0].parent)
			further = further[1:]
		}
	}
	if len(further) > 0 {
		return corrupt("a parent belongs to no revision")
	}
	return nil
}
