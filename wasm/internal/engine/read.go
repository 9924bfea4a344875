package engine

import (
	"context"
	"slices"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/core/wire"
)

// printer is a database that prints documents from its own memory.
type printer interface {
	AppendWinner(ctx context.Context, dst []byte, docID string) ([]byte, error)
}

func get(ctx context.Context, db core.Adapter, r *request) ([]byte, error) {
	docID := r.string("id")
	if printer, prints := db.(printer); prints && r.err == nil && r.only("id") {
		text, err := printer.AppendWinner(ctx, r.call.gather(), docID)
		return text, about(docID, err)
	}
	options := core.GetOptions{
		Rev:              r.rev("rev"),
		Latest:           r.bool("latest"),
		Revs:             r.bool("revs"),
		RevsInfo:         r.bool("revs_info"),
		Conflicts:        r.bool("conflicts"),
		DeletedConflicts: r.bool("deleted_conflicts"),
		LocalSeq:         r.bool("local_seq"),
	}
	contents := r.contents()
	options.Attachments = contents.wanted
	if r.err != nil {
		return nil, r.err
	}
	doc, err := db.Get(ctx, docID, options)
	if err != nil {
		return nil, about(docID, err)
	}
	if doc, err = contents.show(ctx, doc); err != nil {
		return nil, about(docID, err)
	}
	return contents.answer(doc.AppendJSON(make([]byte, 0, len(doc.Body)+len(docID)+64))), nil
}

// about adds the document to an error that does not name one.
func about(docID string, err error) error {
	if err == nil {
		return nil
	}
	if e := core.AsError(err); e.ID == "" && e.Status < 500 {
		return e.Of(docID)
	}
	return err
}

func openRevs(ctx context.Context, db core.Adapter, r *request) ([]byte, error) {
	docID := r.string("id")
	options := core.OpenRevsOptions{
		All:           rawjson.Is(r.value("open_revs"), "all"),
		Latest:        r.bool("latest"),
		WithRevisions: r.bool("revs"),
	}
	if !options.All {
		options.Revs = r.revs("open_revs")
	}
	contents := r.contents()
	options.Attachments = contents.wanted
	if r.err != nil {
		return nil, r.err
	}
	revs, err := db.OpenRevs(ctx, docID, options)
	if err != nil {
		return nil, about(docID, err)
	}
	shown := slices.Clone(revs)
	for i := range shown {
		if shown[i].Doc, err = contents.show(ctx, shown[i].Doc); err != nil {
			return nil, about(docID, err)
		}
	}
	return contents.answer(wire.AppendOpenRevs(nil, shown)), nil
}

func bulkGet(ctx context.Context, db core.Adapter, r *request) ([]byte, error) {
	options := core.BulkGetOptions{Revs: r.bool("revs"), Latest: r.bool("latest")}
	contents := r.contents()
	options.Attachments = contents.wanted
	if r.err != nil {
		return nil, r.err
	}
	requests, err := wire.ParseBulkGetRequest(r.data)
	if err != nil {
		return nil, err
	}
	results, err := db.BulkGet(ctx, requests, options)
	if err != nil {
		return nil, err
	}
	rows := r.call.rows("results", contents.binary)
	for i := range results {
		docs := slices.Clone(results[i].Docs)
		for j := range docs {
			if docs[j].Doc, err = contents.show(ctx, docs[j].Doc); err != nil {
				return nil, err
			}
		}
		rows.next(0)
		rows.text = wire.AppendBulkGetResult(rows.text, &core.BulkGetResult{ID: results[i].ID, Docs: docs})
	}
	return contents.answer(append(rows.text, "]}"...)), nil
}

func allDocs(ctx context.Context, db core.Adapter, r *request) ([]byte, error) {
	skip, _ := r.count("skip")
	options := core.AllDocsOptions{
		StartKey:     r.optionalString("startkey"),
		EndKey:       r.optionalString("endkey"),
		ExclusiveEnd: !r.boolOr("inclusive_end", true),
		Keys:         r.strings("keys"),
		Descending:   r.bool("descending"),
		Skip:         skip,
		Limit:        r.limit("limit"),
		IncludeDocs:  r.bool("include_docs"),
		Conflicts:    r.bool("conflicts"),
		UpdateSeq:    r.bool("update_seq"),
		NoOffset:     true, // in PouchDB's answer it is what was skipped
		Passing:      true,
	}
	contents := r.contents()
	options.Attachments = contents.wanted && options.IncludeDocs
	if r.err != nil {
		return nil, r.err
	}
	rows := r.call.rows("rows", contents.binary)
	summary, err := db.AllDocs(ctx, options, func(row *core.AllDocsRow) error {
		return contents.showing(ctx, &row.Doc, func() {
			rows.next(rowSize(row.Doc))
			rows.text = wire.AppendAllDocsRow(rows.text, row, options.IncludeDocs)
		})
	})
	if err != nil {
		return nil, err
	}
	return contents.answer(append(wire.AppendAllDocsSummary(rows.end(), summary), '}')), nil
}

func changes(ctx context.Context, db core.Adapter, r *request) ([]byte, error) {
	seqInterval, _ := r.count("seq_interval")
	leaves, _ := r.count("leaves") // only documents with so many
	options := core.ChangesOptions{
		Since:       r.seq("since"),
		Limit:       r.limit("limit"),
		Descending:  r.bool("descending"),
		IncludeDocs: r.bool("include_docs"),
		Conflicts:   r.bool("conflicts"),
		DocIDs:      r.strings("doc_ids"),
		Filter:      r.feedFilter(),
		Wait:        r.duration("wait"),
		Purges:      r.seq("purges"),
		Heartbeat:   r.duration("heartbeat"),
		SeqInterval: seqInterval,
		Passing:     true,
	}
	contents := r.contents()
	options.Attachments = contents.wanted && options.IncludeDocs
	switch style := r.string("style"); style {
	case "", "main_only":
	case "all_docs":
		options.AllLeaves = true
	default:
		r.refuse("style", "\"main_only\" or \"all_docs\"")
	}
	if r.err != nil {
		return nil, r.err
	}
	rows := r.call.rows("results", contents.binary)
	summary, err := db.Changes(ctx, options, func(change *core.Change) error {
		if len(change.Revs) < leaves {
			return nil
		}
		return contents.showing(ctx, &change.Doc, func() {
			rows.next(rowSize(change.Doc))
			rows.text = wire.AppendChange(rows.text, change, options.IncludeDocs)
		})
	})
	if err != nil {
		return nil, err
	}
	text := wire.AppendChangesSummary(rows.end(), summary)
	if options.Purges != "" && summary.Purges != "" {
		text = rawjson.AppendString(append(text, `,"purges":`...), string(summary.Purges))
	}
	return contents.answer(append(text, '}')), nil
}

func revsDiff(ctx context.Context, db core.Adapter, r *request) ([]byte, error) {
	requests, err := wire.ParseDocRevs(r.data)
	if err != nil {
		return nil, err
	}
	diffs, err := db.RevsDiff(ctx, requests)
	if err != nil {
		return nil, err
	}
	return wire.AppendRevsDiff(nil, diffs), nil
}
