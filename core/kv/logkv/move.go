package logkv

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/kv/internal/tree"
	"github.com/gouchdb/gouchdb/internal/order"
)

// moveBytes is how much is moved in one commit: little enough for other updates not to wait long.
const moveBytes = 256 << 10

// sparse returns the records whose values should move: those less than two thirds of which are values, unless they would fill as many records again.
func (s *Store) sparse(of map[uint64]use) map[uint64]use {
	records, total := map[uint64]use{}, 0
	for number, use := range of {
		if use.live < s.options.RecordBytes*2/3 {
			records[number] = use
			total += use.live
		}
	}
	if len(records) <= 1+total/s.options.RecordBytes {
		return nil
	}
	return records
}

// moveLiveValues writes the values in sparse records anew, in the order in which they were written first, a step of them in each commit.
func (s *Store) moveLiveValues(ctx context.Context) error {
	pause := func() error { return s.pause(ctx) }
	now := s.newestLogged()
	of, err := uses(now, pause)
	if err != nil {
		return err
	}
	from := s.sparse(of)
	stepOf := map[uint64]int{} // which step moves a record
	steps, size := 0, 0
	numbers := slices.Collect(maps.Keys(from))
	order.Values(numbers)
	for _, number := range numbers {
		if size >= moveBytes {
			steps, size = steps+1, 0
		}
		stepOf[number] = steps
		size += from[number].live
	}
	moves := make([][]tree.Item, steps+1)
	n := 0
	for item := range now.tree.Scan(kv.Range{}) {
		if n++; n%pauseEvery == 0 {
			if err := pause(); err != nil {
				return err
			}
		}
		if item.External() {
			if step, sparse := stepOf[mustAddress(item).record]; sparse {
				moves[step] = append(moves[step], item)
			}
		}
	}
	if err := sound(now.tree); err != nil {
		return err
	}
	for _, items := range moves {
		if len(items) == 0 {
			continue
		}
		order.Func(items, moveOrder)
		if err := s.commit(ctx, func(tx *transaction) error { return move(ctx, tx, items) }); err != nil {
			return err
		}
		if err := pause(); err != nil {
			return err
		}
	}
	return nil
}

// moveOrder is the order of the values in the log.
func moveOrder(a, b tree.Item) int {
	x, y := mustAddress(a), mustAddress(b)
	return cmp.Or(cmp.Compare(x.record, y.record), cmp.Compare(x.offset, y.offset))
}

// move puts the values of items again, those that still are their keys' values at the same place.
func move(ctx context.Context, tx *transaction, items []tree.Item) error {
	unchanged := make([]tree.Item, 0, len(items))
	for _, item := range items {
		if current, found := tx.tree.Get(item.Key()); found && current == item {
			unchanged = append(unchanged, item)
		}
	}
	values := make([][]byte, len(unchanged))
	if err := tx.values(ctx, unchanged, values); err != nil {
		return err
	}
	for i, item := range unchanged {
		tx.Put(item.Key(), values[i])
	}
	return nil
}
