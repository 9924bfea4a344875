package fetchhttp

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
)

func TestBulkGetFallsBackOnlyWhereThereIsNone(t *testing.T) {
	t.Parallel()
	request := []core.DocRev{{ID: "a", Rev: rev(t, "1-a")}}
	const found = `{"results":[{"id":"a","docs":[{"ok":{"_id":"a","_rev":"1-a"}}]}]}`
	for name, test := range map[string]struct {
		status   int
		body     string
		known    bool // the server has answered one before
		fallback bool
	}{
		"404":                     {404, `{"error":"not_found","reason":"missing"}`, false, true},
		"404, known":              {404, `{"error":"not_found","reason":"missing"}`, true, true},
		"405":                     {405, `{"error":"method_not_allowed","reason":"Only GET allowed"}`, false, true},
		"501":                     {501, `{"error":"not_implemented","reason":""}`, false, true},
		"400 on the first call":   {400, `{"error":"bad_request","reason":"only_multipart_accepted"}`, false, true},
		"400 later":               {400, `{"error":"bad_request","reason":"x"}`, true, false},
		"no database":             {404, `{"error":"not_found","reason":"Database does not exist."}`, false, false},
		"500":                     {500, `{"error":"unknown_error","reason":"function_clause"}`, false, false},
		"503":                     {503, "<html>", false, false},
		"413":                     {413, "<html>", false, false},
		"429":                     {429, `{"error":"too_many_requests","reason":""}`, false, false},
		"401":                     {401, notAuthorized, false, false},
		"a proxy's 405":           {405, "<html>", false, true},
		"a page instead of a 404": {404, "<html>", false, false},
		"not JSON at all":         {200, "<html>", false, false},
	} {
		server := &fakeServer{}
		bulkGets := 0
		server.answer = func(_ context.Context, n int, request *Request) (*Response, error) {
			if !strings.HasSuffix(request.URL, "/_bulk_get") {
				return reply(200, `[{"ok":{"_id":"a","_rev":"1-a"}}]`), nil
			}
			bulkGets++
			if test.known && bulkGets == 1 {
				return reply(200, found), nil
			}
			return reply(test.status, test.body), nil
		}
		db := openFake(t, server, Options{})
		if test.known {
			_, err := db.BulkGet(t.Context(), request, core.BulkGetOptions{})
			require.NoError(t, err)
		}
		for range 2 {
			results, err := db.BulkGet(t.Context(), request, core.BulkGetOptions{})
			if !test.fallback {
				require.Error(t, err, name)
				continue
			}
			require.NoError(t, err, name)
			require.Len(t, results, 1)
			assert.Equal(t, "a", results[0].Docs[0].Doc.ID)
		}
		tries := 2 // a failure that says nothing about the next is followed by another try
		if test.fallback {
			tries = 1
		}
		if test.known {
			tries++
		}
		assert.Equal(t, tries, bulkGets, name)
	}
}

func TestSingleGets(t *testing.T) {
	t.Parallel()
	var running, most atomic.Int32
	server := &fakeServer{answer: func(_ context.Context, _ int, request *Request) (*Response, error) {
		now := running.Add(1)
		defer running.Add(-1)
		for seen := most.Load(); now > seen && !most.CompareAndSwap(seen, now); seen = most.Load() {
		}
		switch {
		case strings.HasSuffix(request.URL, "/_bulk_get?revs=true&latest=true"):
			return reply(405, `{"error":"method_not_allowed","reason":""}`), nil
		case strings.Contains(request.URL, "/gone?"):
			return reply(404, `{"error":"not_found","reason":"missing"}`), nil
		case strings.Contains(request.URL, "/secret?"):
			return reply(403, `{"error":"forbidden","reason":"not yours"}`), nil
		case strings.Contains(request.URL, "/old?"):
			return reply(200, `[{"missing":"1-a"}]`), nil
		case strings.Contains(request.URL, "open_revs=all"):
			return reply(200, `[{"ok":{"_id":"all","_rev":"1-a"}},{"ok":{"_id":"all","_rev":"2-b"}}]`), nil
		}
		return reply(200, `[{"ok":{"_id":"a","_rev":"2-b","_revisions":{"start":2,"ids":["b","a"]}}}]`), nil
	}}
	db := openFake(t, server, Options{MaxParallel: 3})
	requests := []core.DocRev{{ID: "gone"}, {ID: "secret", Rev: rev(t, "1-a")}, {ID: "old", Rev: rev(t, "1-a")}, {ID: "all"}}
	for range 20 {
		requests = append(requests, core.DocRev{ID: "a", Rev: rev(t, "1-a")})
	}
	results, err := db.BulkGet(t.Context(), requests, core.BulkGetOptions{Revs: true, Latest: true})
	require.NoError(t, err)
	require.Len(t, results, len(requests))
	for i, result := range results {
		assert.Equal(t, requests[i].ID, result.ID)
		require.NotEmpty(t, result.Docs)
		for _, doc := range result.Docs {
			assert.NotEqual(t, doc.Doc == nil, doc.Err == nil)
		}
	}
	assert.ErrorIs(t, results[0].Docs[0].Err, core.ErrMissing)
	assert.ErrorIs(t, results[1].Docs[0].Err, core.ErrForbidden)
	assert.ErrorIs(t, results[2].Docs[0].Err, core.ErrMissing)
	assert.Equal(t, rev(t, "1-a"), results[2].Docs[0].Rev)
	assert.Len(t, results[3].Docs, 2)
	assert.Equal(t, rev(t, "2-b"), results[4].Docs[0].Rev, "the latest")
	assert.LessOrEqual(t, most.Load(), int32(3))
}

