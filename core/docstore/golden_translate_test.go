package docstore_test

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/core/wire"
)

// This file is the small translation between recorded requests and calls of the adapter.

func (s *replaySession) target(c *goldenCase) (string, url.Values) {
	path := strings.ReplaceAll(c.Path, "{last_seq}", s.last)
	for i := len(s.seqs); i > 0; i-- {
		path = strings.ReplaceAll(path, "{seq"+strconv.Itoa(i)+"}", s.seqs[i-1])
	}
	parsed, err := url.Parse(strings.ReplaceAll(path, "{db}", "db"))
	require.NoError(s.t, err, c.Path)
	rest := strings.TrimPrefix(strings.TrimPrefix(parsed.EscapedPath(), "/db"), "/")
	docID, err := url.PathUnescape(rest)
	require.NoError(s.t, err)
	return docID, parsed.Query()
}

func (s *replaySession) send(c *goldenCase) (status int, answer []byte) {
	text := []byte(c.Req)
	if c.ReqText != nil {
		text = []byte(*c.ReqText)
	}
	target, query := s.target(c)
	answer, err := s.answer(c.Method, target, query, text)
	if err != nil {
		e := core.AsError(err)
		return e.Status, wire.AppendError(nil, e)
	}
	return 200, answer
}

func (s *replaySession) answer(method, target string, query url.Values, text []byte) ([]byte, error) {
	if len(text) > 0 {
		if err := rawjson.Validate(text); err != nil {
			return nil, core.ErrBadJSON.From(err)
		}
	}
	switch method + " " + target {
	case "GET ":
		return s.info()
	case "POST _bulk_docs":
		return s.bulkDocs(text)
	case "GET _all_docs", "POST _all_docs", "GET _local_docs", "POST _local_docs":
		return s.allDocs(query, text, s.listing(target))
	case "GET _changes", "POST _changes":
		return s.changes(query, text)
	case "POST _bulk_get":
		return s.bulkGet(query, text)
	case "POST _revs_diff", "POST _missing_revs":
		requests, err := wire.ParseDocRevs(text)
		if err != nil {
			return nil, err
		}
		diffs, err := s.db.RevsDiff(s.ctx, requests)
		if target == "_missing_revs" {
			missing := []core.DocRevs{}
			for _, diff := range diffs {
				missing = append(missing, core.DocRevs{ID: diff.ID, Revs: diff.Missing})
			}
			return append(wire.AppendDocRevs([]byte(`{"missing_revs":`), missing), '}'), err
		}
		return wire.AppendRevsDiff(nil, diffs), err
	case "POST _purge":
		requests, err := wire.ParseDocRevs(text)
		if err != nil {
			return nil, err
		}
		if len(requests) > 100 { // CouchDB's limit is the server's
			return nil, core.ErrBadRequest
		}
		for _, request := range requests {
			if len(request.Revs) > 1000 {
				return nil, core.ErrBadRequest
			}
		}
		result, err := s.db.Purge(s.ctx, requests)
		purged := wire.AppendDocRevs([]byte(`{"purged":`), result.Purged)
		return append(purged, '}'), err
	case "POST _compact":
		return []byte(`{"ok":true}`), s.db.Compact(s.ctx)
	case "PUT _revs_limit":
		limit, _ := rawjson.Int(text)
		return []byte(`{"ok":true}`), s.db.SetRevsLimit(s.ctx, int(limit))
	case "GET _revs_limit":
		limit, err := s.db.RevsLimit(s.ctx)
		return strconv.AppendInt(nil, int64(limit), 10), err
	}
	switch method {
	case "GET":
		return s.get(target, query)
	case "POST":
		doc, err := core.ParseDocument(text)
		if err != nil {
			return nil, err
		}
		return s.put(doc, query.Get("new_edits") == "false" && target != "")
	case "PUT":
		doc, err := core.ParseDocument(text)
		if err != nil {
			return nil, err
		}
		doc.ID = target
		if query.Has("rev") {
			if doc.Rev, err = core.ParseRev(query.Get("rev")); err != nil {
				return nil, err
			}
		}
		return s.put(doc, query.Get("new_edits") == "false")
	case "DELETE":
		return s.delete(target, query)
	}
	return nil, core.ErrInternal.Because("no translation of " + method + " " + target)
}

func (s *replaySession) info() ([]byte, error) {
	info, err := s.db.Info(s.ctx)
	text, _ := json.Marshal(map[string]any{
		"purge_seq": info.PurgeSeq, "update_seq": info.UpdateSeq, "doc_count": info.DocCount, "doc_del_count": info.DocDelCount,
	})
	return regexp.MustCompile(`"(purge_seq|update_seq)":"(\d+)"`).ReplaceAll(text, []byte(`"$1":$2`)), err
}

func (s *replaySession) put(doc *core.Document, replicated bool) ([]byte, error) {
	results, err := s.db.BulkDocs(s.ctx, []*core.Document{doc}, core.BulkDocsOptions{Replicated: replicated})
	if err != nil {
		return nil, err
	}
	if results[0].Err != nil {
		return nil, results[0].Err
	}
	return wire.AppendBulkResult(nil, &results[0]), nil
}

// delete is what the server makes of DELETE: it tells apart what is gone already.
func (s *replaySession) delete(docID string, query url.Values) ([]byte, error) {
	doc := &core.Document{ID: docID, Deleted: true, Body: core.EmptyBody}
	var err error
	if query.Has("rev") {
		if doc.Rev, err = core.ParseRev(query.Get("rev")); err != nil {
			return nil, err
		}
	}
	if _, err = s.db.Get(s.ctx, docID, core.GetOptions{}); err != nil {
		return nil, err
	}
	return s.put(doc, false)
}

func (s *replaySession) bulkDocs(text []byte) ([]byte, error) {
	request, err := wire.ParseBulkDocs(text)
	if err != nil {
		return nil, err
	}
	results, err := s.db.BulkDocs(s.ctx, request.Docs, request.BulkDocsOptions)
	if err != nil {
		return nil, err
	}
	answer := []byte("[")
	for i := range results {
		if request.Replicated && results[i].Err == nil {
			continue
		}
		if len(answer) > 1 {
			answer = append(answer, ',')
		}
		answer = wire.AppendBulkResult(answer, &results[i])
	}
	return append(answer, ']'), nil
}
