package fetchhttp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
)

func TestFailuresHaveTheirNames(t *testing.T) {
	t.Parallel()
	const page = "<html><body><h1>nginx</h1></body></html>"
	for _, test := range []struct {
		name   string
		answer func() *Response
		want   *core.Error
		reason string
	}{
		{"missing", func() *Response { return reply(404, `{"error":"not_found","reason":"missing"}`) }, core.ErrMissing, "missing"},
		{"deleted", func() *Response { return reply(404, `{"error":"not_found","reason":"deleted"}`) }, core.ErrDeleted, "deleted"},
		{"no database", func() *Response { return reply(404, `{"error":"not_found","reason":"Database does not exist."}`) }, core.ErrNoDatabase, core.ErrNoDatabase.Reason},
		{"no database, PouchDB", func() *Response { return reply(404, `{"error":"not_found","reason":"no_db_file"}`) }, core.ErrNoDatabase, core.ErrNoDatabase.Reason},
		{"bad rev", func() *Response { return reply(400, `{"error":"bad_request","reason":"Invalid rev format"}`) }, core.ErrBadRev, "Invalid rev format"},
		{"unauthorized", func() *Response {
			return reply(401, `{"error":"unauthorized","reason":"You are not authorized to access this db."}`)
		}, core.ErrUnauthorized, "not authorized"},
		{"unauthorized by another name", func() *Response { return reply(401, `{"error":"denied","reason":"no"}`) }, core.ErrUnauthorized, "no"},
		{"forbidden", func() *Response { return reply(403, `{"error":"forbidden","reason":"not you"}`) }, core.ErrForbidden, "not you"},
		{"internal", func() *Response { return reply(500, `{"error":"internal_server_error","reason":"x"}`) }, core.ErrInternal, "x"},
		{"too large", func() *Response { return reply(413, `{"error":"document_too_large","reason":"a"}`) }, core.ErrTooLarge, "a"},
		{"a proxy's 413", func() *Response { return reply(413, page) }, core.ErrTooLarge, "413"},
		{"a proxy's 401", func() *Response { return reply(401, page) }, core.ErrUnauthorized, "401"},
		{"a proxy's 404", func() *Response { return reply(404, page) }, core.ErrNotCouchDB, "HTTP status 404 without CouchDB's JSON for /notes/a"},
		{"a proxy's 503", func() *Response { return reply(503, page) }, core.ErrUnreachable, "503"},
		{"a web server's 500", func() *Response { return reply(500, page) }, core.ErrNotCouchDB, "500"},
		{"nothing at all", func() *Response { return reply(500, "") }, core.ErrNotCouchDB, "500"},
		{"another API", func() *Response { return reply(404, `{"message":"no such thing"}`) }, core.ErrNotCouchDB, "404"},
		{"a login page", func() *Response { return reply(200, page) }, core.ErrNotCouchDB, "/notes/a"},
		{"an empty answer", func() *Response { return reply(200, "") }, core.ErrNotCouchDB, "/notes/a"},
		{"another document", func() *Response { return reply(200, `{"_id":"b","_rev":"1-a"}`) }, core.ErrNotCouchDB, "not the document"},
		{"not a document", func() *Response { return reply(200, `["a"]`) }, core.ErrNotCouchDB, "not the document"},
		{"cut off", func() *Response { return reply(200, `{"_id":"a","_rev":"1-`) }, core.ErrUnreachable, ""},
		{"redirected nowhere", func() *Response { return reply(302, "") }, core.ErrNotCouchDB, "redirects"},
	} {
		server := &fakeServer{answer: func(context.Context, int, *Request) (*Response, error) { return test.answer(), nil }}
		_, err := openFake(t, server, Options{}).Get(t.Context(), "a", core.GetOptions{})
		require.ErrorIs(t, err, test.want, test.name)
		assert.Contains(t, core.AsError(err).Reason, test.reason, test.name)
		assert.Equal(t, 1, server.count(), "%s: nothing is tried twice", test.name)
	}
}

