package docstore

import (
	"context"

	"github.com/gouchdb/gouchdb/core/kv"
)

// Stats describes a database's storage.
type Stats struct {
	kv.Stats
	Documents uint64 // whose winner is not deleted, as Info's DocCount
	Deleted   uint64
}

// Stats tells how much the database holds, and how much storage and memory that takes.
func (db *DB) Stats(ctx context.Context) (Stats, error) {
	m, err := db.meta(ctx)
	if err != nil {
		return Stats{}, err
	}
	stats, err := db.store.Stats(ctx)
	return Stats{Stats: stats, Documents: m.docCount, Deleted: m.delCount}, err
}
