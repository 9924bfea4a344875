package logkv

import (
	"context"
	"slices"

	"github.com/gouchdb/gouchdb/core/kv/internal/tree"
	"github.com/gouchdb/gouchdb/internal/order"
)

// collector gathers the values of items, in their places: first those that are in memory.
type collector struct {
	*reader
	values [][]byte
	absent []absent
	number uint64
	record []byte // of that number; neighbours are often in the same one
}

// absent is an item whose record has to be read.
type absent struct {
	place int
	item  tree.Item
}

func (c *collector) take(i int, item tree.Item) {
	if !item.External() {
		c.values[i] = item.Value()
		return
	}
	at := mustAddress(item)
	if c.record == nil || at.record != c.number {
		c.number, c.record = at.record, c.inMemory(at.record)
	}
	if value, ok := at.in(c.record); ok {
		c.values[i] = value
	} else {
		c.absent = append(c.absent, absent{i, item})
	}
}

// fetch reads the records that are not in memory, and takes the rest of the values out of them.
func (c *collector) fetch(ctx context.Context) error {
	if len(c.absent) == 0 {
		return nil
	}
	numbers := make([]uint64, 0, len(c.absent))
	for _, a := range c.absent {
		if number := mustAddress(a.item).record; !c.holds(number) {
			numbers = append(numbers, number)
		}
	}
	order.Values(numbers)
	records, err := c.store.records(ctx, slices.Compact(numbers))
	if err != nil {
		return err
	}
	for _, a := range c.absent {
		if c.values[a.place], err = c.value(ctx, a.item, records); err != nil {
			return err
		}
	}
	return nil
}
