package server_test

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/server"
)

// TestAttachmentsInParts reads documents with their attachments as CouchDB's replicator asks for them.
func TestAttachmentsInParts(t *testing.T) {
	t.Parallel()
	s := start(t, server.Options{})
	s.ok(t, "PUT", "/db", "")
	s.ok(t, "PUT", "/db/a", `{"_attachments":{"x \"y\"":{"content_type":"text/plain","data":"aGVsbG8="},"z":{"content_type":"image/png","data":"aGk="}}}`)
	requireRelated := func(contentType string, body io.Reader) {
		mediaType, parameters, err := mime.ParseMediaType(contentType)
		require.NoError(t, err)
		require.Equal(t, "multipart/related", mediaType)
		parts := multipart.NewReader(body, parameters["boundary"])
		first, err := parts.NextRawPart()
		require.NoError(t, err)
		text, err := io.ReadAll(first)
		require.NoError(t, err)
		assert.Equal(t, 2, strings.Count(string(text), `"follows":true`))
		for _, want := range []struct{ name, contentType, content string }{{`x "y"`, "text/plain", "hello"}, {"z", "image/png", "hi"}} {
			part, err := parts.NextRawPart()
			require.NoError(t, err)
			content, err := io.ReadAll(part)
			require.NoError(t, err)
			assert.Equal(t, want.content, string(content))
			assert.Equal(t, want.name, part.FileName())
			assert.Equal(t, want.contentType, part.Header.Get("Content-Type"))
			assert.Equal(t, fmt.Sprint(len(want.content)), part.Header.Get("Content-Length"))
		}
		_, err = parts.NextRawPart()
		assert.Equal(t, io.EOF, err)
	}
	related := s.open(t, call{path: "/db/a?attachments=true", header: map[string]string{"Accept": "multipart/related"}})
	requireRelated(related.Header.Get("Content-Type"), related.Body)
	require.NoError(t, related.Body.Close())

	mixed := s.open(t, call{path: "/db/a?open_revs=all&revs=true", header: map[string]string{"Accept": "multipart/mixed"}})
	defer func() { _ = mixed.Body.Close() }()
	_, parameters, err := mime.ParseMediaType(mixed.Header.Get("Content-Type"))
	require.NoError(t, err)
	outer, err := multipart.NewReader(mixed.Body, parameters["boundary"]).NextRawPart()
	require.NoError(t, err)
	requireRelated(outer.Header.Get("Content-Type"), outer)
}

// TestAttachmentsRunNoScripts: an attachment is served from the origin of the database, and of applications beside it.
func TestAttachmentsRunNoScripts(t *testing.T) {
	t.Parallel()
	s := start(t, server.Options{})
	s.ok(t, "PUT", "/db", "")
	s.ok(t, "PUT", "/db/a", `{"_attachments":{"x.html":{"content_type":"text/html","data":"PHNjcmlwdD4="},"x.svg":{"content_type":"image/svg+xml","data":"PHN2Zz4="}}}`)
	for _, request := range []call{{path: "/db/a/x.html"}, {path: "/db/a/x.svg"}, {path: "/db/a/x.html", header: map[string]string{"Range": "bytes=0-3"}}} {
		response, _ := s.do(t, request)
		assert.Equal(t, "sandbox", response.Header.Get("Content-Security-Policy"), request.path)
		assert.Equal(t, "nosniff", response.Header.Get("X-Content-Type-Options"), request.path)
	}
}

func TestRelatedThatIsNotWhatItSays(t *testing.T) {
	t.Parallel()
	s := start(t, server.Options{})
	s.ok(t, "PUT", "/db", "")
	header := map[string]string{"Content-Type": `multipart/related; boundary="b"`}
	for name, body := range map[string]string{
		"nothing":         "",
		"no end":          "--b\r\n\r\n{\"_attachments\":{\"x\":{\"follows\":true,\"length\":5}}}\r\n--b\r\n\r\nhel",
		"no part":         "--b\r\n\r\n{\"_attachments\":{\"x\":{\"follows\":true,\"length\":5}}}\r\n--b--",
		"too short":       "--b\r\n\r\n{\"_attachments\":{\"x\":{\"follows\":true,\"length\":5}}}\r\n--b\r\n\r\nhell\r\n--b--",
		"not what it was": "--b\r\n\r\n{\"_attachments\":{\"x\":{\"follows\":true,\"length\":5,\"digest\":\"md5-1B2M2Y8AsgTpgAmY7PhCfg==\"}}}\r\n--b\r\n\r\nhello\r\n--b--",
		"not gzip":        "--b\r\n\r\n{\"_attachments\":{\"x\":{\"follows\":true,\"length\":5}}}\r\n--b\r\nContent-Encoding: gzip\r\n\r\nhello\r\n--b--",
	} {
		response, text := s.do(t, call{method: "PUT", path: "/db/a", header: header, body: body})
		assert.Equal(t, http.StatusBadRequest, response.StatusCode, "%s: %s", name, text)
		response, _ = s.do(t, call{path: "/db/a"})
		assert.Equal(t, http.StatusNotFound, response.StatusCode, "%s: nothing is written", name)
	}
}

// TestLargeAttachmentsPass: what comes in and goes out in pieces is the same, and ranges of it are.
func TestLargeAttachmentsPass(t *testing.T) {
	t.Parallel()
	s := start(t, server.Options{})
	s.ok(t, "PUT", "/db", "")
	content := bytes.Repeat([]byte("0123456789abcdef"), 400_000)
	response, text := s.do(t, call{method: "PUT", path: "/db/a/x", header: map[string]string{"Content-Type": "video/mp4"}, body: string(content)})
	require.Equal(t, http.StatusCreated, response.StatusCode, text)
	_, text = s.do(t, call{path: "/db/a/x"})
	require.True(t, string(content) == text)
	response, text = s.do(t, call{path: "/db/a/x", header: map[string]string{"Range": "bytes=5000003-5000017"}})
	require.Equal(t, http.StatusPartialContent, response.StatusCode)
	require.Equal(t, string(content[5000003:5000018]), text)
	require.Equal(t, "bytes 5000003-5000017/6400000", response.Header.Get("Content-Range"))
	for _, notARange := range []string{"bytes=--2", "bytes=+1-2", "bytes=1-+2", "bytes=-1-2", "bytes= 1-2", "bytes=0x1-2"} {
		response, text = s.do(t, call{path: "/db/a/x", header: map[string]string{"Range": notARange}})
		assert.Equal(t, http.StatusOK, response.StatusCode, notARange)
		assert.Len(t, text, len(content), notARange)
	}
}

// What expands to more than an attachment may hold is refused, whatever length the document tells.
func TestRelatedThatExpands(t *testing.T) {
	t.Parallel()
	s := start(t, server.Options{MaxAttachmentBytes: 100_000})
	s.ok(t, "PUT", "/db", "")
	put := func(length int) (int, string) {
		document := fmt.Sprintf(`{"_attachments":{"x":{"follows":true,"length":%d}}}`, length)
		body := "--b\r\n\r\n" + document + "\r\n--b\r\nContent-Encoding: gzip\r\n\r\n" + zip(t, strings.Repeat("x", length)) + "\r\n--b--"
		response, text := s.do(t, call{method: "PUT", path: "/db/a", header: map[string]string{"Content-Type": `multipart/related; boundary="b"`}, body: body})
		return response.StatusCode, text
	}
	status, text := put(100_001)
	assert.Equal(t, http.StatusRequestEntityTooLarge, status, text)
	status, text = put(100_000)
	assert.Equal(t, http.StatusCreated, status, text)
}