func TestStatusesToActOnAreKept(t *testing.T) {
	t.Parallel()
	for _, status := range []int{405, 408, 413, 414, 429, 500, 501, 503} {
		for _, body := range []string{`{"error":"too_bad","reason":"x"}`, "<html>"} {
			_, err := openFake(t, always(status, body), Options{}).Info(t.Context())
			if body == "<html>" && status == 500 {
				assert.ErrorIs(t, err, core.ErrNotCouchDB)
				continue
			}
			assert.Equal(t, status, core.AsError(err).Status, body)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{"0": 0, "120": 2 * time.Minute, " 5 ": 5 * time.Second, "Fri, 20 Nov 2026 12:01:00 GMT": time.Minute, "Fri, 20 Nov 2026 11:00:00 GMT": 0} {
		got, ok := retryAfter(value, now)
		assert.True(t, ok, value)
		assert.Equal(t, want, got, value)
	}
	for _, value := range []string{"", "-1", "soon", "1.5", "99999999999999999999", "Fri, 20 Nov 2026 12:01:00", "Fri, 20 xxx 2026 12:01:00 GMT", "Fri, 20 Nov 2026 12:a1:00 GMT"} {
		_, ok := retryAfter(value, now)
		assert.False(t, ok, value)
	}
	_, err := openFake(t, always(429, "slow down", "retry-after", "7"), Options{}).Info(t.Context())
	var wait *RetryAfterError
	require.ErrorAs(t, err, &wait)
	assert.Equal(t, 7*time.Second, wait.RetryAfter())
	assert.Equal(t, 429, core.AsError(err).Status)
}

func TestUnsupportedIsNotImplemented(t *testing.T) {
	t.Parallel()
	calls := map[string]func(context.Context, *DB) error{
		"purge": func(ctx context.Context, db *DB) error {
			_, err := db.Purge(ctx, []core.DocRevs{{ID: "a"}})
			return err
		},
		"compact":        func(ctx context.Context, db *DB) error { return db.Compact(ctx) },
		"flush":          func(ctx context.Context, db *DB) error { return db.Flush(ctx) },
		"revs limit":     func(ctx context.Context, db *DB) error { _, err := db.RevsLimit(ctx); return err },
		"set revs limit": func(ctx context.Context, db *DB) error { return db.SetRevsLimit(ctx, 3) },
	}
	for name, do := range calls {
		for _, answer := range []struct {
			status int
			body   string
			want   *core.Error
		}{
			{404, `{"error":"not_found","reason":"missing"}`, core.ErrNotImplemented},
			{405, `{"error":"method_not_allowed","reason":"Only GET allowed"}`, core.ErrNotImplemented},
			{501, `{"error":"not_implemented","reason":"this feature is not yet implemented"}`, core.ErrNotImplemented},
			{400, `{"error":"bad_request","reason":"only_multipart_accepted"}`, core.ErrNotImplemented},
			{400, `{"error":"bad_request","reason":"invalid_json"}`, core.ErrNotImplemented},
			{400, `{"error":"bad_request","reason":"Invalid rev format"}`, core.ErrBadRequest},
			{404, `{"error":"not_found","reason":"Database does not exist."}`, core.ErrNoDatabase},
			{401, `{"error":"unauthorized","reason":"You are not a server admin."}`, core.ErrUnauthorized},
		} {
			err := do(t.Context(), openFake(t, always(answer.status, answer.body), Options{}))
			assert.ErrorIs(t, err, answer.want, "%s: %d %s", name, answer.status, answer.body)
		}
	}
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	gone := errors.New("connection refused")
	server := &fakeServer{answer: func(context.Context, int, *Request) (*Response, error) { return nil, gone }}
	_, err := openFake(t, server, Options{}).Info(t.Context())
	require.ErrorIs(t, err, core.ErrUnreachable)
	assert.ErrorIs(t, err, gone)
	assert.Equal(t, 1, server.count())
	assert.Contains(t, err.Error(), "connection refused")
}

func TestBrokenBody(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection reset")
	for name, start := range map[string]string{"single": `{"_id":`, "rows": `{"rows":[{"id":"a","key":"a","value":{"rev":"1-a"}},`} {
		server := &fakeServer{answer: func(context.Context, int, *Request) (*Response, error) {
			answer := reply(200, "")
			answer.Body = io.NopCloser(io.MultiReader(strings.NewReader(start), errReader{broken}))
			return answer, nil
		}}
		db := openFake(t, server, Options{})
		_, err := db.Get(t.Context(), "a", core.GetOptions{})
		require.ErrorIs(t, err, core.ErrUnreachable, name)
		assert.ErrorIs(t, err, broken, name)
		_, err = db.AllDocs(t.Context(), core.AllDocsOptions{}, func(*core.AllDocsRow) error { return nil })
		require.ErrorIs(t, err, core.ErrUnreachable, name)
	}
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

func TestCutListingIsUnreachable(t *testing.T) {
	t.Parallel()
	const listing = `{"total_rows":1,"offset":0,"rows":[{"id":"a","key":"a","value":{"rev":"1-a"}}]}`
	for i := range len(listing) {
		_, _, err := core.ListAllDocs(t.Context(), openFake(t, always(200, listing[:i]), Options{}), core.AllDocsOptions{})
		assert.ErrorIs(t, err, core.ErrUnreachable, listing[:i])
	}
	_, _, err := core.ListAllDocs(t.Context(), openFake(t, always(200, "<html>"), Options{}), core.AllDocsOptions{})
	assert.ErrorIs(t, err, core.ErrNotCouchDB)
	_, _, err = core.ListChanges(t.Context(), openFake(t, always(200, `{"results":[]}`), Options{}), core.ChangesOptions{})
	assert.ErrorIs(t, err, core.ErrNotCouchDB, "without last_seq there is nothing to go on from")
}

func TestEachCanStop(t *testing.T) {
	t.Parallel()
	stop := errors.New("stop")
	db := openFake(t, always(200, `{"results":[{"seq":1,"id":"a","changes":[]},{"seq":2,"id":"b","changes":[]}],"last_seq":2}`), Options{})
	seen := 0
	_, err := db.Changes(t.Context(), core.ChangesOptions{}, func(*core.Change) error { seen++; return stop })
	assert.Equal(t, stop, err)
	assert.Equal(t, 1, seen)
}

func TestMaxResponseBytes(t *testing.T) {
	t.Parallel()
	document := `{"_id":"a","_rev":"1-a","v":"` + strings.Repeat("x", 1000) + `"}`
	_, err := openFake(t, always(200, document), Options{MaxResponseBytes: len(document)}).Get(t.Context(), "a", core.GetOptions{})
	assert.NoError(t, err)
	_, err = openFake(t, always(200, document), Options{MaxResponseBytes: len(document) - 1}).Get(t.Context(), "a", core.GetOptions{})
	assert.ErrorIs(t, err, core.ErrTooLarge)
	row := `{"id":"a","docs":[{"ok":` + document + `}]}`
	rows, requests := always(200, `{"results":[`+row+`,`+row+`]}`), []core.DocRev{{ID: "a"}, {ID: "a"}}
	_, err = openFake(t, rows, Options{MaxResponseBytes: 2 * len(row)}).BulkGet(t.Context(), requests, core.BulkGetOptions{})
	assert.NoError(t, err)
	_, err = openFake(t, rows, Options{MaxResponseBytes: 2*len(row) - 1}).BulkGet(t.Context(), requests, core.BulkGetOptions{})
	assert.ErrorIs(t, err, core.ErrTooLarge, "of all rows together, as they are held together")
	_, err = openFake(t, always(500, strings.Repeat("x", 2*maxFailureBytes)), Options{}).Get(t.Context(), "a", core.GetOptions{})
	assert.ErrorIs(t, err, core.ErrNotCouchDB)
}

// TestCredentialsStayInside makes everything fail in every way that a server and a transport have, and looks for the password in what comes out.
func TestCredentialsStayInside(t *testing.T) {
	t.Parallel()
	const secret = "s3cr3t/p@ss"
	leaks := func(text string) bool {
		for _, form := range []string{secret, "s3cr3t", escape(secret), "YWRhOnMzY3IzdC9wQHNz"} {
			if strings.Contains(text, form) {
				return true
			}
		}
		return false
	}
	answers := map[string]func(request *Request) (*Response, error){
		"transport": func(request *Request) (*Response, error) {
			return nil, fmt.Errorf("cannot send %s %s %v %q", request.Method, request.URL, request.Header, request.Body)
		},
		"password": func(*Request) (*Response, error) {
			return nil, errors.New("cannot dial ada:" + secret + "@couch.example or " + escape(secret))
		},
		"unauthorized": func(*Request) (*Response, error) {
			return reply(401, `{"error":"unauthorized","reason":"Name or password is incorrect."}`), nil
		},
		"page":     func(*Request) (*Response, error) { return reply(500, "<html>"), nil },
		"redirect": func(*Request) (*Response, error) { return reply(302, "", "location", "ftp://x"), nil },
		"cut":      func(*Request) (*Response, error) { return reply(200, "{"), nil },
	}
	for name, answer := range answers {
		for _, mode := range []AuthMode{BasicAuth, CookieAuth} {
			server := &fakeServer{answer: func(_ context.Context, _ int, request *Request) (*Response, error) {
				assert.False(t, leaks(request.URL), "the URL sent")
				return answer(request)
			}}
			db, err := Open(t.Context(), "http://ada:"+escape(secret)+"@couch.example/notes", Options{Doer: server, SkipSetup: true, Auth: mode})
			require.NoError(t, err)
			_, openErr := Open(t.Context(), "http://ada:"+escape(secret)+"@couch.example/notes", Options{Doer: server, Auth: mode})
			require.Error(t, openErr)
			_, getErr := db.Get(t.Context(), "a", core.GetOptions{})
			_, bulkErr := db.BulkDocs(t.Context(), []*core.Document{{ID: "a", Body: core.EmptyBody}, {ID: "b", Body: core.EmptyBody}}, core.BulkDocsOptions{})
			_, changesErr := db.Changes(t.Context(), core.ChangesOptions{}, func(*core.Change) error { return nil })
			for _, err := range []error{openErr, getErr, bulkErr, changesErr} {
				require.Error(t, err)
				assert.False(t, leaks(err.Error()), "%s: %s", name, err)
			}
			identity, err := db.Identity(t.Context())
			require.NoError(t, err)
			assert.Equal(t, "http://couch.example/notes", identity)
			for _, printed := range []string{identity, fmt.Sprint(db), fmt.Sprintf("%+v", db), fmt.Sprintf("%#v", db), fmt.Sprintf("%+v", db.auth), fmt.Sprintf("%+v", db.options)} {
				assert.False(t, leaks(printed), printed)
			}
			require.NoError(t, db.Close())
		}
	}
}