func TestSingleGetsStopAtARealFailure(t *testing.T) {
	t.Parallel()
	server := &fakeServer{answer: func(_ context.Context, n int, request *Request) (*Response, error) {
		if n == 0 {
			return reply(501, `{"error":"not_implemented","reason":""}`), nil
		}
		return nil, errors.New("connection refused")
	}}
	requests := make([]core.DocRev, 1000)
	for i := range requests {
		requests[i].ID = "a"
	}
	_, err := openFake(t, server, Options{}).BulkGet(t.Context(), requests, core.BulkGetOptions{})
	assert.ErrorIs(t, err, core.ErrUnreachable)
	assert.Less(t, server.count(), 50)
}

// TestBulkGetAligns: PouchDB's servers answer once for all revisions of a document.
func TestBulkGetAligns(t *testing.T) {
	t.Parallel()
	answer := `{"results":[{"id":"b","docs":[{"ok":{"_id":"b","_rev":"1-x"}}]},{"id":"a","docs":[{"ok":{"_id":"a","_rev":"3-c","_revisions":{"start":3,"ids":["c","b","a"]}}},
		{"error":{"id":"a","rev":"2-y","error":"not_found","reason":"missing"}},{"ok":{"_id":"a","_rev":"1-z"}}]}]}`
	requests := []core.DocRev{{ID: "a", Rev: rev(t, "1-a")}, {ID: "a", Rev: rev(t, "2-y")}, {ID: "b"}, {ID: "a", Rev: rev(t, "1-z")}, {ID: "c", Rev: rev(t, "1-c")}}
	results, err := openFake(t, always(200, answer), Options{}).BulkGet(t.Context(), requests, core.BulkGetOptions{Latest: true, Revs: true})
	require.NoError(t, err)
	var got []string
	for _, result := range results {
		for _, doc := range result.Docs {
			line := result.ID + " " + doc.Rev.String()
			if doc.Err != nil {
				line += " " + doc.Err.Name
			}
			got = append(got, line)
		}
	}
	assert.Equal(t, []string{"a 3-c", "a 2-y not_found", "b 1-x", "a 1-z", "c 1-c not_found"}, got)
}

// What is no answer to a bulk get must not be taken for one that lacks everything: a replication would go on without the documents.
func TestBulkGetAnswers(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{`{}`, `[]`, `7`, `{"rows":[]}`, `{"results":{}}`, `{"results":null}`, `{"results":7}`, `{"results":[7]`, `{"results":[{"id":"a","docs":[{}x]}]}`} {
		results, err := openFake(t, always(200, answer), Options{}).BulkGet(t.Context(), []core.DocRev{{ID: "a"}}, core.BulkGetOptions{})
		assert.Error(t, err, answer)
		assert.Nil(t, results, answer)
	}
	results, err := openFake(t, always(200, `{"results":[]}`), Options{}).BulkGet(t.Context(), []core.DocRev{{ID: "a"}}, core.BulkGetOptions{})
	require.NoError(t, err)
	require.Len(t, results, 1)
	assert.ErrorIs(t, results[0].Docs[0].Err, core.ErrMissing)
}

