package tree

import (
	"bytes"
	"iter"

	"github.com/tidwall/btree"

	"github.com/gouchdb/gouchdb/core/kv"
)

// Tree is an ordered map of items. Any number of goroutines may read it while nobody writes to it; Copy counts as reading for the readers'
// sake, but only one goroutine at a time may call it.
type Tree struct {
	items *btree.BTreeG[Item]
}

// New returns an empty tree.
func New() *Tree {
	return &Tree{items: btree.NewBTreeGOptions(less, btree.Options{NoLocks: true})}
}

// Copy returns a tree that can be written to without changing this one, in constant time.
func (t *Tree) Copy() *Tree { return &Tree{items: t.items.Copy()} }

// Len returns the number of items.
func (t *Tree) Len() int { return t.items.Len() }

// Get returns the item with a key.
func (t *Tree) Get(key []byte) (Item, bool) {
	p := probes.Get().(*probe)
	defer probes.Put(p)
	return t.items.Get(p.of(key))
}

// GetMany calls each for every key that there is an item for. It is faster than as many calls of Get when the keys are close to each other.
func (t *Tree) GetMany(keys [][]byte, each func(i int, item Item)) {
	var hint btree.PathHint
	p := probes.Get().(*probe)
	defer probes.Put(p)
	for i, key := range keys {
		if item, found := t.items.GetHint(p.of(key), &hint); found {
			each(i, item)
		}
	}
}

// Put sets an item and returns the one that it replaced, if any.
func (t *Tree) Put(item Item) (previous Item, replaced bool) { return t.items.Set(item) }

// Append sets an item that most likely comes after all others, which is faster than Put when it does.
func (t *Tree) Append(item Item) (previous Item, replaced bool) { return t.items.Load(item) }

// Delete removes the item with a key and returns it.
func (t *Tree) Delete(key []byte) (previous Item, deleted bool) {
	p := probes.Get().(*probe)
	defer probes.Put(p)
	return t.items.Delete(p.of(key))
}

// Scan yields the items of a range in order.
func (t *Tree) Scan(r kv.Range) iter.Seq[Item] {
	return func(yield func(Item) bool) {
		if r.Reverse {
			t.scanDown(r, yield)
		} else {
			t.scanUp(r, yield)
		}
	}
}

func (t *Tree) scanUp(r kv.Range, yield func(Item) bool) {
	each := func(item Item) bool {
		return (r.To == nil || bytes.Compare(item.Key(), r.To) < 0) && yield(item)
	}
	if r.From == nil {
		t.items.Scan(each)
		return
	}
	t.items.Ascend(Pack(r.From, nil, false), each)
}

func (t *Tree) scanDown(r kv.Range, yield func(Item) bool) {
	each := func(item Item) bool {
		return bytes.Compare(item.Key(), r.From) >= 0 && yield(item)
	}
	if r.To == nil {
		t.items.Reverse(each)
		return
	}
	t.items.Descend(Pack(r.To, nil, false), func(item Item) bool {
		if bytes.Equal(item.Key(), r.To) { // To itself is not in the range
			return true
		}
		return each(item)
	})
}
