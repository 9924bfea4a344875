package server_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/server"
)

func TestCrossOrigin(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name                string
		configured          []string
		origin              string
		allowed, credential string
	}{
		{"nothing configured", nil, "https://app.example", "", ""},
		{"the configured origin", []string{"https://app.example"}, "https://app.example", "https://app.example", "true"},
		{"another origin", []string{"https://app.example"}, "https://evil.example", "", ""},
		{"an origin that begins alike", []string{"https://app.example"}, "https://app.example.evil.example", "", ""},
		{"another scheme", []string{"https://app.example"}, "http://app.example", "", ""},
		{"a page without an origin", []string{"https://app.example"}, "null", "", ""},
		{"all, without credentials", []string{"*"}, "https://evil.example", "*", ""},
		{"all, and one with credentials", []string{"*", "https://app.example"}, "https://app.example", "https://app.example", "true"},
		{"an origin that looks like the wildcard", []string{"*"}, "*", "*", ""},
		{"no cross-origin request", []string{"*"}, "", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, server.Options{Origins: test.configured})
			header := map[string]string{"Origin": test.origin}
			response, _ := s.do(t, call{path: "/", header: header})
			assert.Equal(t, http.StatusOK, response.StatusCode)
			assert.Equal(t, test.allowed, response.Header.Get("Access-Control-Allow-Origin"))
			assert.Equal(t, test.credential, response.Header.Get("Access-Control-Allow-Credentials"))

			header["Access-Control-Request-Method"] = "PUT"
			response, _ = s.do(t, call{method: "OPTIONS", path: "/db/doc", header: header, auth: "none"})
			assert.Equal(t, test.allowed != "", response.StatusCode == http.StatusNoContent)
			assert.Equal(t, test.allowed, response.Header.Get("Access-Control-Allow-Origin"))
		})
	}
}

func TestPostsMustSayTheyAreJSON(t *testing.T) {
	t.Parallel()
	s := start(t, server.Options{AllowAnonymous: true})
	s.ok(t, "PUT", "/db", "")
	// These are what a page of another origin could send without asking.
	for _, contentType := range []string{"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"} {
		for _, path := range []string{"/db", "/db/_bulk_docs", "/db/_purge", "/db/_compact", "/db/_ensure_full_commit"} {
			response, _ := s.do(t, call{method: "POST", path: path, body: `{"docs":[]}`, header: map[string]string{"Content-Type": contentType}, auth: "none"})
			assert.Equal(t, http.StatusUnsupportedMediaType, response.StatusCode, "%s %s", path, contentType)
		}
	}
}

func TestLockout(t *testing.T) {
	t.Parallel()
	s := start(t, server.Options{})
	status := func(address, auth string) int {
		response, _ := s.do(t, call{path: "/_session", auth: auth, header: map[string]string{addressHeader: address}})
		return response.StatusCode
	}
	for range 4 {
		assert.Equal(t, http.StatusUnauthorized, status("10.0.0.1", "admin:wrong"))
	}
	assert.Equal(t, http.StatusOK, status("10.0.0.1", "admin:password"), "four failures do not lock")
	for range 5 {
		assert.Equal(t, http.StatusUnauthorized, status("10.0.0.1", "admin:wrong"), "a success begins the count anew")
	}
	assert.Equal(t, http.StatusForbidden, status("10.0.0.1", "admin:wrong"))
	assert.Equal(t, http.StatusForbidden, status("10.0.0.1", "admin:password"), "the right password does not help")
	assert.Equal(t, http.StatusOK, status("10.0.0.2", "admin:password"), "another address is not concerned")
	assert.Equal(t, http.StatusUnauthorized, status("10.0.0.1", "nobody:x"), "another name is not concerned")

	response, _ := s.do(t, call{method: "POST", path: "/_session", auth: "none", body: `{"name":"admin","password":"password"}`, header: map[string]string{addressHeader: "10.0.0.1"}})
	assert.Equal(t, http.StatusForbidden, response.StatusCode, "nor does logging in another way")
}

