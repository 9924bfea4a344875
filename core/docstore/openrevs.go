package docstore

import (
	"context"
	"slices"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/revtree"
	"github.com/gouchdb/gouchdb/internal/order"
)

// OpenRevs reads several revisions of a document: the found ones ascending, then the missing ones ascending, each once.
func (db *DB) OpenRevs(ctx context.Context, docID string, options core.OpenRevsOptions) (found []core.OpenRev, err error) {
	if err := checkDocID(docID); err != nil {
		return nil, err
	}
	err = db.view(ctx, false, func(s kv.Snapshot) error {
		rec, err := readRecord(ctx, s, docID)
		if err != nil {
			return err
		}
		if rec == nil && options.All {
			return core.ErrMissing.Of(docID)
		}
		limit := uint64(0)
		if options.WithRevisions {
			if limit, err = readRevsLimit(ctx, s); err != nil {
				return err
			}
		}
		nodes, missing := rec.open(options)
		found = make([]core.OpenRev, 0, len(nodes)+len(missing))
		bodies := bodyReader{contents: contents{wanted: options.Attachments, lazily: db}}
		for _, node := range nodes {
			if options.Attachments {
				bodies.contents.since = rec.since(node.Rev, options.AttsSince)
			}
			doc := rec.doc(docID, node, &bodies)
			if options.WithRevisions {
				doc.Revisions = rec.ancestry(node.Rev, limit)
			}
			found = append(found, core.OpenRev{Rev: node.Rev, Doc: doc})
		}
		for _, rev := range missing {
			found = append(found, core.OpenRev{Rev: rev})
		}
		_, err = bodies.read(ctx, s)
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// open finds revisions that have bodies, ascending, and lists those that have none, ascending. A nil record has nothing.
func (r *record) open(options core.OpenRevsOptions) (nodes []revtree.Node, missing []core.Rev) {
	if r == nil {
		missing = slices.Clone(options.Revs)
	} else if options.All {
		nodes = r.tree.Leaves()
	} else {
		for _, rev := range options.Revs {
			node, known := r.tree.Lookup(rev)
			switch {
			case known && options.Latest:
				nodes = append(nodes, r.tree.LeavesBelow(rev)...)
			case known && node.Body != noBody:
				nodes = append(nodes, node)
			default:
				missing = append(missing, rev)
			}
		}
	}
	order.Func(nodes, func(a, b revtree.Node) int { return a.Rev.Compare(b.Rev) })
	order.Func(missing, core.Rev.Compare)
	return slices.CompactFunc(nodes, func(a, b revtree.Node) bool { return a.Rev == b.Rev }), slices.Compact(missing)
}

// BulkGet reads revisions of many documents on one snapshot.
func (db *DB) BulkGet(ctx context.Context, requests []core.DocRev, options core.BulkGetOptions) ([]core.BulkGetResult, error) {
	results := make([]core.BulkGetResult, len(requests))
	err := db.view(ctx, false, func(s kv.Snapshot) error {
		docIDs := make([]string, len(requests))
		for i, request := range requests {
			docIDs[i] = request.ID
		}
		records, err := readRecords(ctx, s, docIDs)
		if err != nil {
			return err
		}
		bodies := bodyReader{contents: contents{wanted: options.Attachments}}
		for i, request := range requests {
			results[i] = core.BulkGetResult{ID: request.ID, Docs: bulkGet(request, records[i], options.Latest, &bodies)}
		}
		if options.Revs {
			limit, err := readRevsLimit(ctx, s)
			if err != nil {
				return err
			}
			for i := range results {
				for _, found := range results[i].Docs {
					if found.Doc != nil {
						found.Doc.Revisions = records[i].ancestry(found.Rev, limit)
					}
				}
			}
		}
		_, err = bodies.read(ctx, s)
		return err
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

func bulkGet(request core.DocRev, rec *record, latest bool, bodies *bodyReader) []core.BulkGetDoc {
	refuse := func(err error) []core.BulkGetDoc {
		return []core.BulkGetDoc{{Rev: request.Rev, Err: core.AsError(err).Of(request.ID)}}
	}
	if err := checkDocID(request.ID); err != nil {
		return refuse(err)
	}
	if rec == nil {
		return refuse(core.ErrMissing)
	}
	open := core.OpenRevsOptions{All: request.Rev.IsZero(), Revs: []core.Rev{request.Rev}, Latest: latest}
	nodes, _ := rec.open(open)
	if len(nodes) == 0 {
		return refuse(core.ErrMissing)
	}
	docs := make([]core.BulkGetDoc, len(nodes))
	for i, node := range nodes {
		docs[i] = core.BulkGetDoc{Rev: node.Rev, Doc: rec.doc(request.ID, node, bodies)}
	}
	return docs
}
