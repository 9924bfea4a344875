package docstore_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/adapters/memory"
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/core/wire"
	"github.com/gouchdb/gouchdb/internal/golden"
)

// goldenCase is one request to CouchDB with its answer.
type goldenCase struct {
	N        int
	Group    string
	Method   string
	Path     string
	Req      json.RawMessage
	ReqText  *string `json:"req_text"`
	Status   int
	Resp     json.RawMessage
	RespText *string `json:"resp_text"`
}

// notFollowed names the recorded answers that this database deliberately does not give, and what follows from them. These
// requests are not sent.
var notFollowed = map[string]map[int]string{
	"newedits.json": {
		105: "CouchDB takes an edit of an unknown document's unknown revision by PUT, but not by _bulk_docs; here it is a conflict",
		109: "follows from 105",
		126: "the text 0- is the zero Rev, which asks for the winner; a server can tell them apart",
		263: "an empty id reads as no id; a server can tell them apart",
		286: "CouchDB answers 500 for a local revision that it cannot count on; here it is a 400",
		328: "CouchDB answers 500 for a _revisions without ids; here it is a 400",
		330: "a _revisions with more ids than generations contradicts itself and is refused",
		331: "follows from 330",
		351: "as 105, by POST",
		357: "follows from 330 and 351",
	},
	"alldocs_changes.json": {
		149: "leaves come ascending, as from open_revs; CouchDB shows the order inside its trees",
		157: "how the missing revision of an illegal id is spelled is the server's",
		158: "as 157",
		188: "of revisions asked for twice, CouchDB reports known ones as missing",
	},
}

// outOfScope tells which requests are not about the adapter: attachments are not supported yet, and the server has the rest.
func outOfScope(c *goldenCase) string {
	request := c.Path + string(c.Req)
	switch {
	case strings.Contains(request, "attachments=true") || strings.Contains(request, "withatt") || strings.Contains(c.Path, "att.txt"):
		return "attachments"
	case strings.Contains(c.Path, "_security") || strings.Contains(c.Path, "_purged_infos") || strings.Contains(c.Path, "/queries") ||
		strings.Contains(c.Path, "_compact/") || strings.Contains(c.Path, "_view_cleanup") || strings.Contains(c.Path, "_local/weird/") ||
		strings.Contains(c.Path, "feed=") || strings.Contains(c.Path, "seq_interval") || strings.Contains(c.Path, "_design_docs") ||
		c.Method == "HEAD" || c.Method == "COPY" || c.RespText != nil || c.Resp == nil:
		return "the server's"
	case strings.Contains(c.Path, "filter=") && !strings.Contains(c.Path, "filter=_doc_ids"):
		return "filters"
	case strings.Contains(string(c.Req), "all_or_nothing"):
		return "all_or_nothing is refused by the server"
	case strings.HasSuffix(c.Path, "/_bulk_get") && !strings.Contains(string(c.Req), `"id":"`),
		strings.HasSuffix(c.Path, "/_bulk_get") && strings.Contains(string(c.Resp), "Invalid rev format"),
		c.Status >= 400 && (c.Req == nil || c.Req[0] != '{') && c.ReqText != nil:
		return "the form of the request"
	case c.Status == 500:
		return "CouchDB's own defects"
	}
	return ""
}

// TestGoldenNormalWrites and its siblings send the recorded requests, which a small translation turns into calls of the adapter.
func TestGoldenNormalWrites(t *testing.T) {
	t.Parallel()
	replay(t, "newedits.json", 480)
}

func TestGoldenListings(t *testing.T) {
	t.Parallel()
	replay(t, "alldocs_changes.json", 280)
}

func replay(t *testing.T, file string, atLeast int) {
	var recorded struct{ Cases []goldenCase }
	golden.Load(t, file, &recorded)
	var session *replaySession
	group, checked := "", 0
	for i := range recorded.Cases {
		c := &recorded.Cases[i]
		if c.Group == "partitioned" {
			continue // partitioned databases are the server's, if at all
		}
		if c.Group != group {
			group = c.Group
			session = newReplaySession(t)
		}
		if _, deviates := notFollowed[file][c.N]; deviates {
			continue
		}
		if outOfScope(c) != "" {
			session.imitate(c)
			continue
		}
		checked++
		session.compare(c)
	}
	assert.GreaterOrEqual(t, checked, atLeast, "cases compared")
}

type replaySession struct {
	t    *testing.T
	ctx  context.Context
	db   *docstore.DB
	seqs []string // of the rows of all changes feeds so far
	last string   // last_seq of the first of them
}

