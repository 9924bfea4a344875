package server_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/adapters/memory"
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/internal/regexps"
	"github.com/gouchdb/gouchdb/javascript"
	"github.com/gouchdb/gouchdb/server"
)

// openMemory makes the databases of most tests.
func openMemory(ctx context.Context, name string) (core.Adapter, error) {
	return memory.OpenWith(ctx, docstore.Options{Name: name, Regexp: regexps.Compile, Scripts: javascript.New(javascript.Options{})})
}

// user makes a user whose password is not worth guessing slowly.
func user(t testing.TB, name, password string, roles ...string) server.User {
	t.Helper()
	hash, err := server.HashPassword(password, 1)
	require.NoError(t, err)
	return server.User{Name: name, PasswordHash: hash, Roles: roles}
}

// testServer is a running server with its address.
type testServer struct {
	*server.Server
	http *httptest.Server
}

// addressHeader lets a test choose the address that a request seems to come from.
const addressHeader = "X-Test-Address"

// start runs a server with memory databases and the user admin, whose password is "password", unless options say otherwise.
func start(t testing.TB, options server.Options) *testServer {
	t.Helper()
	if options.Databases == nil {
		options.Databases = server.Memory(openMemory)
	}
	if options.Users == nil {
		options.Users = []server.User{user(t, "admin", "password", "_admin")}
	}
	if options.Validators == nil {
		options.Validators = javascript.New(javascript.Options{})
	}
	handler, err := server.New(options)
	require.NoError(t, err)
	return serve(t, handler)
}

// serve runs a server until the test ends.
func serve(t testing.TB, handler *server.Server) *testServer {
	t.Helper()
	running := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if address := r.Header.Get(addressHeader); address != "" {
			r.RemoteAddr = address + ":1"
		}
		handler.ServeHTTP(w, r)
	}))
	running.Config.RegisterOnShutdown(handler.Drain)
	t.Cleanup(func() {
		handler.Drain()
		running.Close()
		require.NoError(t, handler.Close())
	})
	return &testServer{Server: handler, http: running}
}

// call is one request of a test. The path is sent as it stands.
type call struct {
	method, path, body string
	header             map[string]string
	auth               string // "name:password"; "": admin; "none": nobody
}

func (s *testServer) request(t testing.TB, c call) *http.Request {
	t.Helper()
	method := c.method
	if method == "" {
		method = http.MethodGet
	}
	// An opaque URL is the one that the client does not clean up.
	target := &url.URL{Scheme: "http", Host: s.http.Listener.Addr().String(), Opaque: c.path}
	request := &http.Request{Method: method, URL: target, Host: target.Host, Header: http.Header{}}
	if c.body != "" {
		request.Body = io.NopCloser(strings.NewReader(c.body))
		request.ContentLength = int64(len(c.body))
	}
	if method == http.MethodPost || method == http.MethodPut {
		request.Header.Set("Content-Type", "application/json")
	}
	for name, value := range c.header {
		if value == "" {
			request.Header.Del(name)
		} else {
			request.Header.Set(name, value)
		}
	}
	switch c.auth {
	case "":
		request.SetBasicAuth("admin", "password")
	case "none":
	default:
		name, password, _ := strings.Cut(c.auth, ":")
		request.SetBasicAuth(name, password)
	}
	return request.WithContext(t.Context())
}

var plainClient = &http.Client{
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	Transport:     &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 10},
}

// open sends a request; the caller reads and closes the body.
func (s *testServer) open(t testing.TB, c call) *http.Response {
	t.Helper()
	response, err := plainClient.Do(s.request(t, c))
	require.NoError(t, err)
	return response
}

// do sends a request and reads the answer.
func (s *testServer) do(t testing.TB, c call) (*http.Response, string) {
	t.Helper()
	response := s.open(t, c)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response, string(text)
}

// compacted returns when a database is no longer being compacted.
func (s *testServer) compacted(t testing.TB, db string) {
	t.Helper()
	for strings.Contains(s.ok(t, "GET", "/"+db, ""), `"compact_running":true`) {
		require.NoError(t, t.Context().Err())
	}
}

// ok sends a request that must succeed and returns the text of the answer.
func (s *testServer) ok(t testing.TB, method, path, body string) string {
	t.Helper()
	response, text := s.do(t, call{method: method, path: path, body: body})
	require.Less(t, response.StatusCode, 300, "%s %s: %s", method, path, text)
	return text
}