func TestSessionEndsWithItsTimeAndPassword(t *testing.T) {
	t.Parallel()
	secret := []byte("the same for both servers")
	admin := user(t, "admin", "password", "_admin")
	first := start(t, server.Options{CookieSecret: secret, Users: []server.User{admin}})
	response, _ := first.do(t, call{method: "POST", path: "/_session", auth: "none", body: `{"name":"admin","password":"password"}`})
	require.Equal(t, http.StatusOK, response.StatusCode)
	cookie := response.Cookies()[0]
	assert.True(t, cookie.HttpOnly)
	header := map[string]string{"Cookie": cookie.Name + "=" + cookie.Value}

	same := start(t, server.Options{CookieSecret: secret, Users: []server.User{admin}})
	_, text := same.do(t, call{path: "/_session", auth: "none", header: header})
	assert.Contains(t, text, `"name":"admin"`, "a session outlives the process")

	for name, options := range map[string]server.Options{
		"another password": {CookieSecret: secret, Users: []server.User{user(t, "admin", "changed", "_admin")}},
		"another secret":   {Users: []server.User{admin}},
		"no time":          {CookieSecret: secret, Users: []server.User{admin}, SessionTimeout: 1},
	} {
		_, text := start(t, options).do(t, call{path: "/_session", auth: "none", header: header})
		assert.Contains(t, text, `"name":null`, name)
	}
}

// syncBuffer is a buffer that a logger and a test may use at once.
type syncBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

func TestCredentialsAreNotLogged(t *testing.T) {
	t.Parallel()
	var logged syncBuffer
	s := start(t, server.Options{
		Logger: slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Users:  []server.User{user(t, "admin", "hunter2", "_admin")},
	})
	response, _ := s.do(t, call{method: "POST", path: "/_session", auth: "none", body: `{"name":"admin","password":"hunter2"}`})
	cookie := response.Cookies()[0]
	s.do(t, call{path: "/_session?token=hunter2", auth: "admin:hunter2"})
	s.do(t, call{path: "/_session", auth: "admin:hunter2-mistyped"})
	s.do(t, call{path: "/_session", auth: "none", header: map[string]string{"Cookie": cookie.Name + "=" + cookie.Value}})
	s.do(t, call{path: "/_session", auth: "none", header: map[string]string{"Authorization": "Basic hunter2"}})
	s.do(t, call{method: "PUT", path: "/db", auth: "admin:hunter2"})
	s.do(t, call{method: "PUT", path: "/db/doc?w=hunter2", body: `{"password":"hunter2"`, auth: "admin:hunter2"})

	assert.Contains(t, logged.String(), "path=/_session", "requests are logged")
	assert.NotContains(t, logged.String(), "hunter2")
	assert.NotContains(t, logged.String(), "aHVudGVyMg")
	assert.NotContains(t, logged.String(), cookie.Value)
}

func TestHosts(t *testing.T) {
	t.Parallel()
	s := start(t, server.Options{AllowAnonymous: true, Hosts: []string{"localhost", "127.0.0.1", "::1"}})
	for host, want := range map[string]int{"localhost:5984": 200, "127.0.0.1": 200, "[::1]:80": 200, "LOCALHOST": 200, "evil.example": 421, "evil.example:5984": 421, "localhost.evil.example": 421} {
		request := s.request(t, call{path: "/"})
		request.Host = host
		// The opaque form would overrule the host.
		request.URL.Opaque, request.URL.Path = "", "/"
		response, err := plainClient.Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		assert.Equal(t, want, response.StatusCode, host)
	}
}

