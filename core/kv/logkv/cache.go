package logkv

import (
	"container/list"
	"sync"
)

// cache keeps the records used last, up to a number of bytes. Records never change, so what it hands out stays right when it is evicted.
type cache struct {
	mutex    sync.Mutex
	max      int
	size     int
	byNumber map[uint64]*list.Element
	byUse    list.List // of cached; the last used first
}

type cached struct {
	number uint64
	data   []byte
}

func newCache(max int) *cache {
	return &cache{max: max, byNumber: map[uint64]*list.Element{}}
}

func (c *cache) get(number uint64) ([]byte, bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	element, found := c.byNumber[number]
	if !found {
		return nil, false
	}
	c.byUse.MoveToFront(element)
	return element.Value.(cached).data, true
}

func (c *cache) put(number uint64, data []byte) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if _, found := c.byNumber[number]; found || cap(data) > c.max {
		return
	}
	c.byNumber[number] = c.byUse.PushFront(cached{number: number, data: data})
	c.size += cap(data)
	for c.size > c.max {
		oldest := c.byUse.Remove(c.byUse.Back()).(cached)
		delete(c.byNumber, oldest.number)
		c.size -= cap(oldest.data)
	}
}

// bytes returns how much the cache holds.
func (c *cache) bytes() int {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.size
}

func (c *cache) clear() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	clear(c.byNumber)
	c.byUse.Init()
	c.size = 0
}
