package logkv

import (
	"context"
	"iter"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/kv/internal/tree"
)

// readable reads the values of a tree, each by itself.
type readable struct {
	remains Remains
	tree    *tree.Tree
	number  uint64 // the record read last
	record  []byte
}

// Get implements kv.Snapshot. A value has a checksum of its own, so it can be trusted although something else in its record is damaged.
func (r *readable) Get(ctx context.Context, key []byte) ([]byte, bool, error) {
	item, found := r.tree.Get(key)
	if !found {
		return nil, false, ctx.Err()
	}
	value, err := r.value(ctx, item)
	return value, err == nil, err
}

func (r *readable) value(ctx context.Context, item tree.Item) ([]byte, error) {
	if err := ctx.Err(); err != nil || !item.External() {
		return item.Value(), err
	}
	at := mustAddress(item)
	if r.record == nil || r.number != at.record {
		record, err := r.remains.Read(ctx, at.record)
		if err != nil {
			return nil, err
		}
		r.number, r.record = at.record, record
	}
	if r.record == nil {
		return nil, missing(at.record)
	}
	value, ok := at.in(r.record[:max(0, len(r.record)-checksumSize)])
	if !ok || valueChecksum(value) != at.checksum {
		return nil, blameRecord(at.record, core.ErrCorrupt.Because("the value is damaged"))
	}
	return value, nil
}

// GetMany implements kv.Snapshot.
func (r *readable) GetMany(ctx context.Context, keys [][]byte) (values [][]byte, err error) {
	values = make([][]byte, len(keys))
	for i, key := range keys {
		if values[i], _, err = r.Get(ctx, key); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// Scan implements kv.Snapshot.
func (r *readable) Scan(ctx context.Context, within kv.Range) iter.Seq2[kv.Entry, error] {
	return func(yield func(kv.Entry, error) bool) {
		for item := range r.tree.Scan(within) {
			entry, err := kv.Entry{Key: item.Key()}, ctx.Err()
			if err == nil && !within.KeysOnly {
				entry.Value, err = r.value(ctx, item)
			}
			if !yield(entry, err) || err != nil {
				return
			}
		}
	}
}