// The security object lives in a local document: whoever could write that one would be an administrator.
func TestSettingsAreOutOfReach(t *testing.T) {
	t.Parallel()
	s := start(t, server.Options{Users: []server.User{user(t, "admin", "password", "_admin"), user(t, "member", "secret")}})
	s.ok(t, "PUT", "/db", "")
	s.ok(t, "PUT", "/db/_security", `{"members":{"names":["member"]}}`)
	s.ok(t, "PUT", "/db/other", `{"security":{"admins":{"names":["member"]}}}`)
	s.ok(t, "PUT", "/db/_local/visible", `{}`)
	const document = `{"_id":"_local/_gouchdb","security":{"admins":{"names":["member"]}}}`
	for _, c := range []call{
		{method: "GET", path: "/db/_local/_gouchdb"},
		{method: "GET", path: "/db/_local%2F_gouchdb"},
		{method: "PUT", path: "/db/_local/_gouchdb", body: document},
		{method: "PUT", path: "/db/_local%2F_gouchdb", body: document},
		{method: "DELETE", path: "/db/_local/_gouchdb"},
		{method: "POST", path: "/db", body: document},
		{method: "POST", path: "/db/_bulk_docs", body: `{"docs":[{"_id":"fine"},` + document + `]}`},
		{method: "POST", path: "/db/_bulk_docs", body: `{"new_edits":false,"docs":[` + document + `]}`},
		{method: "COPY", path: "/db/other", header: map[string]string{"Destination": "_local/_gouchdb"}},
		{method: "COPY", path: "/db/other", header: map[string]string{"Destination": "_local%2F_gouchdb"}},
		{method: "COPY", path: "/db/_local/_gouchdb", header: map[string]string{"Destination": "stolen"}},
	} {
		c.auth = "member:secret"
		response, text := s.do(t, c)
		assert.Equal(t, http.StatusForbidden, response.StatusCode, "%s %s: %s", c.method, c.path, text)
	}
	for _, query := range []string{"", "?limit=1", "?startkey=%22_local%2F_%22", "?descending=true&limit=1"} {
		assert.NotContains(t, s.ok(t, "GET", "/db/_local_docs"+query, ""), "_gouchdb", query)
	}
	assert.Contains(t, s.ok(t, "GET", "/db/_local_docs?limit=1", ""), "_local/visible", "the hidden one does not count")
	assert.JSONEq(t, `{"rows":[{"key":"_local/_gouchdb","error":"not_found"}],"total_rows":null,"offset":null}`,
		s.ok(t, "POST", "/db/_local_docs", `{"keys":["_local/_gouchdb"]}`))
	assert.Contains(t, s.ok(t, "POST", "/db/_bulk_get", `{"docs":[{"id":"_local/_gouchdb"}]}`), `"missing"`)
	assert.JSONEq(t, `{"members":{"names":["member"]}}`, s.ok(t, "GET", "/db/_security", ""))
}

func TestNewNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	admin := user(t, "admin", "password", "_admin")
	databases := server.Memory(openMemory)
	for name, options := range map[string]server.Options{
		"Databases":     {Users: []server.User{admin}},
		"Users":         {Databases: databases},
		"password hash": {Databases: databases, Users: []server.User{{Name: "admin", PasswordHash: "password"}}},
		"unique":        {Databases: databases, Users: []server.User{admin, admin}},
		"not an origin": {Databases: databases, Users: []server.User{admin}, Origins: []string{"app.example"}},
		"negative":      {Databases: databases, Users: []server.User{admin}, MaxRequestBytes: -1},
	} {
		_, err := server.New(options)
		require.Error(t, err, name)
		assert.Contains(t, strings.ToLower(err.Error()), strings.ToLower(name))
	}
	for _, options := range []server.Options{
		{MaxOpenDatabases: -1}, {SessionTimeout: -1}, {MaxAttachmentBytes: -1}, {MaxDocumentSize: -1}, {IOTimeout: -1}, {FeedTimeout: -1},
	} {
		options.Databases, options.AllowAnonymous = databases, true
		_, err := server.New(options)
		require.ErrorContains(t, err, "negative", "%+v", options)
	}
}

func TestOriginsThatNoBrowserSendsAreRefused(t *testing.T) {
	t.Parallel()
	open := func(origin string) error {
		_, err := server.New(server.Options{Databases: server.Memory(openMemory), AllowAnonymous: true, Origins: []string{origin}})
		return err
	}
	for _, origin := range []string{"*", "https://app.example", "http://localhost:8080", "http://[::1]:8080", "capacitor://localhost", "https://app.example:80"} {
		assert.NoError(t, open(origin), origin)
	}
	for _, origin := range []string{"app.example", "https://", "https://app.example/", "https://app.example/path", "https://App.example", "HTTPS://app.example", "https://me@app.example",
		"https://app.example:443", "http://app.example:80", "https://app.example:", "https://app.example?x", "https://app .example"} {
		assert.ErrorIs(t, open(origin), core.ErrBadRequest, origin)
	}
}
