package fetchhttp

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
)

const (
	aDocument     = `{"_id":"a","_rev":"1-a"}`
	loggedIn      = `{"ok":true,"name":"ada","roles":[]}`
	wrongPassword = `{"error":"unauthorized","reason":"Name or password is incorrect."}`
	notAuthorized = `{"error":"unauthorized","reason":"You are not authorized to access this db."}`
)

// sessionServer knows sessions as CouchDB does: the cookie of the latest login counts.
type sessionServer struct {
	fakeServer
	logins int
	valid  bool
}

func newSessionServer(hidesCookies bool) *sessionServer {
	s := &sessionServer{}
	var mu sync.Mutex
	s.answer = func(_ context.Context, _ int, request *Request) (*Response, error) {
		mu.Lock()
		defer mu.Unlock()
		if strings.HasSuffix(request.URL, "/_session") {
			s.logins++
			s.valid = true
			if hidesCookies {
				return reply(200, loggedIn), nil
			}
			return reply(200, loggedIn, "set-cookie", "other=1; Path=/, AuthSession=c"+strconv.Itoa(s.logins)+"==; Version=1; Expires=Sat, 21 Nov 2026 00:00:00 GMT; Path=/; HttpOnly"), nil
		}
		if !s.valid || (!hidesCookies && request.Header["cookie"] != "AuthSession=c"+strconv.Itoa(s.logins)+"==") {
			return reply(401, notAuthorized), nil
		}
		return reply(200, aDocument), nil
	}
	return s
}

func TestCookieSession(t *testing.T) {
	t.Parallel()
	for _, hidden := range []bool{false, true} {
		server := newSessionServer(hidden)
		db := openFake(t, &server.fakeServer, Options{Auth: CookieAuth, User: "a da", Password: "s&c=r+t"})
		for range 3 {
			_, err := db.Get(t.Context(), "a", core.GetOptions{})
			require.NoError(t, err)
		}
		require.Equal(t, 4, server.count(), "one login serves them all")
		login := server.requests[0]
		assert.Equal(t, "POST", login.Method)
		assert.Equal(t, "http://couch.example:5984/_session", login.URL)
		assert.Equal(t, "name=a%20da&password=s%26c%3Dr%2Bt", string(login.Body))
		assert.Equal(t, "application/x-www-form-urlencoded", login.Header["content-type"])
		for _, request := range server.requests {
			assert.True(t, request.Cookies)
			assert.Empty(t, request.Header["authorization"])
		}

		server.valid = false // run out
		if !hidden {
			server.logins++ // and the cookie with it
		}
		_, err := db.Get(t.Context(), "a", core.GetOptions{})
		require.NoError(t, err)
		assert.Equal(t, 7, server.count(), "refused, renewed, granted")
	}
}

func TestSessionIsRenewedBeforeItRunsOut(t *testing.T) {
	t.Parallel()
	for cookie, lifetime := range map[string]time.Duration{
		"": sessionLifetime, "other=1; Max-Age=5": sessionLifetime, "AuthSession=; Max-Age=5": sessionLifetime, "AuthSession=c": sessionLifetime,
		"AuthSession=c; Version=1; Expires=Sat, 21 Nov 2026 00:00:00 GMT; Max-Age=40; Path=/; HttpOnly": 40 * time.Second, "AuthSession=c; max-age=x": sessionLifetime,
	} {
		synctest.Test(t, func(t *testing.T) {
			logins := 0
			server := &fakeServer{answer: func(_ context.Context, _ int, request *Request) (*Response, error) {
				if strings.HasSuffix(request.URL, "/_session") {
					logins++
					return reply(200, loggedIn, "set-cookie", cookie), nil
				}
				return reply(200, aDocument), nil
			}}
			db := openFake(t, server, Options{Auth: CookieAuth, User: "ada"})
			for want := range 4 {
				for range 3 {
					_, err := db.Get(t.Context(), "a", core.GetOptions{})
					require.NoError(t, err)
				}
				assert.Equal(t, want+1, logins, cookie)
				time.Sleep(lifetime/2 + 1)
			}
		})
	}
}