func TestBulkDocsResults(t *testing.T) {
	t.Parallel()
	docs := []*core.Document{{ID: "a", Rev: rev(t, "1-a"), Body: core.EmptyBody}, {ID: "b", Rev: rev(t, "1-b"), Body: core.EmptyBody}, {ID: "a", Rev: rev(t, "1-x"), Body: core.EmptyBody}}
	write := func(answer string, replicated bool) ([]core.BulkResult, error) {
		return openFake(t, always(201, answer), Options{}).BulkDocs(t.Context(), docs, core.BulkDocsOptions{Replicated: replicated})
	}
	results, err := write(`[{"ok":true,"id":"a","rev":"2-a"},{"id":"b","error":"conflict","reason":"Document update conflict."},{"ok":true,"id":"a","rev":"2-x"}]`, false)
	require.NoError(t, err)
	assert.Equal(t, rev(t, "2-a"), results[0].Rev)
	assert.ErrorIs(t, results[1].Err, core.ErrConflict)
	assert.Equal(t, "b", results[1].Err.ID)

	results, err = write(`[]`, true)
	require.NoError(t, err)
	require.Len(t, results, 3)
	for i, result := range results {
		assert.Equal(t, core.BulkResult{ID: docs[i].ID, Rev: docs[i].Rev}, result)
	}
	results, err = write(`[{"id":"a","rev":"1-x","error":"forbidden","reason":"no"}]`, true)
	require.NoError(t, err)
	assert.Nil(t, results[0].Err)
	assert.ErrorIs(t, results[2].Err, core.ErrForbidden)
	results, err = write(`[{"id":"a","error":"forbidden","reason":"no"}]`, true)
	require.NoError(t, err)
	assert.NotNil(t, results[0].Err, "which of the two failed is not said: neither counts as written")
	assert.NotNil(t, results[2].Err)
	assert.Nil(t, results[1].Err)

	for _, answer := range []string{`{}`, `[]`, `[{"ok":true,"id":"a","rev":"2-a"}]`, `[{"id":"a"},{"id":"b"},{"id":"a"}]`} {
		_, err = write(answer, false)
		assert.ErrorIs(t, err, core.ErrNotCouchDB, answer)
	}
	_, err = write(`[{"id":"zz","error":"forbidden","reason":"no"}]`, true)
	assert.ErrorIs(t, err, core.ErrNotCouchDB, "a failure must not get lost")
}

func TestLocalDocumentFailures(t *testing.T) {
	t.Parallel()
	doc := &core.Document{ID: "_local/x", Body: core.EmptyBody}
	_, err := core.Put(t.Context(), openFake(t, always(409, `{"error":"conflict","reason":"Document update conflict."}`), Options{}), doc)
	assert.ErrorIs(t, err, core.ErrConflict)
	_, err = core.Put(t.Context(), openFake(t, always(401, notAuthorized), Options{}), doc)
	assert.ErrorIs(t, err, core.ErrUnauthorized)
	_, err = core.Put(t.Context(), openFake(t, always(201, `{"ok":true}`), Options{}), doc)
	assert.ErrorIs(t, err, core.ErrNotCouchDB)
	_, err = core.Put(t.Context(), openFake(t, script(t), Options{}), &core.Document{ID: "_local/", Body: core.EmptyBody})
	assert.ErrorIs(t, err, core.ErrIllegalDocID)
}

func TestRevsDiffAndPurgeAnswers(t *testing.T) {
	t.Parallel()
	requests := []core.DocRevs{{ID: "b", Revs: []core.Rev{rev(t, "1-a")}}, {ID: "a", Revs: []core.Rev{rev(t, "1-a"), rev(t, "2-b")}}}
	diffs, err := openFake(t, always(200, `{"a":{"missing":["2-b","1-a"],"possible_ancestors":["1-x"]},"b":{"missing":["1-a"]}}`), Options{}).RevsDiff(t.Context(), requests)
	require.NoError(t, err)
	assert.Equal(t, []core.RevsDiff{{ID: "b", Missing: []core.Rev{rev(t, "1-a")}},
		{ID: "a", Missing: []core.Rev{rev(t, "1-a"), rev(t, "2-b")}, PossibleAncestors: []core.Rev{rev(t, "1-x")}}}, diffs, "in the order of the requests, ascending")
	_, err = openFake(t, always(200, `{"zz":{"missing":["1-a"]}}`), Options{}).RevsDiff(t.Context(), requests)
	assert.ErrorIs(t, err, core.ErrNotCouchDB)

	result, err := openFake(t, always(201, `{"purge_seq":null,"purged":{"a":["2-b"]}}`), Options{}).Purge(t.Context(), requests)
	require.NoError(t, err)
	assert.Equal(t, core.PurgeResult{Purged: []core.DocRevs{{ID: "b"}, {ID: "a", Revs: []core.Rev{rev(t, "2-b")}}}}, result)
}
