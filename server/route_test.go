package server_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/server"
)

// CouchDB drops the empty segments of a path, so that slashes too many, mostly the last one, mean nothing.
func TestSlashesTooMany(t *testing.T) {
	t.Parallel()
	s := start(t, server.Options{})
	s.ok(t, "PUT", "/db/", "")
	s.ok(t, "PUT", "/db//a/", `{"n":1}`)
	s.ok(t, "PUT", "/db/f//x//y/", "content")
	s.ok(t, "PUT", "/db/_design//d/", `{"views":{"v":{"map":"function (doc) { emit(doc.n) }"}}}`)
	for path, clean := range map[string]string{
		"/_all_dbs/":               "/_all_dbs",
		"/db/":                     "/db",
		"/db/_all_docs/":           "/db/_all_docs",
		"/db//_changes//":          "/db/_changes",
		"/db/a/":                   "/db/a",
		"/db/f//x/y":               "/db/f/x/y",
		"/db/_design/d//_view//v/": "/db/_design/d/_view/v",
	} {
		response, text := s.do(t, call{path: path})
		assert.Equal(t, http.StatusOK, response.StatusCode, "%s: %s", path, text)
		assert.Equal(t, s.ok(t, "GET", clean, ""), text, path)
	}
	response, _ := s.do(t, call{path: "/db//_design%2Fd"})
	assert.Equal(t, http.StatusMovedPermanently, response.StatusCode)
	assert.Equal(t, s.http.URL+"/db/_design/d", response.Header.Get("Location"))
}

// A path that begins with two slashes names no host.
func TestSlashesTooManyInFront(t *testing.T) {
	t.Parallel()
	s := start(t, server.Options{})
	s.ok(t, "PUT", "/db", "")
	connection, err := net.Dial("tcp", s.http.Listener.Addr().String())
	require.NoError(t, err)
	defer func() { _ = connection.Close() }()
	_, err = io.WriteString(connection, "GET //db HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YWRtaW46cGFzc3dvcmQ=\r\n\r\n")
	require.NoError(t, err)
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	assert.Contains(t, string(text), `"db_name":"db"`)
}
