package fetchhttp

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
)

func TestViewRequests(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	long := []byte(`"` + strings.Repeat("x", 5000) + `"`)
	for _, test := range []struct {
		options       core.ViewOptions
		request, body string
	}{
		{core.ViewOptions{}, "GET /notes/_design/d/_view/v%2Fw", ""},
		{core.ViewOptions{StartKey: []byte(`["é"]`), EndKey: []byte("null"), StartKeyDocID: "a b", EndKeyDocID: "c", ExclusiveEnd: true, Descending: true, Skip: 2, Limit: 3},
			"GET /notes/_design/d/_view/v%2Fw?startkey=%5B%22%C3%A9%22%5D&endkey=null&startkey_docid=a%20b&endkey_docid=c&inclusive_end=false&descending=true&skip=2&limit=3", ""},
		{core.ViewOptions{Key: []byte("1"), Limit: core.NoRows, Reduce: &no, IncludeDocs: true, Conflicts: true, Attachments: true, UpdateSeq: true, Update: core.UpdateNever},
			"GET /notes/_design/d/_view/v%2Fw?update=false&key=1&limit=0&reduce=false&include_docs=true&conflicts=true&attachments=true&update_seq=true", ""},
		{core.ViewOptions{Reduce: &yes, Group: true, Update: core.UpdateAfter}, "GET /notes/_design/d/_view/v%2Fw?update=lazy&reduce=true&group=true", ""},
		{core.ViewOptions{GroupLevel: 2}, "GET /notes/_design/d/_view/v%2Fw?group_level=2", ""},
		{core.ViewOptions{Keys: [][]byte{[]byte("1"), []byte("[2]")}, StartKeyDocID: `"`, Update: core.UpdateAfter}, "POST /notes/_design/d/_view/v%2Fw?update=lazy", `{"keys":[1,[2]],"startkey_docid":"\""}`},
		{core.ViewOptions{Keys: [][]byte{}}, "POST /notes/_design/d/_view/v%2Fw", `{"keys":[]}`},
		{core.ViewOptions{StartKey: long}, "POST /notes/_design/d/_view/v%2Fw", `{"startkey":` + string(long) + `}`},
	} {
		for _, designDoc := range []string{"d", "_design/d"} {
			server := always(200, `{"total_rows":2,"offset":1,"rows":[{"id":"a","key":[1],"value":null,"doc":{"_id":"b","x":1}}],"update_seq":"7-x"}`)
			var rows []*core.ViewRow
			summary, err := openFake(t, server, Options{}).View(t.Context(), designDoc, "v/w", test.options, func(row *core.ViewRow) error {
				rows = append(rows, row)
				return nil
			})
			require.NoError(t, err)
			assert.Equal(t, test.request, server.requests[0].Method+" "+strings.TrimPrefix(server.requests[0].URL, "http://couch.example:5984"))
			assert.Equal(t, test.body, string(server.requests[0].Body))
			assert.Equal(t, core.ViewSummary{TotalRows: 2, Offset: 1, UpdateSeq: "7-x"}, summary)
			assert.Equal(t, []*core.ViewRow{{ID: "a", Key: []byte("[1]"), Value: []byte("null"), Doc: &core.Document{ID: "b", Body: []byte(`{"x":1}`)}}}, rows)
		}
	}
}

func TestViewAnswers(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		status int
		text   string
		want   error
	}{
		{404, `{"error":"not_found","reason":"missing_named_view"}`, core.ErrMissing},
		{400, `{"error":"query_parse_error","reason":"Invalid use of grouping on a map view."}`, core.ErrQueryParse},
		{200, `{"rows":[{"key":null,"error":"reduce_overflow_error","reason":"too much"}]}`, core.NewError(500, "reduce_overflow_error", "")},
		{200, `{"rows":[{"key":null}]}`, core.ErrNotCouchDB},
		{200, `{"total_rows":0}`, core.ErrNotCouchDB},
		{200, `{"rows":[{"id":"a","key":1,`, core.ErrUnreachable},
	} {
		_, err := openFake(t, always(test.status, test.text), Options{}).View(t.Context(), "d", "v", core.ViewOptions{}, func(*core.ViewRow) error { return nil })
		assert.ErrorIs(t, err, test.want, test.text)
	}
	summary, err := openFake(t, always(200, `{"rows":[{"key":null,"value":5}]}`), Options{}).View(t.Context(), "d", "v", core.ViewOptions{}, func(row *core.ViewRow) error {
		assert.Equal(t, &core.ViewRow{Key: []byte("null"), Value: []byte("5")}, row)
		return nil
	})
	require.NoError(t, err)
	assert.Equal(t, core.ViewSummary{Reduced: true}, summary)
	db := openFake(t, script(t), Options{})
	for _, name := range []string{"", "_design/", ".", ".."} {
		_, err := db.View(t.Context(), name, "v", core.ViewOptions{}, nil)
		assert.ErrorIs(t, err, core.ErrMissing, name)
		_, err = db.ViewInfo(t.Context(), name)
		assert.ErrorIs(t, err, core.ErrMissing, name)
		assert.ErrorIs(t, db.DeleteIndex(t.Context(), name, "x"), core.ErrMissing, name)
	}
	assert.ErrorIs(t, db.DeleteIndex(t.Context(), "d", ".."), core.ErrMissing)
}

