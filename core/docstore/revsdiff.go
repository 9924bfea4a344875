package docstore

import (
	"context"
	"slices"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/internal/order"
)

// RevsDiff tells which revisions are unknown here. A revision is known if it stands anywhere in the tree, also without a body.
func (db *DB) RevsDiff(ctx context.Context, requests []core.DocRevs) ([]core.RevsDiff, error) {
	var diffs []core.RevsDiff
	err := db.view(ctx, false, func(s kv.Snapshot) error {
		docIDs := make([]string, len(requests))
		for i, request := range requests {
			docIDs[i] = request.ID
		}
		records, err := readRecords(ctx, s, docIDs)
		if err != nil {
			return err
		}
		for i, request := range requests {
			diff := core.RevsDiff{ID: request.ID}
			if rec := records[i]; rec != nil {
				diff.Missing, diff.PossibleAncestors = rec.tree.Missing(request.Revs)
			} else {
				diff.Missing = slices.Clone(request.Revs)
				order.Func(diff.Missing, core.Rev.Compare)
				diff.Missing = slices.Compact(diff.Missing)
			}
			if len(diff.Missing) > 0 {
				diffs = append(diffs, diff)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return diffs, nil
}
