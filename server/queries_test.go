package server_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/server"
)

// queried is a database whose queries are answered by a test.
type queried struct {
	core.Adapter
	core.Finder
	view func(options core.ViewOptions, each func(*core.ViewRow) error) (core.ViewSummary, error)
}

func (q *queried) View(_ context.Context, designDoc, view string, options core.ViewOptions, each func(*core.ViewRow) error) (core.ViewSummary, error) {
	if designDoc != "_design/d" || view != "v" {
		return core.ViewSummary{}, core.ErrMissing.Because("missing_named_view")
	}
	return q.view(options, each)
}

func (q *queried) ViewInfo(_ context.Context, designDoc string) ([]byte, error) {
	return []byte(`{"name":"` + strings.TrimPrefix(designDoc, core.DesignPrefix) + `","view_index":{}}`), nil
}

func (q *queried) ViewCleanup(context.Context) error { return nil }

// startQueried runs a server whose only database answers queries by q.
func startQueried(t *testing.T, q *queried) *testServer {
	s := start(t, server.Options{Databases: server.Memory(func(ctx context.Context, name string) (core.Adapter, error) {
		adapter, err := openMemory(ctx, name)
		q.Adapter = adapter
		return q, err
	})})
	s.ok(t, "PUT", "/db", "")
	return s
}

func TestViewOptions(t *testing.T) {
	t.Parallel()
	var got core.ViewOptions
	s := startQueried(t, &queried{view: func(options core.ViewOptions, _ func(*core.ViewRow) error) (core.ViewSummary, error) {
		got = options
		return core.ViewSummary{}, nil
	}})
	yes, no := true, false
	one, two := []byte("1"), []byte("[2]")
	for _, test := range []struct {
		query, body string
		want        core.ViewOptions
	}{
		{"", "", core.ViewOptions{}},
		{"startkey=1&end_key=[2]&inclusive_end=false&descending=true", "", core.ViewOptions{StartKey: one, EndKey: two, ExclusiveEnd: true, Descending: true}},
		{"key=1&endkey=%5B2%5D", "", core.ViewOptions{StartKey: one, EndKey: two}},
		{"startkey_docid=a&end_key_doc_id=%22b%22", "", core.ViewOptions{StartKeyDocID: "a", EndKeyDocID: `"b"`}},
		{"", `{"startkey_docid":"a","endkey_docid":"b"}`, core.ViewOptions{StartKeyDocID: "a", EndKeyDocID: "b"}},
		{"keys=[1,[2]]", "", core.ViewOptions{Keys: [][]byte{one, two}}},
		{"keys=[1]", "", core.ViewOptions{StartKey: one, EndKey: one}},
		{"", `{"keys":[1]}`, core.ViewOptions{Keys: [][]byte{one}}},
		{"", `{"keys":[]}`, core.ViewOptions{Keys: [][]byte{}}},
		{"limit=0&skip=3", "", core.ViewOptions{Limit: core.NoRows, Skip: 3}},
		{"limit=7", `{"limit":8}`, core.ViewOptions{Limit: 8}},
		{"reduce=false&include_docs=true&conflicts=true&attachments=true", "", core.ViewOptions{Reduce: &no, IncludeDocs: true, Conflicts: true, Attachments: true}},
		{"reduce=true&group=true&group_level=2", "", core.ViewOptions{Reduce: &yes, GroupLevel: 2}},
		{"group_level=2&group=true", "", core.ViewOptions{Group: true}},
		{"update_seq=true&update=lazy", "", core.ViewOptions{UpdateSeq: true, Update: core.UpdateAfter}},
		{"stale=ok", "", core.ViewOptions{Update: core.UpdateNever}},
		{"stale=update_after", "", core.ViewOptions{Update: core.UpdateAfter}},
		{"update=false", `{"update":"true"}`, core.ViewOptions{}},
		{"unknown=x&sorted=false&stable=true", "", core.ViewOptions{}},
	} {
		method := "GET"
		if test.body != "" {
			method = "POST"
		}
		got = core.ViewOptions{}
		s.ok(t, method, "/db/_design/d/_view/v?"+test.query, test.body)
		assert.Equal(t, test.want, got, "%s %s", test.query, test.body)
	}
}