func TestFindRequests(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		do                    func(context.Context, *DB) (any, error)
		answer, request, body string
		want                  any
	}{
		"find": {func(ctx context.Context, db *DB) (any, error) {
			found := ""
			summary, err := db.Find(ctx, []byte(`{"selector":{}}`), func(doc []byte) error { found += string(doc); return nil })
			if err == nil {
				assert.Equal(t, `{"_id":"a"}{"_id":"b"}`, found)
			}
			return summary, err
		}, `{"docs":[{"_id":"a"},{"_id":"b"}],"bookmark":"m","warning":"w","execution_stats":{"total_keys_examined":1,"total_docs_examined":2,"results_returned":3,"execution_time_ms":0.5}}`,
			"POST /notes/_find", `{"selector":{}}`,
			core.FindSummary{Bookmark: "m", Warning: "w", Stats: &core.ExecutionStats{KeysExamined: 1, DocsExamined: 2, ResultsReturned: 3, Time: 500 * time.Microsecond}}},
		"explain": {func(ctx context.Context, db *DB) (any, error) { return db.Explain(ctx, []byte(`{"selector":{}}`)) },
			`{"dbname":"notes"}`, "POST /notes/_explain", `{"selector":{}}`, []byte(`{"dbname":"notes"}`)},
		"create": {func(ctx context.Context, db *DB) (any, error) {
			return db.CreateIndex(ctx, []byte(`{"index":{"fields":["a"]}}`))
		},
			`{"result":"created","id":"_design/x","name":"n"}`, "POST /notes/_index", `{"index":{"fields":["a"]}}`, core.CreatedIndex{ID: "_design/x", Name: "n"}},
		"list": {func(ctx context.Context, db *DB) (any, error) { return db.Indexes(ctx) },
			`{"total_rows":1,"indexes":[{"ddoc":null,"name":"_all_docs","type":"special","def":{"fields":[{"_id":"asc"}]}}]}`, "GET /notes/_index", "",
			[]core.IndexDescription{{Name: "_all_docs", Type: "special", Definition: []byte(`{"fields":[{"_id":"asc"}]}`)}}},
		"delete":  {func(ctx context.Context, db *DB) (any, error) { return nil, db.DeleteIndex(ctx, "_design/a/b", "ü") }, `{"ok":true}`, "DELETE /notes/_index/_design%2Fa%2Fb/json/%C3%BC", "", nil},
		"info":    {func(ctx context.Context, db *DB) (any, error) { return db.ViewInfo(ctx, "d") }, `{"name":"d"}`, "GET /notes/_design/d/_info", "", []byte(`{"name":"d"}`)},
		"cleanup": {func(ctx context.Context, db *DB) (any, error) { return nil, db.ViewCleanup(ctx) }, `{"ok":true}`, "POST /notes/_view_cleanup", "{}", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := always(200, test.answer)
			got, err := test.do(t.Context(), openFake(t, server, Options{}))
			require.NoError(t, err)
			assert.Equal(t, test.want, got)
			assert.Equal(t, test.request, server.requests[0].Method+" "+strings.TrimPrefix(server.requests[0].URL, "http://couch.example:5984"))
			assert.Equal(t, test.body, string(server.requests[0].Body))
			_, err = test.do(t.Context(), openFake(t, always(200, `{"cut`), Options{}))
			assert.Error(t, err)
		})
	}
}

func TestServersWithoutQueries(t *testing.T) {
	t.Parallel()
	db := openFake(t, always(404, `{"error":"not_found","reason":"missing"}`), Options{})
	_, err := db.Find(t.Context(), []byte(`{}`), nil)
	assert.ErrorIs(t, err, core.ErrNotImplemented)
	_, err = db.Explain(t.Context(), []byte(`{}`))
	assert.ErrorIs(t, err, core.ErrNotImplemented)
	_, err = db.CreateIndex(t.Context(), []byte(`{}`))
	assert.ErrorIs(t, err, core.ErrNotImplemented)
	_, err = db.Indexes(t.Context())
	assert.ErrorIs(t, err, core.ErrNotImplemented)
	assert.ErrorIs(t, db.ViewCleanup(t.Context()), core.ErrNotImplemented)
	assert.ErrorIs(t, db.DeleteIndex(t.Context(), "d", "n"), core.ErrMissing)
	none := openFake(t, always(404, `{"error":"not_found","reason":"Database does not exist."}`), Options{})
	_, err = none.Find(t.Context(), []byte(`{}`), nil)
	assert.ErrorIs(t, err, core.ErrNoDatabase)
}
