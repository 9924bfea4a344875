package docstore_test

import (
	"context"
	"net/url"
	"strconv"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/core/wire"
)

func (s *replaySession) get(docID string, query url.Values) ([]byte, error) {
	is := func(name string) bool { return query.Get(name) == "true" }
	if open := query.Get("open_revs"); open != "" {
		options := core.OpenRevsOptions{All: open == "all", Latest: is("latest"), WithRevisions: is("revs")}
		if !options.All {
			texts, _ := rawjson.Texts([]byte(open))
			for _, text := range texts {
				rev, err := core.ParseRev(text)
				if err != nil {
					return nil, err
				}
				options.Revs = append(options.Revs, rev)
			}
		}
		revs, err := s.db.OpenRevs(s.ctx, docID, options)
		return wire.AppendOpenRevs(nil, revs), err
	}
	options := core.GetOptions{
		Latest: is("latest"), Revs: is("revs"), RevsInfo: is("revs_info") || is("meta"), LocalSeq: is("local_seq"),
		Conflicts: is("conflicts") || is("meta"), DeletedConflicts: is("deleted_conflicts") || is("meta"),
	}
	if query.Has("rev") {
		rev, err := core.ParseRev(query.Get("rev"))
		if err != nil {
			return nil, err
		}
		options.Rev = rev
	}
	doc, err := s.db.Get(s.ctx, docID, options)
	if err != nil {
		return nil, err
	}
	return doc.AppendJSON(nil), nil
}

type listingFunc func(context.Context, core.AllDocsOptions, func(*core.AllDocsRow) error) (core.AllDocsSummary, error)

func (s *replaySession) listing(target string) listingFunc {
	if target == "_local_docs" {
		return s.db.LocalDocs
	}
	return s.db.AllDocs
}

func (s *replaySession) allDocs(query url.Values, text []byte, list listingFunc) ([]byte, error) {
	options := core.AllDocsOptions{
		Descending: query.Get("descending") == "true", IncludeDocs: query.Get("include_docs") == "true",
		Conflicts: query.Get("conflicts") == "true", UpdateSeq: query.Get("update_seq") == "true",
		ExclusiveEnd: query.Get("inclusive_end") == "false",
	}
	key := func(name string) *string {
		text, ok := rawjson.Text([]byte(query.Get(name)))
		if !ok {
			return nil
		}
		return &text
	}
	options.StartKey, options.EndKey = key("startkey"), key("endkey")
	if only := key("key"); only != nil {
		options.StartKey, options.EndKey = only, only
	}
	options.Skip, _ = strconv.Atoi(query.Get("skip"))
	if limit := query.Get("limit"); limit == "0" {
		options.Limit = core.NoRows
	} else {
		options.Limit, _ = strconv.Atoi(limit)
	}
	keys := rawjson.Member(text, "keys")
	if query.Has("keys") {
		keys = []byte(query.Get("keys"))
	}
	if keys != nil {
		options.Keys, _ = rawjson.Texts(keys)
	}
	rows := []byte(`"rows":[`)
	summary, err := list(s.ctx, options, func(row *core.AllDocsRow) error {
		if rows[len(rows)-1] != '[' {
			rows = append(rows, ',')
		}
		rows = wire.AppendAllDocsRow(rows, row, options.IncludeDocs)
		return nil
	})
	answer := []byte("{")
	if summary.Offset >= 0 {
		answer = append(answer, `"offset":`...)
		answer = append(strconv.AppendInt(answer, summary.Offset, 10), ',')
	}
	if summary.TotalRows > 0 {
		answer = append(answer, `"total_rows":`...)
		answer = append(strconv.AppendUint(answer, summary.TotalRows, 10), ',')
	}
	if options.UpdateSeq {
		answer = append(answer, `"update_seq":`+string(summary.UpdateSeq)+`,`...)
	}
	return append(append(answer, rows...), ']', '}'), err
}

func (s *replaySession) changes(query url.Values, text []byte) ([]byte, error) {
	options := core.ChangesOptions{
		Since: core.Seq(query.Get("since")), Descending: query.Get("descending") == "true", IncludeDocs: query.Get("include_docs") == "true",
		Conflicts: query.Get("conflicts") == "true", AllLeaves: query.Get("style") == "all_docs",
	}
	if limit := query.Get("limit"); limit == "0" {
		options.Limit = core.NoRows
	} else {
		options.Limit, _ = strconv.Atoi(limit)
	}
	switch filter := query.Get("filter"); filter {
	case "":
	case "_selector":
		options.Filter.Selector = rawjson.Member(text, "selector")
	case "_design":
		options.Filter.DesignDocs = true
	case "_view":
		options.Filter.View = query.Get("view")
	case "_doc_ids":
		docIDs := []byte(query.Get("doc_ids"))
		if len(text) > 0 {
			docIDs = rawjson.Member(text, "doc_ids")
		}
		options.DocIDs, _ = rawjson.Texts(docIDs)
	default:
		options.Filter.DesignFilter = filter
	}
	answer := []byte(`{"results":[`)
	summary, err := s.db.Changes(s.ctx, options, func(change *core.Change) error {
		if answer[len(answer)-1] != '[' {
			answer = append(answer, ',')
		}
		answer = wire.AppendChange(answer, change, options.IncludeDocs)
		s.seqs = append(s.seqs, string(change.Seq))
		return nil
	})
	if s.last == "" {
		s.last = string(summary.LastSeq)
	}
	answer = append(answer, "],"...)
	return append(wire.AppendChangesSummary(answer, summary), '}'), err
}

func (s *replaySession) bulkGet(query url.Values, text []byte) ([]byte, error) {
	requests, err := wire.ParseBulkGetRequest(text)
	if err != nil {
		return nil, err
	}
	results, err := s.db.BulkGet(s.ctx, requests, core.BulkGetOptions{Revs: query.Get("revs") == "true", Latest: query.Get("latest") == "true"})
	answer := []byte(`{"results":[`)
	for i := range results {
		if i > 0 {
			answer = append(answer, ',')
		}
		answer = wire.AppendBulkGetResult(answer, &results[i])
	}
	return append(answer, ']', '}'), err
}