func TestViewRequests(t *testing.T) {
	t.Parallel()
	s := startQueried(t, &queried{view: func(options core.ViewOptions, each func(*core.ViewRow) error) (core.ViewSummary, error) {
		if options.Group {
			return core.ViewSummary{Reduced: true}, each(&core.ViewRow{Key: []byte("null"), Value: []byte("5")})
		}
		summary := core.ViewSummary{TotalRows: 3, Offset: 1}
		if options.UpdateSeq {
			summary.UpdateSeq = "7"
		}
		return summary, each(&core.ViewRow{ID: "a", Key: []byte(`"k"`), Value: []byte("1"), Doc: &core.Document{ID: "b", Body: []byte("{}")}})
	}})
	for _, test := range []struct {
		method, path, body string
		status             int
		answer             string
	}{
		{"GET", "/db/_design/d/_view/v", "", 200, `{"rows":[{"id":"a","key":"k","value":1}],"total_rows":3,"offset":1}`},
		{"HEAD", "/db/_design/d/_view/v", "", 200, ``},
		{"GET", "/db/_design/d/_view/v?include_docs=true", "", 200, `{"rows":[{"id":"a","key":"k","value":1,"doc":{"_id":"b"}}],"total_rows":3,"offset":1}`},
		{"POST", "/db/_design/d/_view/v", `{"group":true}`, 200, `{"rows":[{"key":null,"value":5}]}`},
		{"POST", "/db/_design/d/_view/v/queries?update_seq=true", `{"queries":[{"group":true},{}]}`, 200,
			`{"results":[{"rows":[{"key":null,"value":5}]},{"rows":[{"id":"a","key":"k","value":1}],"total_rows":3,"offset":1,"update_seq":"7-`},
		{"GET", "/db/_design/d/_view/v/queries", "", 405, "Only POST allowed"},
		{"DELETE", "/db/_design/d/_view/v", "", 405, "Only GET,POST,HEAD allowed"},
		{"GET", "/db/_design/d/_view/nope", "", 404, "missing_named_view"},
		{"GET", "/db/_design/d/_view/v/x/y", "", 405, ""},
		{"POST", "/db/_design/d/_view/v", `{"queries":[]}`, 400, "no longer supported"},
		{"POST", "/db/_design/d/_view/v/queries", `{"queries":[5]}`, 400, "must be a JSON object"},
		{"POST", "/db/_design/d/_view/v/queries", `{"queries":[{"limit":-1}]}`, 400, "query_parse_error"},
		{"GET", "/db/_design/d/_view/v?stale=x", "", 400, "Invalid value for `stale`."},
		{"GET", "/db/_design/d/_info", "", 200, `{"name":"d","view_index":{}}`},
		{"GET", "/db/_design/d/_show/x", "", 501, "not_implemented"},
		{"POST", "/db/_view_cleanup", "{}", 202, `{"ok":true}`},
	} {
		response, text := s.do(t, call{method: test.method, path: test.path, body: test.body})
		assert.Equal(t, test.status, response.StatusCode, "%s %s %s", test.method, test.path, text)
		assert.Contains(t, text, test.answer, "%s %s", test.method, test.path)
	}
}

// Rows leave as they are read; a failure among them cannot look like the end.
func TestViewRowsAreStreamed(t *testing.T) {
	t.Parallel()
	more := make(chan struct{})
	s := startQueried(t, &queried{view: func(_ core.ViewOptions, each func(*core.ViewRow) error) (core.ViewSummary, error) {
		row := &core.ViewRow{ID: "a", Key: []byte("1"), Value: []byte(`"` + strings.Repeat("x", 100<<10) + `"`)}
		for range 3 {
			if err := each(row); err != nil {
				return core.ViewSummary{}, err
			}
		}
		<-more
		return core.ViewSummary{}, core.ErrInternal
	}})
	response := s.open(t, call{path: "/db/_design/d/_view/v"})
	defer func() { _ = response.Body.Close() }()
	first := make([]byte, 100)
	_, err := io.ReadFull(response.Body, first)
	require.NoError(t, err, "rows come before the view has been read")
	close(more)
	_, err = io.ReadAll(response.Body)
	assert.Error(t, err, "the connection is cut")
}

