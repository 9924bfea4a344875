package tree

import "bytes"

// nodes is a B-tree of items in the order of their keys, without a base. Trees share nodes: a node is changed in place by the tree that has
// made it, and copied by others. It is written out here, and not taken from a library, because looking for keys is what the engine does
// most: a library calls a function for each comparison, which in WebAssembly takes longer than to compare.
type nodes struct {
	root  *node
	count int
	owner *byte // of the nodes that may be changed in place
}

type node struct {
	owner    *byte
	items    []Item
	children []*node // one more than items; none in a leaf
}

// A node, but the root, holds at least so many items, and at most.
const (
	fewestItems = 31
	mostItems   = 2*fewestItems + 1
)

func newNodes() nodes { return nodes{owner: new(byte)} }

// copy returns a tree with the same items. From now on neither changes what both have.
func (t *nodes) copy() nodes {
	t.owner = new(byte)
	return nodes{root: t.root, count: t.count, owner: new(byte)}
}

// find returns the node that has a key, and the place in it; nil when there is none.
func (t *nodes) find(key []byte) (n *node, at int) {
	for n = t.root; n != nil; n = n.children[at] {
		var found bool
		if at, found = search(n.items, key); found {
			return n, at
		}
		if n.children == nil {
			return nil, 0
		}
	}
	return nil, 0
}

func (t *nodes) get(key []byte) (item Item, found bool) {
	if n, at := t.find(key); n != nil {
		return n.items[at], true
	}
	return "", false
}

// own makes the node in a place one that may be changed.
func (t *nodes) own(place **node) *node {
	n := *place
	if n.owner == t.owner {
		return n
	}
	c := &node{owner: t.owner, items: append(make([]Item, 0, cap(n.items)), n.items...)}
	if n.children != nil {
		c.children = append(make([]*node, 0, cap(n.children)), n.children...)
	}
	*place = c
	return c
}

// set puts an item, and returns the one that it replaces, if any.
func (t *nodes) set(item Item) (previous Item, replaced bool) {
	if t.root == nil {
		t.root = &node{owner: t.owner}
	}
	n := t.own(&t.root)
	if len(n.items) == mostItems { // then it is split like any other child
		n = &node{owner: t.owner, children: []*node{n}}
		t.root = n
	}
	key := item.Key()
	for {
		at, found := search(n.items, key)
		if found {
			previous, n.items[at] = n.items[at], item
			return previous, true
		}
		if n.children == nil {
			n.items = inserted(n.items, at, item)
			t.count++
			return "", false
		}
		child := t.own(&n.children[at])
		if len(child.items) < mostItems {
			n = child
			continue
		}
		n.split(at) // and look again: the item may belong on either side, or be the one between
	}
}

// split makes two children of a full one, which may be changed as the node may.
func (n *node) split(at int) {
	left := n.children[at]
	right := &node{owner: n.owner, items: append([]Item(nil), left.items[fewestItems+1:]...)}
	n.items = inserted(n.items, at, left.items[fewestItems])
	n.children = inserted(n.children, at+1, right)
	clear(left.items[fewestItems:])
	left.items = left.items[:fewestItems]
	if left.children != nil {
		right.children = append([]*node(nil), left.children[fewestItems+1:]...)
		clear(left.children[fewestItems+1:])
		left.children = left.children[:fewestItems+1]
	}
}

// delete removes the item with a key and returns it.
func (t *nodes) delete(key []byte) (previous Item, deleted bool) {
	if n, _ := t.find(key); n == nil { // nothing is copied
		return "", false
	}
	previous = t.remove(t.own(&t.root), key)
	t.count--
	if root := t.root; len(root.items) == 0 {
		t.root = nil
		if root.children != nil {
			t.root = root.children[0]
		}
	}
	return previous, true
}

// remove removes an item that is below a node. The node may have one too few afterwards.
func (t *nodes) remove(n *node, key []byte) (previous Item) {
	at, found := search(n.items, key)
	switch {
	case n.children == nil:
		previous = n.items[at]
		n.items = without(n.items, at)
		return previous
	case found:
		previous, n.items[at] = n.items[at], t.removeLast(t.own(&n.children[at]))
	default:
		previous = t.remove(t.own(&n.children[at]), key)
	}
	t.fill(n, at)
	return previous
}

// removeLast removes the last item that is below a node.
func (t *nodes) removeLast(n *node) (last Item) {
	at := len(n.items)
	if n.children == nil {
		last = n.items[at-1]
		n.items = without(n.items, at-1)
		return last
	}
	last = t.removeLast(t.own(&n.children[at]))
	t.fill(n, at)
	return last
}

// fill gives a child that has too few items one of a neighbour's, or makes one of both.
func (t *nodes) fill(n *node, at int) {
	child := n.children[at]
	switch {
	case len(child.items) >= fewestItems:
	case at > 0 && len(n.children[at-1].items) > fewestItems:
		left := t.own(&n.children[at-1])
		end := len(left.items)
		child.items = inserted(child.items, 0, n.items[at-1])
		n.items[at-1] = left.items[end-1]
		left.items = without(left.items, end-1)
		if child.children != nil {
			child.children = inserted(child.children, 0, left.children[end])
			left.children = without(left.children, end)
		}
	case at < len(n.items) && len(n.children[at+1].items) > fewestItems:
		right := t.own(&n.children[at+1])
		child.items = append(child.items, n.items[at])
		n.items[at] = right.items[0]
		right.items = without(right.items, 0)
		if child.children != nil {
			child.children = append(child.children, right.children[0])
			right.children = without(right.children, 0)
		}
	default:
		at = max(at-1, 0) // the left one of both
		left, right := t.own(&n.children[at]), n.children[at+1]
		left.items = append(append(left.items, n.items[at]), right.items...)
		left.children = append(left.children, right.children...)
		n.items, n.children = without(n.items, at), without(n.children, at+1)
	}
}

// ascend yields the items from a key on that are below another one; nil: from the first, to the last. It reports whether there may be more.
func (n *node) ascend(from, to []byte, yield func(Item) bool) bool {
	at, found := 0, false
	if from != nil {
		at, found = search(n.items, from)
	}
	end := len(n.items)
	if to != nil && bytes.Compare(n.items[end-1].Key(), to) >= 0 {
		end, _ = search(n.items, to)
	}
	if n.children != nil && !found && !n.children[at].ascend(from, to, yield) {
		return false
	}
	for ; at < end; at++ {
		if !yield(n.items[at]) || n.children != nil && !n.children[at+1].ascend(nil, to, yield) {
			return false
		}
	}
	return end == len(n.items)
}

// descend yields the items below a key down to another one, the last one first; nil as above. It reports whether there may be more.
func (n *node) descend(to, from []byte, yield func(Item) bool) bool {
	at := len(n.items)
	if to != nil {
		at, _ = search(n.items, to)
	}
	begin := 0
	if from != nil && bytes.Compare(n.items[0].Key(), from) < 0 {
		begin, _ = search(n.items, from)
	}
	if n.children != nil && !n.children[at].descend(to, from, yield) {
		return false
	}
	for at--; at >= begin; at-- {
		if !yield(n.items[at]) || n.children != nil && !n.children[at].descend(nil, from, yield) {
			return false
		}
	}
	return begin == 0
}

func inserted[T any](list []T, at int, value T) []T {
	list = append(list, value)
	copy(list[at+1:], list[at:])
	list[at] = value
	return list
}

func without[T any](list []T, at int) []T {
	copy(list[at:], list[at+1:])
	var none T
	list[len(list)-1] = none // for the garbage collector
	return list[:len(list)-1]
}
