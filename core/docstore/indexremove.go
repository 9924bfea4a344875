package docstore

import (
	"bytes"
	"context"

	"github.com/gouchdb/gouchdb/core/kv"
)

// An index that no design document defines any more has a state but is not in the catalogue. Its entries go in the background, or with a compaction;
// defined again, it gets another number.

// removeEntries is how many of them go in one update.
const removeEntries = 5000

// findAbandoned returns the number of an index that the catalogue does not have, 0 when there is none.
func (c *catalogue) findAbandoned(ctx context.Context, s kv.Snapshot) (uint64, error) {
	r := prefixRange(indexPrefix)
	r.KeysOnly = true
	for entry, err := range s.Scan(ctx, r) {
		if err != nil {
			return 0, err
		}
		if number, ok := keyNumber(entry.Key); ok && !c.has(number) {
			return number, nil
		}
	}
	return 0, nil
}

// removeIndex removes entries of an index that the catalogue does not have any more, and at last the index.
func (db *DB) removeIndex(ctx context.Context, number uint64) error {
	return db.store.Update(ctx, func(tx kv.Tx) error {
		c, err := db.catalogue(ctx, tx)
		if err != nil {
			return err
		}
		_, found, err := tx.Get(ctx, indexStateKey(number))
		if err != nil || !found || c.has(number) {
			return err
		}
		r := kv.PrefixRange(entryPrefix(number))
		r.KeysOnly = true
		var keys [][]byte
		for entry, err := range tx.Scan(ctx, r) {
			if err != nil {
				return err
			}
			if len(keys) == removeEntries {
				break
			}
			keys = append(keys, bytes.Clone(entry.Key))
		}
		for _, key := range keys {
			tx.Delete(key)
		}
		if len(keys) < removeEntries {
			tx.Delete(indexStateKey(number))
		}
		return nil
	})
}

// removeAbandoned removes all indexes that no design document defines.
func (db *DB) removeAbandoned(ctx context.Context) error {
	for {
		number := uint64(0)
		err := db.view(ctx, false, func(s kv.Snapshot) error {
			c, err := db.catalogue(ctx, s)
			if err == nil {
				number, err = c.findAbandoned(ctx, s)
			}
			return err
		})
		if err != nil || number == 0 {
			return err
		}
		if err := db.removeIndex(ctx, number); err != nil {
			return err
		}
	}
}
