package fetchhttp

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
)

func text(s string) *string { return &s }

// TestRequests checks each request to the letter, and that CouchDB was recorded granting one of that form. The recorded answer is what the call then
// has to cope with.
func TestRequests(t *testing.T) {
	t.Parallel()
	const httpFile, listings = "http.json", "alldocs_changes.json"
	const pullLive, pullFresh = "replication/pouchdb_pull_live.json", "replication/pouchdb_pull_fresh.json"
	const pushFresh = "replication/pouchdb_push_fresh.json"
	const rev1, rev2 = "1-64a78b46f2db6114c4de4ae9480f0d1e", "2-0e897126346a270422aab2a5dfc2068d"
	changes := func(options core.ChangesOptions) func(context.Context, *DB) error {
		return func(ctx context.Context, db *DB) error {
			_, _, err := core.ListChanges(ctx, db, options)
			return err
		}
	}
	allDocs := func(options core.AllDocsOptions) func(context.Context, *DB) error {
		return func(ctx context.Context, db *DB) error {
			_, _, err := core.ListAllDocs(ctx, db, options)
			return err
		}
	}
	get := func(docID string, options core.GetOptions) func(context.Context, *DB) error {
		return func(ctx context.Context, db *DB) error {
			_, err := db.Get(ctx, docID, options)
			return err
		}
	}
	for _, test := range []struct {
		name    string
		do      func(context.Context, *DB) error
		request string // method and what follows the origin
		body    string
		file    string // where CouchDB was recorded granting the same
	}{
		{"info", func(ctx context.Context, db *DB) error { _, err := db.Info(ctx); return err }, "GET /notes", "", httpFile},
		{"create", func(ctx context.Context, db *DB) error { return db.create(ctx) }, "PUT /notes", "", "replication/couchdb_push_create_target.json"},
		{"destroy", func(ctx context.Context, db *DB) error { return db.Destroy(ctx) }, "DELETE /notes", "", httpFile},

		{"get", get("a", core.GetOptions{}), "GET /notes/a", "", httpFile},
		{"get a revision", get("a", core.GetOptions{Rev: rev(t, rev1)}), "GET /notes/a?rev=" + rev1, "", httpFile},
		{"get the latest", get("a", core.GetOptions{Rev: rev(t, rev1), Latest: true}), "GET /notes/a?rev=" + rev1 + "&latest=true", "", httpFile},
		{"latest alone means nothing", get("a", core.GetOptions{Latest: true}), "GET /notes/a", "", httpFile},
		{"get with revisions", get("a", core.GetOptions{Revs: true}), "GET /notes/a?revs=true", "", httpFile},
		{"get with revs_info", get("a", core.GetOptions{RevsInfo: true}), "GET /notes/a?revs_info=true", "", httpFile},
		{"get with conflicts", get("a", core.GetOptions{Conflicts: true}), "GET /notes/a?conflicts=true", "", httpFile},
		{"get with deleted conflicts", get("a", core.GetOptions{DeletedConflicts: true}), "GET /notes/a?deleted_conflicts=true", "", httpFile},
		{"get with local_seq", get("a", core.GetOptions{LocalSeq: true}), "GET /notes/a?local_seq=true", "", httpFile},
		{"get a design document", get("_design/one", core.GetOptions{}), "GET /notes/_design/one", "", httpFile},
		{"get a local document", get("_local/bl", core.GetOptions{}), "GET /notes/_local/bl", "", httpFile},

		{"open revs", func(ctx context.Context, db *DB) error {
			_, err := db.OpenRevs(ctx, "d", core.OpenRevsOptions{All: true})
			return err
		}, "GET /notes/d?open_revs=all", "", httpFile},

		{"bulk get", func(ctx context.Context, db *DB) error {
			_, err := db.BulkGet(ctx, []core.DocRev{{ID: "conf", Rev: rev(t, "1-a")}, {ID: "apple"}}, core.BulkGetOptions{Revs: true, Latest: true})
			return err
		}, "POST /notes/_bulk_get?revs=true&latest=true", `{"docs":[{"id":"conf","rev":"1-a"},{"id":"apple"}]}`, pullFresh},
		{"bulk get, plain", func(ctx context.Context, db *DB) error {
			_, err := db.BulkGet(ctx, []core.DocRev{{ID: "apple"}}, core.BulkGetOptions{})
			return err
		}, "POST /notes/_bulk_get", `{"docs":[{"id":"apple"}]}`, listings},

		{"all docs", allDocs(core.AllDocsOptions{}), "GET /notes/_all_docs", "", listings},
		{"all docs, range", allDocs(core.AllDocsOptions{StartKey: text("a"), EndKey: text("d")}), "GET /notes/_all_docs?startkey=%22a%22&endkey=%22d%22", "", listings},
		{"all docs, half open", allDocs(core.AllDocsOptions{StartKey: text("Éclair"), EndKey: text("Éclair"), ExclusiveEnd: true}),
			"GET /notes/_all_docs?startkey=%22%C3%89clair%22&endkey=%22%C3%89clair%22&inclusive_end=false", "", listings},
		{"all docs, page", allDocs(core.AllDocsOptions{Skip: 3, Limit: 3}), "GET /notes/_all_docs?limit=3&skip=3", "", listings},
		{"all docs, no rows", allDocs(core.AllDocsOptions{Limit: core.NoRows, UpdateSeq: true}), "GET /notes/_all_docs?limit=0&update_seq=true", "", listings},
		{"all docs, backwards", allDocs(core.AllDocsOptions{Descending: true, Limit: 3, Skip: 1}), "GET /notes/_all_docs?descending=true&limit=3&skip=1", "", listings},
		{"all docs, documents", allDocs(core.AllDocsOptions{IncludeDocs: true, Conflicts: true}), "GET /notes/_all_docs?include_docs=true&conflicts=true", "", listings},
		{"conflicts alone mean nothing", allDocs(core.AllDocsOptions{Conflicts: true}), "GET /notes/_all_docs", "", listings},
		{"all docs, keys", allDocs(core.AllDocsOptions{Keys: []string{"ü", "b"}}), "POST /notes/_all_docs", `{"keys":["ü","b"]}`, listings},
		{"all docs, keys with documents", allDocs(core.AllDocsOptions{Keys: []string{"z"}, IncludeDocs: true}), "POST /notes/_all_docs?include_docs=true", `{"keys":["z"]}`, listings},

		{"changes", changes(core.ChangesOptions{}), "GET /notes/_changes", "", listings},
		{"changes, leaves", changes(core.ChangesOptions{AllLeaves: true}), "GET /notes/_changes?style=all_docs", "", listings},
		{"changes, backwards", changes(core.ChangesOptions{Descending: true, Limit: 3}), "GET /notes/_changes?descending=true&limit=3", "", listings},
		{"changes, documents", changes(core.ChangesOptions{IncludeDocs: true, Conflicts: true}), "GET /notes/_changes?include_docs=true&conflicts=true", "", listings},
		{"changes, no rows", changes(core.ChangesOptions{Limit: core.NoRows}), "GET /notes/_changes?limit=0", "", listings},
		{"changes, no rows to wait for", changes(core.ChangesOptions{Limit: core.NoRows, Wait: time.Minute}), "GET /notes/_changes?limit=0", "", listings},
		{"changes, now", changes(core.ChangesOptions{Since: core.Now}), "GET /notes/_changes?since=now", "", listings},
		{"changes, interval", changes(core.ChangesOptions{SeqInterval: 2, Limit: 3}), "GET /notes/_changes?limit=3&seq_interval=2", "", listings},
		{"changes, page", changes(core.ChangesOptions{AllLeaves: true, Since: "6-<seq>", Limit: 50}), "GET /notes/_changes?style=all_docs&since=6-%3Cseq%3E&limit=50", "", pullLive},
		{"changes, ids", changes(core.ChangesOptions{DocIDs: []string{"f1", "f2"}}), "POST /notes/_changes?filter=_doc_ids", `{"doc_ids":["f1","f2"]}`, httpFile},
		{"changes, no ids", changes(core.ChangesOptions{DocIDs: []string{}}), "POST /notes/_changes?filter=_doc_ids", `{"doc_ids":[]}`, httpFile},
		{"changes, selector", changes(core.ChangesOptions{Filter: core.ChangesFilter{Selector: []byte(`{"n":{"$gt":2}}`)}}), "POST /notes/_changes?filter=_selector", `{"selector":{"n":{"$gt":2}}}`, httpFile},
		{"changes, design documents", changes(core.ChangesOptions{Filter: core.ChangesFilter{DesignDocs: true}}), "GET /notes/_changes?filter=_design", "", httpFile},
		{"changes, view", changes(core.ChangesOptions{Filter: core.ChangesFilter{View: "_design/flt/odd"}}), "GET /notes/_changes?filter=_view&view=flt%2Fodd", "", httpFile},
		{"changes, function", changes(core.ChangesOptions{Filter: core.ChangesFilter{DesignFilter: "flt/q", QueryParams: []byte(`{"min":5}`)}}),
			"GET /notes/_changes?min=5&filter=flt%2Fq", "", httpFile},
		{"changes, long poll", changes(core.ChangesOptions{AllLeaves: true, Since: "6-<seq>", Limit: 50, Wait: time.Minute}),
			"GET /notes/_changes?style=all_docs&since=6-%3Cseq%3E&limit=50&feed=longpoll&heartbeat=10000", "", pullLive},

		{"revs diff", func(ctx context.Context, db *DB) error {
			_, err := db.RevsDiff(ctx, []core.DocRevs{{ID: "d0", Revs: []core.Rev{rev(t, "1-a")}}, {ID: "d1", Revs: []core.Rev{rev(t, "2-b")}}, {ID: "d0", Revs: []core.Rev{rev(t, "2-c")}},
				{ID: "d2"}, {ID: "d3"}, {ID: "d4"}, {ID: "_design/dd"}})
			return err
		}, "POST /notes/_revs_diff", `{"d0":["1-a","2-c"],"d1":["2-b"],"d2":[],"d3":[],"d4":[],"_design/dd":[]}`, pushFresh},

		{"write replicated", func(ctx context.Context, db *DB) error {
			_, err := db.BulkDocs(ctx, []*core.Document{{ID: "a", Rev: rev(t, "2-b"), Body: []byte(`{"v":1}`), Conflicts: []core.Rev{rev(t, "1-x")}, LocalSeq: "7",
				Revisions: &core.Revisions{Start: 2, Hashes: []string{"b", "a"}}}}, core.BulkDocsOptions{Replicated: true})
			return err
		}, "POST /notes/_bulk_docs", `{"docs":[{"_id":"a","_rev":"2-b","v":1,"_revisions":{"start":2,"ids":["b","a"]}}],"new_edits":false}`, pushFresh},
		{"write a local document", func(ctx context.Context, db *DB) error {
			_, err := core.Put(ctx, db, &core.Document{ID: "_local/c0", Rev: rev(t, "0-1"), Body: []byte(`{"v":2}`)})
			return err
		}, "PUT /notes/_local/c0", `{"_id":"_local/c0","_rev":"0-1","v":2}`, listings},

		{"revs limit", func(ctx context.Context, db *DB) error { _, err := db.RevsLimit(ctx); return err }, "GET /notes/_revs_limit", "", httpFile},
		{"set revs limit", func(ctx context.Context, db *DB) error { return db.SetRevsLimit(ctx, 5) }, "PUT /notes/_revs_limit", "5", httpFile},
		{"compact", func(ctx context.Context, db *DB) error { return db.Compact(ctx) }, "POST /notes/_compact", "{}", httpFile},
		{"purge", func(ctx context.Context, db *DB) error {
			_, err := db.Purge(ctx, []core.DocRevs{{ID: "q", Revs: []core.Rev{rev(t, "2-c")}}})
			return err
		}, "POST /notes/_purge", `{"q":["2-c"]}`, listings},
		{"flush", func(ctx context.Context, db *DB) error { return db.Flush(ctx) }, "POST /notes/_ensure_full_commit", "{}", httpFile},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			records := recordings(t, test.file)
			server := &fakeServer{}
			server.answer = func(_ context.Context, n int, request *Request) (*Response, error) {
				for _, record := range records {
					if record.sameForm(t, request) && len(record.Resp) > 0 {
						return reply(record.Status, string(record.Resp)), nil
					}
				}
				return reply(200, `{"compact_running":false}`), nil
			}
			db := openFake(t, server, Options{User: "ada", Password: "secret"})
			require.NoError(t, test.do(t.Context(), db))
			request := server.requests[0]
			assert.Equal(t, test.request, request.Method+" "+strings.TrimPrefix(request.URL, "http://couch.example:5984"))
			assert.Equal(t, test.body, string(request.Body))
			assert.Equal(t, "application/json", request.Header["accept"])
			assert.Equal(t, "Basic YWRhOnNlY3JldA==", request.Header["authorization"])
			if request.Method != "GET" {
				assert.Equal(t, "application/json", request.Header["content-type"])
			}
			assert.False(t, request.Cookies)
			granted := false
			for _, record := range records {
				granted = granted || record.sameForm(t, request)
			}
			assert.True(t, granted, "no request of this form was recorded in %s", test.file)
		})
	}
}

