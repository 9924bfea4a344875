package docstore

import (
	"context"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
)

// Purge removes leaves as if they had never been there. As in CouchDB each request takes a purge sequence and an update
// sequence, whatever it finds; a document of which something stays moves to that place in the feed.
func (db *DB) Purge(ctx context.Context, requests []core.DocRevs) (result core.PurgeResult, err error) {
	due := false
	err = db.store.Update(ctx, func(tx kv.Tx) error {
		kv.Frees(tx)
		m, err := readMeta(ctx, tx)
		if err != nil {
			return err
		}
		e := edit{ctx: ctx, db: db, tx: tx, meta: &m}
		if err := e.readIndexes(); err != nil {
			return err
		}
		result = core.PurgeResult{Purged: make([]core.DocRevs, len(requests))}
		for i, request := range requests {
			m.purgeSeq++
			m.updateSeq++
			purged, err := e.purge(request)
			if err != nil {
				return err
			}
			result.Purged[i] = core.DocRevs{ID: request.ID, Revs: purged}
		}
		if due, err = e.finishIndexes(); err != nil {
			return err
		}
		result.PurgeSeq = formatSeq(m.purgeSeq)
		if len(requests) > 0 {
			m.write(tx)
		}
		return nil
	})
	if err == nil && due {
		db.indexer.start()
	}
	return result, err
}

func (e *edit) purge(request core.DocRevs) (purged []core.Rev, err error) {
	was, err := readRecord(e.ctx, e.tx, request.ID)
	if err != nil || was == nil {
		return nil, err
	}
	tree := was.tree
	var bodies []uint64
	for _, rev := range request.Revs {
		if pruned, released, ok := tree.Prune(rev); ok {
			tree = pruned
			purged = append(purged, rev)
			bodies = append(bodies, released...)
		}
	}
	if len(purged) == 0 {
		return nil, nil
	}
	var is *record
	if !tree.IsEmpty() {
		is = &record{seq: e.meta.updateSeq, deleted: tree.Winner().Deleted, tree: tree}
	}
	if err := e.reindex(request.ID, was, is); err != nil {
		return nil, err
	}
	if err := e.deleteBodies(bodies); err != nil {
		return nil, err
	}
	e.replace(request.ID, was, is)
	return purged, nil
}
