package docstore

import (
	"context"

	"github.com/gouchdb/gouchdb/core/kv"
)

// Succeed makes the database go on where another one ended whose documents it was given: replications know it by that one's uuid, and what
// is written from now on gets sequences after seq, so that checkpoints which speak of that one's sequences miss nothing of it.
//
// An empty uuid changes nothing, nor does a sequence that has been passed.
func (db *DB) Succeed(ctx context.Context, uuid string, seq uint64) error {
	return db.store.Update(ctx, func(tx kv.Tx) error {
		m, err := readMeta(ctx, tx)
		if err != nil {
			return err
		}
		if uuid != "" {
			tx.Put(uuidKey, []byte(uuid))
		}
		if seq > m.updateSeq {
			m.updateSeq = seq
			m.write(tx)
		}
		return nil
	})
}

// readUUID reads what tells the database from all others.
func readUUID(ctx context.Context, s kv.Snapshot) (string, error) {
	uuid, _, err := s.Get(ctx, uuidKey)
	return string(uuid), err
}