// found answers finds in a test.
type found struct {
	requests []string
	indexes  []core.IndexDescription
}

func (f *found) Find(_ context.Context, request []byte, each func([]byte) error) (core.FindSummary, error) {
	f.requests = append(f.requests, string(request))
	if strings.Contains(string(request), "bad") {
		return core.FindSummary{}, core.NewError(400, "invalid_operator", "Invalid operator: $bad")
	}
	for _, doc := range []string{`{"_id":"a"}`, `{"_id":"b"}`} {
		if err := each([]byte(doc)); err != nil {
			return core.FindSummary{}, err
		}
	}
	stats := &core.ExecutionStats{KeysExamined: 1, DocsExamined: 2, ResultsReturned: 3, Time: 1500 * time.Microsecond}
	return core.FindSummary{Bookmark: "m", Warning: "w", Stats: stats}, nil
}

func (f *found) Explain(context.Context, []byte) ([]byte, error) {
	return []byte(`{"dbname":"/var/db","limit":25}`), nil
}

func (f *found) CreateIndex(context.Context, []byte) (core.CreatedIndex, error) {
	return core.CreatedIndex{ID: "_design/x", Name: "n", Existed: true}, nil
}

func (f *found) Indexes(context.Context) ([]core.IndexDescription, error) { return f.indexes, nil }

func (f *found) DeleteIndex(_ context.Context, designDoc, name string) error {
	for i, index := range f.indexes {
		if index.DesignDoc != "" && strings.TrimPrefix(index.DesignDoc, "_design/") == strings.TrimPrefix(designDoc, "_design/") && index.Name == name {
			f.indexes = append(f.indexes[:i:i], f.indexes[i+1:]...)
			return nil
		}
	}
	return core.ErrMissing
}