func TestSessionIsRenewedOnceOnly(t *testing.T) {
	t.Parallel()
	for name, refusal := range map[string]*Response{
		"no permission": reply(401, notAuthorized),
		"bad cookie":    reply(400, `{"error":"bad_request","reason":"Malformed AuthSession cookie. Please clear your cookies."}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := script(t, reply(200, loggedIn), refusal, reply(200, loggedIn), reply(401, notAuthorized))
			_, err := openFake(t, server, Options{Auth: CookieAuth, User: "ada"}).Get(t.Context(), "a", core.GetOptions{})
			assert.ErrorIs(t, err, core.ErrUnauthorized)
			assert.Equal(t, 4, server.count())
		})
	}
}

func TestConcurrentCallsShareOneLogin(t *testing.T) {
	t.Parallel()
	server := newSessionServer(false)
	db := openFake(t, &server.fakeServer, Options{Auth: CookieAuth, User: "ada"})
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			_, err := db.Get(t.Context(), "a", core.GetOptions{})
			assert.NoError(t, err)
		})
	}
	all.Wait()
	assert.Equal(t, 1, server.logins)
}

func TestPageSession(t *testing.T) {
	t.Parallel()
	server := always(401, notAuthorized)
	_, err := openFake(t, server, Options{Auth: CookieAuth}).Get(t.Context(), "a", core.GetOptions{})
	assert.ErrorIs(t, err, core.ErrUnauthorized)
	require.Equal(t, 1, server.count(), "without a name there is no login")
	assert.True(t, server.requests[0].Cookies)
}

// TestWrongPassword: CouchDB locks an address out after five failures, so a wrong password is sent once, whatever is called.
func TestWrongPassword(t *testing.T) {
	t.Parallel()
	for _, mode := range []AuthMode{BasicAuth, CookieAuth} {
		server := always(401, wrongPassword)
		db := openFake(t, server, Options{Auth: mode, User: "ada", Password: "wrong"})
		for range 10 {
			_, err := db.Info(t.Context())
			require.ErrorIs(t, err, core.ErrUnauthorized)
		}
		assert.Equal(t, 1, server.count())
	}
	// A lack of permission is another matter: it may be granted later.
	server := always(401, notAuthorized)
	db := openFake(t, server, Options{User: "ada"})
	for range 3 {
		_, err := db.Info(t.Context())
		require.ErrorIs(t, err, core.ErrUnauthorized)
	}
	assert.Equal(t, 3, server.count())
}

func TestLoginFailures(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer *Response
		want   *core.Error
	}{
		"not CouchDB": {reply(404, "<html>"), core.ErrNotCouchDB},
		"a page":      {reply(200, "<html>"), core.ErrNotCouchDB},
		"locked out":  {reply(403, `{"error":"forbidden","reason":"Account is temporarily locked due to multiple authentication failures"}`), core.ErrForbidden},
		"cut off":     {reply(200, `{"ok":`), core.ErrUnreachable},
		"sent away":   {reply(307, "", "location", "http://elsewhere/_session"), core.ErrNotCouchDB},
	} {
		server := script(t, test.answer)
		_, err := openFake(t, server, Options{Auth: CookieAuth, User: "ada", Password: "p"}).Info(t.Context())
		assert.ErrorIs(t, err, test.want, name)
	}
}

func TestHeaderOption(t *testing.T) {
	t.Parallel()
	server := always(200, aDocument)
	db := openFake(t, server, Options{Header: map[string]string{"X-Tenant": "7", "Authorization": "Bearer token"}})
	_, err := db.Get(t.Context(), "a", core.GetOptions{})
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"accept": "application/json", "x-tenant": "7", "authorization": "Bearer token"}, server.requests[0].Header)
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	write := func(db *DB) error {
		_, err := db.BulkDocs(t.Context(), []*core.Document{{ID: "a", Body: core.EmptyBody}}, core.BulkDocsOptions{})
		return err
	}
	written := `[{"ok":true,"id":"a","rev":"1-a"}]`
	options := Options{User: "ada", Password: "secret", Header: map[string]string{"x-key": "k"}}

	for _, status := range []int{301, 302, 307, 308} {
		server := script(t, reply(status, "", "location", "/couch/notes/_bulk_docs"), reply(201, written))
		require.NoError(t, write(openFake(t, server, options)))
		first, second := server.requests[0], server.requests[1]
		assert.Equal(t, "http://couch.example:5984/couch/notes/_bulk_docs", second.URL)
		assert.Equal(t, first.Method, second.Method)
		assert.Equal(t, first.Body, second.Body)
		assert.Equal(t, first.Header, second.Header, "the same origin gets the same")
	}
	for _, elsewhere := range []string{"http://elsewhere:5984/notes/_bulk_docs", "http://couch.example:5985/x", "https://couch.example:5984/x", "//couch.example/x"} {
		// Back home again, credentials stay away: the way led through a stranger.
		server := script(t, reply(307, "", "location", elsewhere), reply(307, "", "location", testURL+"/_bulk_docs"), reply(201, written))
		require.NoError(t, write(openFake(t, server, options)))
		for _, request := range server.requests[1:] {
			assert.Equal(t, map[string]string{"accept": "application/json", "content-type": "application/json"}, request.Header, elsewhere)
			assert.Equal(t, "POST", request.Method)
		}
	}
	cookie := newSessionServer(false)
	inner := cookie.answer
	cookie.answer = func(ctx context.Context, n int, request *Request) (*Response, error) {
		if n == 1 {
			return reply(302, "", "location", "http://elsewhere/notes/a"), nil
		}
		return inner(ctx, n, request)
	}
	_, err := openFake(t, &cookie.fakeServer, Options{Auth: CookieAuth, User: "ada"}).Get(t.Context(), "a", core.GetOptions{})
	require.NoError(t, err, "refused elsewhere, the call logs in once more, and is granted at home")
	assert.Empty(t, cookie.requests[2].Header["cookie"])
	assert.False(t, cookie.requests[2].Cookies)

	server := script(t, reply(303, "", "location", "/x"), reply(200, aDocument))
	_, err = openFake(t, server, options).Get(t.Context(), "a", core.GetOptions{})
	require.NoError(t, err)

	endless := always(302, "", "location", "/again")
	_, err = openFake(t, endless, options).Info(t.Context())
	assert.ErrorIs(t, err, core.ErrNotCouchDB)
	assert.Equal(t, maxRedirects+1, endless.count())

	down := script(t, reply(301, "", "location", "http://couch.example/notes"))
	db, err := Open(t.Context(), "https://couch.example/notes", Options{Doer: down, SkipSetup: true})
	require.NoError(t, err)
	_, err = db.Info(t.Context())
	assert.ErrorIs(t, err, core.ErrNotCouchDB, "what was meant to be encrypted stays so")
}

func TestOpen(t *testing.T) {
	t.Parallel()
	const info, missing = `{"db_name":"notes","update_seq":"0-x","doc_count":0}`, `{"error":"not_found","reason":"Database does not exist."}`
	open := func(options Options, answers ...*Response) ([]*Request, error) {
		server := script(t, answers...)
		options.Doer = server
		db, err := Open(t.Context(), testURL, options)
		if err == nil {
			assert.NoError(t, db.Close())
		}
		assert.Len(t, server.requests, len(answers))
		return server.requests, err
	}
	_, err := open(Options{SkipSetup: true})
	assert.NoError(t, err)
	_, err = open(Options{}, reply(200, info))
	assert.NoError(t, err)
	_, err = open(Options{}, reply(404, missing))
	assert.ErrorIs(t, err, core.ErrNoDatabase)
	assert.True(t, isNoDatabase(err))
	requests, err := open(Options{Create: true}, reply(404, missing), reply(201, `{"ok":true}`))
	assert.NoError(t, err)
	assert.Equal(t, "PUT", requests[1].Method)
	_, err = open(Options{Create: true}, reply(200, info))
	assert.NoError(t, err, "it is there: nothing to create")
	_, err = open(Options{Create: true}, reply(404, missing), reply(412, `{"error":"file_exists","reason":"The database could not be created, the file already exists."}`))
	assert.NoError(t, err, "somebody else was first")
	_, err = open(Options{Create: true}, reply(404, missing), reply(401, notAuthorized))
	assert.ErrorIs(t, err, core.ErrUnauthorized)
	_, err = open(Options{}, reply(200, `{"couchdb":"Welcome"}`))
	assert.ErrorIs(t, err, core.ErrNotCouchDB)
	_, err = open(Options{Create: true, SkipSetup: true})
	assert.ErrorIs(t, err, core.ErrBadRequest)
	_, err = open(Options{Auth: 7})
	assert.ErrorIs(t, err, core.ErrBadRequest)

	server := always(200, info)
	db, err := Open(t.Context(), "http://eve:1@couch.example/notes", Options{Doer: server, User: "ada", Password: "secret"})
	require.NoError(t, err)
	assert.Equal(t, "Basic YWRhOnNlY3JldA==", server.requests[0].Header["authorization"], "options come before the URL")
	require.NoError(t, db.Close())
}
