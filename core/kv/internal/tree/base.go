package tree

import (
	"bytes"
	"sort"
	"sync/atomic"

	"github.com/gouchdb/gouchdb/core/kv"
)

// Base is what a tree was read from: items that never change, in pages that are decoded when somebody first looks into them. Most of what is read at an open is not looked at soon.
type Base struct {
	pages  []*page
	count  int
	decode Decode
	// damaged is set when a page could not be decoded.
	damaged atomic.Bool
}

// Decode returns the items of a page, in order; none for a page that cannot be understood.
type Decode func(encoded []byte, count int) []Item

// page is a piece of a Base.
type page struct {
	first   []byte // key
	count   int
	encoded []byte
	items   atomic.Pointer[[]Item] // nil before it is decoded
}

// NewBase returns a Base without pages.
func NewBase(decode Decode) *Base { return &Base{decode: decode} }

// Add adds a page of count items, whose keys come after all there are; else it reports false. Neither slice may be changed afterwards.
func (b *Base) Add(first, encoded []byte, count int) bool {
	if n := len(b.pages); n > 0 && bytes.Compare(b.pages[n-1].first, first) >= 0 {
		return false
	}
	b.pages = append(b.pages, &page{first: first, count: count, encoded: encoded})
	b.count += count
	return true
}

// items returns the items of a page, and keeps them unless the reader is only passing by.
func (b *Base) items(p *page, passing bool) []Item {
	if items := p.items.Load(); items != nil {
		return *items
	}
	items := b.decode(p.encoded, p.count)
	if len(items) == 0 {
		b.damaged.Store(true)
	} else if !passing {
		p.items.Store(&items)
	}
	return items
}

// Sound decodes all pages, and reports whether all can be understood and follow one another.
func (b *Base) Sound() bool {
	var last []byte
	for _, p := range b.pages {
		items := b.items(p, true)
		if len(items) == 0 || last != nil && bytes.Compare(last, items[0].Key()) >= 0 {
			return false
		}
		last = items[len(items)-1].Key()
	}
	return true
}

// pageOf returns the number of the page in which a key is, if it is in any; -1 when it comes before all.
func (b *Base) pageOf(key []byte) int {
	return sort.Search(len(b.pages), func(i int) bool { return bytes.Compare(b.pages[i].first, key) > 0 }) - 1
}

// place is where in a Base an item was found. The zero value is nowhere.
type place struct {
	page, at int
	items    []Item // of the page
}

// next reports whether the item after a place is the one with a key, and goes there.
func (b *Base) next(near *place, key []byte) bool {
	switch {
	case near.items == nil:
		return false
	case near.at+1 < len(near.items):
		if !near.items[near.at+1].hasKey(key) {
			return false
		}
		near.at++
		return true
	case near.page+1 < len(b.pages) && bytes.Equal(b.pages[near.page+1].first, key):
		near.page, near.at = near.page+1, 0
		near.items = b.items(b.pages[near.page], false)
		return len(near.items) > 0
	}
	return false
}

// get returns the item with a key. Where it is found the next get may begin.
func (b *Base) get(key []byte, near *place) (Item, bool) {
	if b.next(near, key) {
		return near.items[near.at], true
	}
	n := b.pageOf(key)
	if n < 0 {
		return "", false
	}
	items := b.items(b.pages[n], false)
	i, found := search(items, key)
	if !found {
		return "", false
	}
	*near = place{n, i, items}
	return items[i], true
}

// cursor goes through a Base, upwards or downwards.
type cursor struct {
	base    *Base
	step    int
	page    int
	items   []Item
	at      int
	passing bool
}

// seek returns a cursor at the first item of a range, in reading order. Who reads everything is only passing by.
func (b *Base) seek(r kv.Range) *cursor {
	c := &cursor{base: b, step: 1, passing: r.From == nil && r.To == nil}
	bound := r.From
	if r.Reverse {
		c.step, bound = -1, r.To
	}
	switch {
	case bound != nil:
		if c.page = b.pageOf(bound); c.page < 0 {
			if r.Reverse {
				return c // nothing is below it
			}
			c.page = 0
		}
	case r.Reverse:
		c.page = len(b.pages) - 1
	}
	if !c.load() {
		return c
	}
	c.at = 0
	if bound != nil {
		c.at, _ = search(c.items, bound)
	} else if r.Reverse {
		c.at = len(c.items)
	}
	if r.Reverse {
		c.at-- // below the bound
	}
	c.settle()
	return c
}

// load takes the items of the page; false beyond the last.
func (c *cursor) load() bool {
	if c.page < 0 || c.page >= len(c.base.pages) {
		c.items = nil
		return false
	}
	c.items = c.base.items(c.base.pages[c.page], c.passing)
	return true
}

// settle goes on to the next page when the cursor has left this one.
func (c *cursor) settle() {
	for len(c.items) > 0 && (c.at < 0 || c.at >= len(c.items)) {
		c.page += c.step
		if c.load() {
			c.at = 0
			if c.step < 0 {
				c.at = len(c.items) - 1
			}
		}
	}
}

// item returns the item at the cursor; false at the end.
func (c *cursor) item() (Item, bool) {
	if len(c.items) == 0 {
		return "", false
	}
	return c.items[c.at], true
}

func (c *cursor) next() {
	c.at += c.step
	c.settle()
}
