//go:build js && wasm

package indexeddb

import (
	"context"

	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/internal/safejs"
)

// firstPage is how many records are asked for before it is known how large they are. The store packs about 48 KB into one when
// there is much to write at once, and a few hundred bytes when there is not.
const firstPage = 32

func (c *calls) keyRange(method string, arguments ...any) safejs.Value {
	return c.call(c.get(safejs.Global(), "IDBKeyRange"), method, arguments...)
}

// collect reads the records that follow a number into list, page after page, until there are about maxBytes of them or no more.
func (tx *transaction) collect(after uint64, maxBytes int, list *[]logkv.Record) {
	*list = nil
	records := tx.store(recordsStore)
	var page func(after uint64, count, size int)
	page = func(after uint64, count, size int) {
		following := tx.keyRange("lowerBound", float64(after), true)
		keys := tx.call(records, "getAllKeys", following, count)
		tx.then(tx.call(records, "getAll", following, count), func(values safejs.Value) {
			numbers := tx.get(keys, "result")
			found := tx.length(values)
			for i := range found {
				data := tx.bytesToGo(tx.index(values, i))
				*list = append(*list, logkv.Record{Number: tx.number(tx.index(numbers, i)), Data: data})
				size += len(data)
			}
			if found == count && size < maxBytes && tx.err == nil {
				average := size/len(*list) + 1
				page((*list)[len(*list)-1].Number, min(max(1, (maxBytes-size)/average), 8*count), size)
			}
		})
	}
	page(after, max(1, min(firstPage, maxBytes>>10)), 0)
}

// ReadFrom implements [logkv.Device].
func (d *Device) ReadFrom(ctx context.Context, from uint64, maxBytes int) ([]logkv.Record, error) {
	var records []logkv.Record
	err := d.transact(ctx, "reading the log", readOnly, []any{recordsStore}, logkv.Relaxed, func(tx *transaction) {
		tx.collect(from-1, maxBytes, &records)
	})
	return records, err
}

// Read implements [logkv.Device].
func (d *Device) Read(ctx context.Context, numbers []uint64) ([][]byte, error) {
	requests := make([]safejs.Value, len(numbers))
	err := d.transact(ctx, "reading records", readOnly, []any{recordsStore}, logkv.Relaxed, func(tx *transaction) {
		records := tx.store(recordsStore)
		for i, number := range numbers {
			requests[i] = tx.call(records, "get", float64(number))
		}
	})
	if err != nil {
		return nil, err
	}
	var c calls
	result := make([][]byte, len(numbers))
	for i, request := range requests {
		if value := c.get(request, "result"); !isNothing(value) {
			result[i] = c.bytesToGo(value)
		}
	}
	return result, unexpected(c)
}

// Append implements [logkv.Device].
func (d *Device) Append(ctx context.Context, first uint64, records [][]byte, durability logkv.Durability) error {
	d.channel.appending()
	stores, guarded := []any{recordsStore}, false
	if durability == logkv.MemoryFirst {
		stores = append(stores, metaStore)
		guarded = d.placeGuard(first)
	}
	var a *appending
	err := d.transact(ctx, "writing", readWrite, stores, durability, func(tx *transaction) {
		a = &appending{tx: tx, first: first, records: records, ahead: durability == logkv.MemoryFirst}
		if a.ahead {
			a.guard, a.guarded = d.guardAt(first), guarded
			a.useGuard(d.guardAt(a.next()))
		}
		store := tx.store(recordsStore)
		// The newest record is never removed, so the head is where the writer believes it to be exactly when nothing follows it and it is there.
		newest := tx.call(store, "getAllKeys", tx.keyRange("lowerBound", float64(first-1)), 2)
		tx.then(newest, func(keys safejs.Value) {
			expected := 1
			if first == 1 {
				expected = 0
			}
			a.checked(tx.length(keys) == expected && (expected == 0 || tx.number(tx.index(keys, 0)) == first-1))
		})
		tx.add(first, records)
		d.begin(a)
	})
	if a != nil {
		err = d.end(a, err)
	}
	if err == nil {
		d.channel.appended()
		size := 0
		for _, record := range records {
			size += len(record)
		}
		d.reserve.wrote(size)
	}
	return err
}

// add adds records from a number on.
func (tx *transaction) add(first uint64, records [][]byte) {
	store := tx.store(recordsStore)
	for i, record := range records {
		tx.call(store, "add", tx.bytesToJS(record), float64(first+uint64(i)))
	}
}

// removeStep is how many records one transaction removes: writers wait for it.
const removeStep = 256

// Remove implements [logkv.Device]. It takes several transactions when there is much to remove; what nobody needs may go in any order.
func (d *Device) Remove(ctx context.Context, ranges []logkv.NumberRange) error {
	err := d.removeAll(ctx, ranges)
	d.reserve.removed()
	return err
}

func (d *Device) removeAll(ctx context.Context, ranges []logkv.NumberRange) error {
	if len(ranges) == 0 {
		return d.removeRanges(ctx, nil)
	}
	step, size := []logkv.NumberRange(nil), uint64(0)
	for _, r := range ranges {
		for first := r.First; ; first += removeStep {
			last := min(r.Last, first+removeStep-1)
			step = append(step, logkv.NumberRange{First: first, Last: last})
			if size += last - first + 1; size >= removeStep {
				if err := d.removeRanges(ctx, step); err != nil {
					return err
				}
				step, size = step[:0], 0
			}
			if last == r.Last {
				break
			}
		}
	}
	if len(step) == 0 {
		return nil
	}
	return d.removeRanges(ctx, step)
}

func (d *Device) removeRanges(ctx context.Context, ranges []logkv.NumberRange) error {
	return d.transact(ctx, "removing records", readWrite, []any{recordsStore}, logkv.Relaxed, func(tx *transaction) {
		store := tx.store(recordsStore)
		tx.then(tx.call(store, "openKeyCursor", safejs.Null(), "prev"), func(cursor safejs.Value) {
			if cursor.IsNull() {
				return
			}
			newest := tx.number(tx.get(cursor, "key"))
			for _, r := range ranges {
				if last := min(r.Last, newest-1); r.First <= last {
					tx.call(store, "delete", tx.keyRange("bound", float64(r.First), float64(last)))
				}
			}
		})
	})
}

// Size implements [logkv.Device]. It is not known: IndexedDB tells no sizes. It fails as any other call does.
func (d *Device) Size(ctx context.Context) (uint64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return 0, d.closed
}

// unexpected reports a result that could not be read.
func unexpected(c calls) error {
	if c.err == nil {
		return nil
	}
	return errorOf("reading a result", thrown(c.err))
}
