package tree

import (
	"bytes"
	"iter"

	"github.com/gouchdb/gouchdb/core/kv"
)

// Tree is an ordered map of items. Any number of goroutines may read it while nobody writes to it; Copy counts as reading for the readers'
// sake, but only one goroutine at a time may call it.
//
// It may stand over a Base. Then items holds what differs from that: items that were put since, and marks in the place of those that were deleted.
type Tree struct {
	items nodes
	base  *Base // nil: there is none
	count int   // with a base: how many items there are, marks not counted
}

// New returns an empty tree.
func New() *Tree { return &Tree{items: newNodes()} }

// Over returns a tree of the items of a base.
func Over(base *Base) *Tree {
	t := New()
	if base.count > 0 {
		t.base, t.count = base, base.count
	}
	return t
}

// A mark is an external item without a value, which no other item is.
func mark(key []byte) Item { return Pack(key, nil, true) }

func (i Item) isMark() bool {
	_, end, external := i.split()
	return external && end == len(i)
}

// Copy returns a tree that can be written to without changing this one, in constant time.
func (t *Tree) Copy() *Tree { return &Tree{items: t.items.copy(), base: t.base, count: t.count} }

// Len returns the number of items.
func (t *Tree) Len() int {
	if t.base == nil {
		return t.items.count
	}
	return t.count
}

// Damaged reports whether a page of the base was looked into that could not be understood. Then nothing that was read from the tree, or done to it, is to be trusted.
func (t *Tree) Damaged() bool { return t.base != nil && t.base.damaged.Load() }

// Get returns the item with a key.
func (t *Tree) Get(key []byte) (Item, bool) {
	item, found := t.items.get(key)
	return t.orBase(item, found, key, &place{})
}

// orBase returns what was found among the differences, or else what the base has.
func (t *Tree) orBase(item Item, found bool, key []byte, near *place) (Item, bool) {
	switch {
	case t.base == nil:
		return item, found
	case !found:
		return t.base.get(key, near)
	case item.isMark():
		return "", false
	}
	return item, true
}

// GetMany calls each for every key that there is an item for. It is much faster than as many calls of Get where each key is the next one after the
// key before: what is read together was often written together.
func (t *Tree) GetMany(keys [][]byte, each func(i int, item Item)) {
	var near place // in the base
	var items []Item
	at := -1
	for i, key := range keys {
		at++
		if at >= len(items) || !items[at].hasKey(key) {
			var n *node
			if n, at = t.items.find(key); n == nil {
				items = nil
				if item, found := t.orBase("", false, key, &near); found {
					each(i, item)
				}
				continue
			}
			if items = n.items; n.children != nil {
				items = items[:at+1] // the next one is below
			}
		}
		if item := items[at]; !item.isMark() {
			each(i, item)
		}
	}
}

// Put sets an item and returns the one that it replaced, if any.
func (t *Tree) Put(item Item) (previous Item, replaced bool) {
	previous, replaced = t.items.set(item)
	if t.base == nil {
		return previous, replaced
	}
	if !replaced || previous.isMark() {
		marked := replaced
		previous, replaced = "", false
		if !marked {
			previous, replaced = t.base.get(item.Key(), &place{})
		}
	}
	if !replaced {
		t.count++
	}
	return previous, replaced
}

// Delete removes the item with a key and returns it.
func (t *Tree) Delete(key []byte) (previous Item, deleted bool) {
	if t.base == nil {
		return t.items.delete(key)
	}
	below, inBase := t.base.get(key, &place{})
	if inBase {
		previous, deleted = t.items.set(mark(key))
		switch {
		case !deleted:
			previous, deleted = below, true
		case previous.isMark():
			previous, deleted = "", false
		}
	} else {
		previous, deleted = t.items.delete(key)
	}
	if deleted {
		t.count--
	}
	return previous, deleted
}

// Scan yields the items of a range in order.
func (t *Tree) Scan(r kv.Range) iter.Seq[Item] {
	return func(yield func(Item) bool) {
		if t.base == nil {
			t.scanItems(r, yield)
			return
		}
		t.scanBoth(r, yield)
	}
}

// inRange reports whether a scan that has begun in a range is still in it.
func inRange(r kv.Range, item Item) bool {
	if r.Reverse {
		return bytes.Compare(item.Key(), r.From) >= 0
	}
	return r.To == nil || bytes.Compare(item.Key(), r.To) < 0
}

// scanItems goes through the items of a range.
func (t *Tree) scanItems(r kv.Range, each func(Item) bool) {
	switch {
	case t.items.root == nil:
	case r.Reverse:
		t.items.root.descend(r.To, r.From, each)
	default:
		t.items.root.ascend(r.From, r.To, each)
	}
}

// scanBoth merges the base with what differs from it.
func (t *Tree) scanBoth(r kv.Range, each func(Item) bool) {
	base := t.base.seek(r)
	before := less
	if r.Reverse {
		before = func(a, b Item) bool { return less(b, a) }
	}
	ended := false
	t.scanItems(r, func(item Item) bool {
		for {
			below, more := base.item()
			if !more || before(item, below) {
				break
			}
			base.next()
			if !before(below, item) { // the same key: what differs counts
				break
			}
			if !each(below) {
				ended = true
				return false
			}
		}
		ended = !item.isMark() && !each(item)
		return !ended
	})
	for ; !ended; base.next() {
		below, more := base.item()
		if !more || !inRange(r, below) || !each(below) {
			return
		}
	}
}
