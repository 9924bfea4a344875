package server_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/server"
)

func zip(t *testing.T, text string) string {
	t.Helper()
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	_, err := io.WriteString(w, text)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return zipped.String()
}

func TestBodyLimits(t *testing.T) {
	t.Parallel()
	s := start(t, server.Options{MaxRequestBytes: 10_000, MaxDocumentSize: 5_000})
	s.ok(t, "PUT", "/db", "")
	document := func(length int) string { return `{"x":"` + strings.Repeat("a", length) + `"}` }
	gzipped := map[string]string{"Content-Encoding": "gzip"}
	for _, test := range []struct {
		name, path, body string
		header           map[string]string
		status           int
		reason           string
	}{
		{"small enough", "/db/a", document(4000), nil, 201, ""},
		{"a document too large", "/db/b", document(6000), nil, 413, `"document_too_large","reason":"b"`},
		{"a request too large", "/db/c", document(20_000), nil, 413, "too_large"},
		{"compressed", "/db/d", zip(t, document(4000)), gzipped, 201, ""},
		{"compressed, a bomb", "/db/e", zip(t, document(5_000_000)), gzipped, 413, "too_large"},
		{"compressed, too large as it comes", "/db/f", zip(t, document(10)) + strings.Repeat("x", 20_000), gzipped, 413, "too_large"},
		{"not compressed as it says", "/db/g", document(10), gzipped, 400, "bad_request"},
		{"compressed, cut off", "/db/h", zip(t, document(1000))[:20], gzipped, 400, "bad_request"},
		{"compressed otherwise", "/db/i", document(10), map[string]string{"Content-Encoding": "br"}, 415, "bad_content_encoding"},
		{"deep, but small", "/db/j", `{"x":` + strings.Repeat("[", 2000) + strings.Repeat("]", 2000) + "}", nil, 201, ""},
	} {
		response, text := s.do(t, call{method: "PUT", path: test.path, body: test.body, header: test.header})
		assert.Equal(t, test.status, response.StatusCode, "%s: %s", test.name, text)
		assert.Contains(t, text, test.reason, test.name)
	}
	response, text := s.do(t, call{method: "POST", path: "/db", body: `{"_id":"named",` + document(6000)[1:]})
	assert.Equal(t, http.StatusRequestEntityTooLarge, response.StatusCode)
	assert.Contains(t, text, `"document_too_large","reason":"named"`)
	response, text = s.do(t, call{method: "POST", path: "/db/_bulk_docs", body: `{"docs":[{"_id":"fine"},` + document(6000) + `]}`})
	assert.Equal(t, http.StatusRequestEntityTooLarge, response.StatusCode, text)
	response, _ = s.do(t, call{path: "/db/fine"})
	assert.Equal(t, http.StatusNotFound, response.StatusCode, "nothing of a refused request is written")
}

// Without options the limits are CouchDB's, and what is announced to be larger is refused before it comes.
func TestDefaultLimits(t *testing.T) {
	t.Parallel()
	s := start(t, server.Options{})
	s.ok(t, "PUT", "/db", "")
	announce := func(path string, length int) (status int) {
		connection, err := net.Dial("tcp", s.http.Listener.Addr().String())
		require.NoError(t, err)
		defer func() { _ = connection.Close() }()
		_, err = fmt.Fprintf(connection, "PUT %s HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YWRtaW46cGFzc3dvcmQ=\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", path, length)
		require.NoError(t, err)
		response, err := http.ReadResponse(bufio.NewReader(connection), nil)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		return response.StatusCode
	}
	for _, test := range []struct {
		path string
		most int
	}{{"/db/a", 64 << 20}, {"/db/a/attachment", 1 << 30}} {
		assert.Equal(t, http.StatusContinue, announce(test.path, test.most), test.path)
		assert.Equal(t, http.StatusRequestEntityTooLarge, announce(test.path, test.most+1), test.path)
	}
	document := func(length int) string { return `{"x":"` + strings.Repeat("a", length-len(`{"x":""}`)) + `"}` }
	s.ok(t, "PUT", "/db/b", document(8_000_000))
	response, _ := s.do(t, call{method: "PUT", path: "/db/c", body: document(8_000_001)})
	assert.Equal(t, http.StatusRequestEntityTooLarge, response.StatusCode)
	response, _ = s.do(t, call{method: "POST", path: "/_session", auth: "none", body: `{"name":"admin","password":"password"}`})
	require.Len(t, response.Cookies(), 1)
	assert.Equal(t, 600, response.Cookies()[0].MaxAge)
}