func newReplaySession(t *testing.T) *replaySession {
	db, err := memory.Open(t.Context(), "golden")
	require.NoError(t, err)
	t.Cleanup(func() {
		report, err := db.Check(context.Background())
		require.NoError(t, err)
		require.Empty(t, report.Problems)
	})
	return &replaySession{t: t, ctx: t.Context(), db: db}
}

var (
	volatileSeq  = regexp.MustCompile(`"(\d+)-<seq>"`)
	volatileInfo = []string{"instance_start_time", "db_name", "sizes", "props", "disk_format_version", "compact_running", "cluster"}
	attachments  = regexp.MustCompile(`,"_attachments":\{"a.bin":\{[^}]*\}\}`)
)

// The one document of the listings that has an attachment is written without, and so gets another revision.
const (
	withAttachment    = "1-d26db92019b8a76df62122a933932fb5"
	withoutAttachment = "1-967a00dff5e02add41819138abb3284d"
)

func (s *replaySession) compare(c *goldenCase) {
	s.t.Helper()
	status, got := s.send(c)
	want := volatileSeq.ReplaceAllString(string(c.Resp), "$1")
	want = strings.ReplaceAll(attachments.ReplaceAllString(want, ""), withAttachment, withoutAttachment)
	name := strconv.Itoa(c.N) + " " + c.Group + ": " + c.Method + " " + c.Path + " " + string(c.Req)
	if c.Status >= 400 {
		assert.Equal(s.t, c.Status, status, "%s answered %s", name, got)
		if status >= 400 && c.Resp[0] == '{' {
			var wanted, found struct{ Error string }
			require.NoError(s.t, json.Unmarshal(c.Resp, &wanted))
			require.NoError(s.t, json.Unmarshal(got, &found))
			assert.Equal(s.t, wanted.Error, found.Error, name)
		}
		return
	}
	if !assert.Less(s.t, status, 400, "%s answered %s", name, got) {
		return
	}
	assert.JSONEq(s.t, normalise(s.t, want), normalise(s.t, string(got)), name)
}

// normalise removes what is volatile and where the printed shape is the server's business.
func normalise(t *testing.T, text string) string {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var value any
	require.NoError(t, decoder.Decode(&value), text)
	if object, ok := value.(map[string]any); ok {
		for _, name := range volatileInfo {
			delete(object, name)
		}
		for _, name := range []string{"total_rows", "offset"} {
			if object[name] == nil {
				delete(object, name)
			}
		}
		if object["purge_seq"] == nil {
			delete(object, "purge_seq")
		}
		// Ids that CouchDB made up sort elsewhere.
		if rows, ok := object["rows"].([]any); ok {
			kept := []any{}
			for _, row := range rows {
				id, _ := row.(map[string]any)["id"].(string)
				if id == "<uuid>" || len(id) == 32 {
					continue
				}
				kept = append(kept, row)
			}
			object["rows"] = kept
		}
	}
	out, err := json.Marshal(value)
	require.NoError(t, err)
	return string(out)
}

// imitate does what requests that are out of scope do to sequences and counts, so that what follows can be compared.
func (s *replaySession) imitate(c *goldenCase) {
	docID, _ := s.target(c)
	switch {
	case c.Method == "PUT" && docID == "withatt":
		_, err := core.Put(s.ctx, s.db, &core.Document{ID: docID, Body: core.EmptyBody})
		require.NoError(s.t, err)
	case c.Method == "COPY":
		doc, err := s.db.Get(s.ctx, docID, core.GetOptions{})
		require.NoError(s.t, err)
		_, err = core.Put(s.ctx, s.db, &core.Document{ID: "frombd", Body: doc.Body})
		require.NoError(s.t, err)
	case c.Method == "PUT" && docID == "_security":
		require.NoError(s.t, s.db.SetRevsLimit(s.ctx, 1000)) // takes a sequence, too
	}
}

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
	return bytes.NewBuffer(regexp.MustCompile(`"(purge_seq|update_seq)":"(\d+)"`).ReplaceAll(text, []byte(`"$1":$2`))).Bytes(), err
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
	if s.db != nil && summary.Offset >= 0 {
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
	if query.Get("filter") == "_doc_ids" {
		docIDs := []byte(query.Get("doc_ids"))
		if len(text) > 0 {
			docIDs = rawjson.Member(text, "doc_ids")
		}
		options.DocIDs, _ = rawjson.Texts(docIDs)
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
