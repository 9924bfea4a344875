package docstore

import (
	"context"

	"github.com/gouchdb/gouchdb/core/kv"
)

// compactStep is how many documents are gone through in one update, so that writers need not wait for long.
const compactStep = 200

// Compact removes the bodies of revisions that are not leaves, and gives storage back. What it has done stays done when it is
// interrupted.
func (db *DB) Compact(ctx context.Context) error {
	if err := db.dropAbandoned(ctx); err != nil {
		return err
	}
	// What other tabs have written is to be compacted as well.
	if err := db.store.Refresh(ctx); err != nil {
		return err
	}
	if err := db.removeAbandoned(ctx); err != nil {
		return err
	}
	from := []byte{documentPrefix}
	for from != nil {
		step, err := db.findCompactable(ctx, from)
		if err != nil {
			return err
		}
		from = step.next
		if len(step.docIDs) == 0 {
			continue
		}
		err = db.store.Update(ctx, func(tx kv.Tx) error {
			kv.Frees(tx)
			m, err := readMeta(ctx, tx)
			if err != nil {
				return err
			}
			e := edit{ctx: ctx, db: db, tx: tx, meta: &m}
			records, err := readRecords(ctx, tx, step.docIDs)
			if err != nil {
				return err
			}
			for i, was := range records {
				if was == nil {
					continue
				}
				tree, bodies := was.tree.WithoutInnerBodies()
				if len(bodies) == 0 {
					continue
				}
				if err := e.deleteBodies(bodies); err != nil {
					return err
				}
				e.replace(step.docIDs[i], was, &record{seq: was.seq, deleted: was.deleted, tree: tree})
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return db.store.Compact(ctx)
}

// compaction is one step: which documents have inner bodies, and where the next step begins, nil after the last.
type compaction struct {
	docIDs []string
	next   []byte
}

func (db *DB) findCompactable(ctx context.Context, from []byte) (step compaction, err error) {
	err = db.view(ctx, false, func(s kv.Snapshot) error {
		step = compaction{}
		r := prefixRange(documentPrefix)
		r.From = from
		for entry, err := range s.Scan(ctx, r) {
			if err != nil {
				return err
			}
			if len(step.docIDs) == compactStep {
				step.next = append([]byte(nil), entry.Key...)
				return nil
			}
			docID := string(entry.Key[1:])
			rec, err := decodeRecord(docID, entry.Value)
			if err != nil {
				return err
			}
			if _, bodies := rec.tree.WithoutInnerBodies(); len(bodies) > 0 {
				step.docIDs = append(step.docIDs, docID)
			}
		}
		return nil
	})
	return step, err
}
