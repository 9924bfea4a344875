//go:build js && wasm

package indexeddb

import (
	"context"

	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/internal/safejs"
)

// chunksOf returns the range of the chunks of one snapshot: their keys are [covers, position].
func (c *calls) chunksOf(covers uint64) safejs.Value {
	return c.keyRange("bound", []any{float64(covers)}, []any{float64(covers), []any{}})
}

// Load implements [logkv.Device].
func (d *Device) Load(ctx context.Context, below uint64, maxBytes int) (logkv.Base, error) {
	var base logkv.Base
	var chunks safejs.Value
	err := d.transact(ctx, "reading the log", readOnly, []any{recordsStore, snapshotsStore}, logkv.Relaxed, func(tx *transaction) {
		snapshots := tx.store(snapshotsStore)
		older := safejs.Null()
		if below != logkv.Newest {
			older = tx.keyRange("upperBound", []any{float64(below)}, true)
		}
		tx.then(tx.call(snapshots, "openKeyCursor", older, "prev"), func(cursor safejs.Value) {
			base.Covers, chunks = 0, safejs.Undefined()
			if !cursor.IsNull() {
				base.Covers = tx.number(tx.index(tx.get(cursor, "key"), 0))
				chunks = tx.call(snapshots, "getAll", tx.chunksOf(base.Covers))
			}
			tx.collect(base.Covers, maxBytes, &base.Records)
		})
	})
	if err != nil {
		return logkv.Base{}, err
	}
	var c calls
	if base.Covers > 0 {
		values := c.get(chunks, "result")
		for i := range c.length(values) {
			base.Chunks = append(base.Chunks, c.bytesToGo(c.index(values, i)))
		}
	}
	return base, unexpected(c)
}

// WriteSnapshot implements [logkv.Device].
func (d *Device) WriteSnapshot(ctx context.Context, covers uint64, chunks [][]byte) error {
	return d.transact(ctx, "writing a snapshot", readWrite, []any{snapshotsStore}, logkv.Strict, func(tx *transaction) {
		store := tx.store(snapshotsStore)
		tx.then(tx.call(store, "getAllKeys"), func(keys safejs.Value) {
			// The two that cover most stay, this one counted.
			kept := []uint64{covers}
			for i := tx.length(keys) - 1; i >= 0; i-- {
				if other := tx.number(tx.index(tx.index(keys, i), 0)); other != kept[len(kept)-1] && other != covers {
					kept = append(kept, other)
				}
			}
			newer := 0
			for _, other := range kept[1:] {
				if other > covers {
					newer++
				}
			}
			if newer >= 2 {
				return
			}
			tx.call(store, "delete", tx.chunksOf(covers))
			for i, chunk := range chunks {
				tx.call(store, "put", tx.bytesToJS(chunk), []any{float64(covers), i})
			}
			// kept[1:] is descending: beyond this one, the greatest other stays.
			for _, other := range kept[min(2, len(kept)):] {
				tx.call(store, "delete", tx.chunksOf(other))
			}
		})
	})
}