func TestFindRequests(t *testing.T) {
	t.Parallel()
	index := func(designDoc, name string) core.IndexDescription {
		return core.IndexDescription{DesignDoc: designDoc, Name: name, Type: "json", Definition: []byte(`{"fields":[]}`)}
	}
	f := &found{indexes: []core.IndexDescription{{Name: "_all_docs", Type: "special", Definition: []byte(`{}`)},
		index("_design/a", "one"), index("_design/a", "two"), index("_design/b", "three"), index("_design/c", "four"), index("_design/c", "five")}}
	s := startQueried(t, &queried{Finder: f})
	for _, test := range []struct {
		method, path, body string
		status             int
		answer             string
	}{
		{"POST", "/db/_find", `{"selector":{}}`, 200, `{"docs":[{"_id":"a"},{"_id":"b"}],"bookmark":"m","execution_stats":{"total_keys_examined":1,` +
			`"total_docs_examined":2,"total_quorum_docs_examined":0,"results_returned":3,"execution_time_ms":1.5},"warning":"w"}`},
		{"POST", "/db/_find", `{"selector":{"a":{"$bad":1}}}`, 400, `{"error":"invalid_operator","reason":"Invalid operator: $bad"}`},
		{"POST", "/db/_find", ``, 400, "invalid UTF-8 JSON"},
		{"POST", "/db/_find", `[]`, 400, "Request body must be a JSON object"},
		{"GET", "/db/_find", ``, 405, "Only POST allowed"},
		{"POST", "/db/_explain", `{}`, 200, `{"dbname":"db","limit":25}`},
		{"POST", "/db/_index", `{}`, 200, `{"result":"exists","id":"_design/x","name":"n"}`},
		{"GET", "/db/_index?limit=2", "", 200, `{"total_rows":6,"indexes":[{"ddoc":null,"name":"_all_docs","type":"special","def":{}},` +
			`{"ddoc":"_design/a","name":"one","type":"json","partitioned":false,"def":{"fields":[]}}]}`},
		{"GET", "/db/_index?skip=9&limit=2", "", 200, `{"total_rows":6,"indexes":[]}`},
		{"GET", "/db/_index?limit=0", "", 400, "invalid_list_index_params"},
		{"PUT", "/db/_index", "{}", 405, "Only GET,POST allowed"},
		{"DELETE", "/db/_index/a/json/one", "", 200, `{"ok":true}`},
		{"DELETE", "/db/_index/a/json/one", "", 404, "missing"},
		{"DELETE", "/db/_index/_design/a/json/two", "", 200, `{"ok":true}`},
		{"DELETE", "/db/_index/_design%2Fb/json/three", "", 200, `{"ok":true}`},
		{"DELETE", "/db/_index/c/text/four", "", 404, "missing"},
		{"DELETE", "/db/_index/c", "", 404, "missing"},
		{"GET", "/db/_index/c/json/four", "", 405, "Only DELETE allowed"},
		{"POST", "/db/_index/_bulk_delete", `{"docids":["_design/c","nope"]}`, 200,
			`{"success":[{"id":"_design/c","ok":true}],"fail":[{"id":"nope","error":"not_found"}]}`},
		{"POST", "/db/_index/_bulk_delete", `{}`, 400, "missing_required_key"},
		{"GET", "/db/_index", "", 200, `{"total_rows":1,"indexes":[{"ddoc":null`},
	} {
		response, text := s.do(t, call{method: test.method, path: test.path, body: test.body})
		assert.Equal(t, test.status, response.StatusCode, "%s %s %s", test.method, test.path, text)
		assert.Contains(t, text, test.answer, "%s %s", test.method, test.path)
	}
	assert.Equal(t, `{"selector":{}}`, f.requests[0])
	response, text := s.do(t, call{method: "POST", path: "/db/_find", body: `{}`, header: map[string]string{"Content-Type": "text/plain"}})
	assert.Equal(t, http.StatusUnsupportedMediaType, response.StatusCode, text)
}

// Indexes are design documents: members may query, administrators may change them.
func TestIndexesAreForAdministrators(t *testing.T) {
	t.Parallel()
	s := startQueried(t, &queried{Finder: &found{}})
	s.ok(t, "PUT", "/db/_security", `{}`)
	for path, status := range map[string]int{"POST /db/_find": 200, "POST /db/_index": 401, "POST /db/_index/_bulk_delete": 401, "DELETE /db/_index/a/json/b": 401} {
		method, path, _ := strings.Cut(path, " ")
		response, text := s.do(t, call{method: method, path: path, body: `{"docids":[]}`, auth: "none"})
		assert.Equal(t, status, response.StatusCode, "%s: %s", path, text)
	}
}

// A database that cannot answer queries says so.
func TestQueriesOfASimpleDatabase(t *testing.T) {
	t.Parallel()
	type simple struct{ core.Adapter }
	s := start(t, server.Options{Databases: server.Memory(func(ctx context.Context, name string) (core.Adapter, error) {
		adapter, err := openMemory(ctx, name)
		return simple{adapter}, err
	})})
	s.ok(t, "PUT", "/db", "")
	for _, path := range []string{"POST /db/_find", "POST /db/_explain", "POST /db/_index", "GET /db/_index", "DELETE /db/_index/a/json/b", "GET /db/_design/d/_view/v",
		"POST /db/_design/d/_view/v", "POST /db/_design/d/_view/v/queries", "GET /db/_design/d/_info"} {
		method, path, _ := strings.Cut(path, " ")
		response, text := s.do(t, call{method: method, path: path, body: `{}`})
		assert.Equal(t, http.StatusNotImplemented, response.StatusCode, "%s: %s", path, text)
		assert.Contains(t, text, "this database does not answer", path)
	}
}