// TestRecordedBodies sends the bodies that CouchDB was recorded accepting, value for value.
func TestRecordedBodies(t *testing.T) {
	t.Parallel()
	records := recordings(t, "alldocs_changes.json")
	tried := 0
	for _, record := range records {
		if record.Method != "POST" || record.Path != "/{db}/_all_docs" {
			continue
		}
		var body struct{ Keys []string }
		require.NoError(t, json.Unmarshal(record.Req, &body))
		server := always(200, string(record.Resp))
		rows, summary, err := core.ListAllDocs(t.Context(), openFake(t, server, Options{}), core.AllDocsOptions{Keys: body.Keys})
		require.NoError(t, err)
		assert.JSONEq(t, string(record.Req), string(server.requests[0].Body))
		require.Len(t, rows, len(body.Keys))
		assert.Equal(t, int64(-1), summary.Offset)
		for i, row := range rows {
			assert.Equal(t, body.Keys[i], row.Key)
			assert.Equal(t, row.Missing, row.Rev.IsZero())
		}
		tried++
	}
	assert.Greater(t, tried, 5)
}

func TestOpenRevsSplitsLongURLs(t *testing.T) {
	t.Parallel()
	var wanted []core.Rev
	for i := range 500 {
		wanted = append(wanted, core.Rev{Generation: uint64(500 - i), Hash: "0123456789abcdef"})
	}
	server := &fakeServer{answer: func(_ context.Context, n int, request *Request) (*Response, error) {
		require.Less(t, len(request.URL), 8000)
		_, list, _ := strings.Cut(request.URL, "open_revs=")
		list, ok := unescape(list)
		require.True(t, ok)
		var asked []string
		require.NoError(t, json.Unmarshal([]byte(list), &asked))
		var rows []string
		for i, text := range asked {
			if i%2 == 0 {
				rows = append(rows, `{"missing":"`+text+`"}`)
			} else {
				rows = append(rows, `{"ok":{"_id":"a","_rev":"`+text+`"}}`)
			}
		}
		return reply(200, "["+strings.Join(rows, ",")+"]"), nil
	}}
	revs, err := openFake(t, server, Options{}).OpenRevs(t.Context(), "a", core.OpenRevsOptions{Revs: wanted})
	require.NoError(t, err)
	assert.Greater(t, server.count(), 3)
	require.Len(t, revs, 500)
	for i := 1; i < len(revs); i++ {
		if (revs[i-1].Doc == nil) == (revs[i].Doc == nil) {
			assert.Negative(t, revs[i-1].Rev.Compare(revs[i].Rev))
		} else {
			assert.Nil(t, revs[i].Doc, "found ones come first")
		}
	}
}

func TestNothingToAsk(t *testing.T) {
	t.Parallel()
	db := openFake(t, script(t), Options{})
	results, err := db.BulkDocs(t.Context(), nil, core.BulkDocsOptions{})
	assert.NoError(t, err)
	assert.Empty(t, results)
	got, err := db.BulkGet(t.Context(), nil, core.BulkGetOptions{})
	assert.NoError(t, err)
	assert.Empty(t, got)
	diffs, err := db.RevsDiff(t.Context(), nil)
	assert.NoError(t, err)
	assert.Empty(t, diffs)
	revs, err := db.OpenRevs(t.Context(), "a", core.OpenRevsOptions{})
	assert.NoError(t, err)
	assert.Empty(t, revs)
	assert.ErrorIs(t, db.SetRevsLimit(t.Context(), 0), core.ErrBadRequest)
	_, err = db.Get(t.Context(), "_all_docs", core.GetOptions{})
	assert.ErrorIs(t, err, core.ErrMissing)
	_, err = db.Get(t.Context(), "", core.GetOptions{})
	assert.ErrorIs(t, err, core.ErrMissing)
}