// A body of unknown length is counted as it comes.
func TestChunkedBodyLimit(t *testing.T) {
	t.Parallel()
	s := start(t, server.Options{MaxRequestBytes: 1000})
	s.ok(t, "PUT", "/db", "")
	request := s.request(t, call{method: "PUT", path: "/db/a", body: `{"x":"` + strings.Repeat("a", 2000) + `"}`})
	request.ContentLength = -1
	response, err := plainClient.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	assert.Equal(t, http.StatusRequestEntityTooLarge, response.StatusCode)
}

// A client that stops in the middle of its body is dropped; one that waits for a feed is not.
func TestIOTimeout(t *testing.T) {
	t.Parallel()
	s := start(t, server.Options{IOTimeout: 100 * time.Millisecond})
	s.ok(t, "PUT", "/db", "")

	feed := s.open(t, call{path: "/db/_changes?feed=continuous&heartbeat=60"})
	defer func() { _ = feed.Body.Close() }()

	connection, err := net.Dial("tcp", s.http.Listener.Addr().String())
	require.NoError(t, err)
	defer func() { _ = connection.Close() }()
	_, err = fmt.Fprint(connection, "PUT /db/slow HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YWRtaW46cGFzc3dvcmQ=\r\nContent-Length: 100\r\n\r\n{")
	require.NoError(t, err)
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	assert.Equal(t, http.StatusRequestTimeout, response.StatusCode)

	// By then the feed has been open for longer than the timeout, and goes on for several times as long.
	lines := bufio.NewReader(feed.Body)
	for range 6 {
		_, err := lines.ReadString('\n')
		require.NoError(t, err)
	}
	s.ok(t, "PUT", "/db/late", `{}`)
	for {
		line, err := lines.ReadString('\n')
		require.NoError(t, err)
		if line != "\n" {
			assert.Contains(t, line, `"id":"late"`)
			break
		}
	}
}

// A client that does not read its answer is dropped.
func TestAnswersThatNobodyReadsEnd(t *testing.T) {
	t.Parallel()
	s := start(t, server.Options{IOTimeout: 100 * time.Millisecond})
	s.ok(t, "PUT", "/db", "")
	s.ok(t, "PUT", "/db/a/large", strings.Repeat("x", 32<<20)) // more than the buffers on the way hold
	connection, err := net.Dial("tcp", s.http.Listener.Addr().String())
	require.NoError(t, err)
	defer func() { _ = connection.Close() }()
	_, err = fmt.Fprint(connection, "GET /db/a/large HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YWRtaW46cGFzc3dvcmQ=\r\n\r\n")
	require.NoError(t, err)
	first := make([]byte, 1)
	_, err = connection.Read(first)
	require.NoError(t, err, "the answer has begun")
	closed := make(chan error)
	go func() { closed <- s.Close() }() // it waits for all answers
	select {
	case err := <-closed:
		require.NoError(t, err)
	case <-time.After(time.Minute):
		t.Fatal("the answer goes on for ever")
	}
}

func TestPurgeLimits(t *testing.T) {
	t.Parallel()
	s := start(t, server.Options{})
	s.ok(t, "PUT", "/db", "")
	var documents, revisions []string
	for i := range 101 {
		documents = append(documents, fmt.Sprintf(`"doc%d":["1-a"]`, i))
	}
	for i := range 1001 {
		revisions = append(revisions, fmt.Sprintf(`"1-%d"`, i))
	}
	response, text := s.do(t, call{method: "POST", path: "/db/_purge", body: "{" + strings.Join(documents, ",") + "}"})
	assert.Equal(t, http.StatusBadRequest, response.StatusCode)
	assert.Contains(t, text, "Exceeded maximum number of documents.")
	response, text = s.do(t, call{method: "POST", path: "/db/_purge", body: `{"doc":[` + strings.Join(revisions, ",") + "]}"})
	assert.Equal(t, http.StatusBadRequest, response.StatusCode)
	assert.Contains(t, text, "Exceeded maximum number of revisions.")
	s.ok(t, "POST", "/db/_purge", "{"+strings.Join(documents[:100], ",")+"}")
}
