package fetchhttp

import (
	"encoding/base64"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/internal/golden"
)

// TestRecordedParts: answers of CouchDB with contents beside the documents, some of them compressed.
func TestRecordedParts(t *testing.T) {
	t.Parallel()
	var file struct {
		Cases []struct {
			Path    string
			Headers map[string]string `json:"resp_headers"`
			Status  int
			Text    string `json:"resp_text"`
			Bytes   []byte `json:"resp_b64"`
		}
	}
	golden.Load(t, "attachments.json", &file)
	seen := 0
	for _, one := range file.Cases {
		if !strings.Contains(one.Path, "open_revs=") || !strings.HasPrefix(one.Headers["content-type"], "multipart/mixed") {
			continue
		}
		seen++
		body := one.Text + string(one.Bytes)
		docID := strings.TrimPrefix(one.Path[:strings.Index(one.Path, "?")], "/{db}/")
		server := always(one.Status, body, "content-type", one.Headers["content-type"])
		db := openFake(t, server, Options{})
		revs, err := db.OpenRevs(t.Context(), docID, core.OpenRevsOptions{All: true, Attachments: true})
		require.NoError(t, err, one.Path)
		require.Equal(t, "multipart/mixed, application/json", server.requests[0].Header["accept"])
		require.Equal(t, 1, server.count())
		require.Equal(t, strings.Count(body, "application/json\r\n"), count(revs, true), one.Path)
		require.Equal(t, strings.Count(body, `error="true"`), count(revs, false))
		for _, rev := range revs {
			if rev.Doc == nil {
				continue
			}
			for i := range rev.Doc.Attachments {
				a := &rev.Doc.Attachments[i]
				require.False(t, a.Follows)
				if a.Stub {
					continue
				}
				require.Len(t, a.Data, int(a.Length), a.Name)
				if a.ContentType == "text/plain" {
					assert.True(t, strings.HasPrefix(string(a.Data), "The quick") || strings.ContainsAny(string(a.Data), "abcdefgh"), "not compressed any more")
				}
			}
		}
	}
	assert.Equal(t, 7, seen)
}

func count(revs []core.OpenRev, found bool) (n int) {
	for _, rev := range revs {
		if (rev.Doc != nil) == found {
			n++
		}
	}
	return n
}

const mixed = "multipart/mixed; boundary=b"

// inParts is an answer with one document, and what follows it.
func inParts(document string, contents ...string) string {
	body := "--b\r\nContent-Type: multipart/related; boundary=c\r\n\r\n--c\r\nContent-Type: application/json\r\n\r\n" + document
	for _, content := range contents {
		body += "\r\n--c\r\n" + content
	}
	return body + "\r\n--c--\r\n--b--"
}

func TestPartsThatAreWrong(t *testing.T) {
	t.Parallel()
	one := `{"_id":"a","_rev":"1-a","_attachments":{"x":{"content_type":"text/plain","revpos":1,"digest":"md5-XUFAKrxLKna5cZ2REBfFkg==","length":5,"follows":true}}}`
	for name, test := range map[string]struct {
		body string
		err  *core.Error
	}{
		"cut in a content":    {strings.TrimSuffix(inParts(one, "\r\nhello"), "lo\r\n--c--\r\n--b--"), core.ErrUnreachable},
		"cut after the parts": {strings.TrimSuffix(inParts(one, "\r\nhello"), "\r\n--b--"), core.ErrUnreachable},
		"a content too few":   {inParts(one), core.ErrUnreachable},
		"too short":           {inParts(one, "\r\nhell"), core.ErrNotCouchDB},
		"too long":            {inParts(one, "\r\nhello!"), core.ErrNotCouchDB},
		"another document":    {inParts(strings.Replace(one, `"a"`, `"b"`, 1), "\r\nhello"), core.ErrNotCouchDB},
		"no document":         {inParts("hello", "\r\nhello"), core.ErrNotCouchDB},
		"not missing":         {"--b\r\nContent-Type: application/json; error=\"true\"\r\n\r\n{}\r\n--b--", core.ErrNotCouchDB},
		"malformed":           {"--b\r\nhello\r\n\r\nhi\r\n--b--", core.ErrNotCouchDB},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := openFake(t, always(200, test.body, "content-type", mixed), Options{})
			_, err := db.OpenRevs(t.Context(), "a", core.OpenRevsOptions{All: true, Attachments: true})
			require.ErrorIs(t, err, test.err)
		})
	}
}

// TestPartsByName: contents are told apart by their names where these are told.
func TestPartsByName(t *testing.T) {
	t.Parallel()
	document := `{"_id":"a","_rev":"1-a","_attachments":{"x":{"length":3,"follows":true},"say \"y\"":{"length":3,"follows":true}}}`
	body := inParts(document, "Content-Disposition: attachment; filename=\"say \\\"y\\\"\"\r\n\r\nyyy", "Content-Disposition: attachment; filename=\"x\"\r\n\r\nxxx")
	db := openFake(t, always(200, body, "content-type", mixed), Options{})
	revs, err := db.OpenRevs(t.Context(), "a", core.OpenRevsOptions{All: true, Attachments: true})
	require.NoError(t, err)
	assert.Equal(t, "xxx", string(revs[0].Doc.Attachment("x").Data))
	assert.Equal(t, "yyy", string(revs[0].Doc.Attachment(`say "y"`).Data))
}

// TestUnknownEncoding: what cannot be undone is asked for as JSON.
func TestUnknownEncoding(t *testing.T) {
	t.Parallel()
	document := `{"_id":"a","_rev":"1-a","_attachments":{"x":{"length":5,"follows":true}}}`
	server := script(t, reply(200, inParts(document, "Content-Encoding: br\r\n\r\n...."), "content-type", mixed),
		reply(200, `[{"ok":{"_id":"a","_rev":"1-a","_attachments":{"x":{"data":"aGVsbG8="}}}}]`, "content-type", "application/json"))
	db := openFake(t, server, Options{})
	revs, err := db.OpenRevs(t.Context(), "a", core.OpenRevsOptions{All: true, Attachments: true})
	require.NoError(t, err)
	assert.Equal(t, "hello", string(revs[0].Doc.Attachment("x").Data))
	assert.Equal(t, "application/json", server.requests[1].Header["accept"])
	assert.Contains(t, server.requests[1].URL, "attachments=true")
}

// TestLongParts: what is too long to be held is not read before it is wanted, and old contents stay stubs.
func TestLongParts(t *testing.T) {
	t.Parallel()
	text := func(how string) string {
		return `{"_id":"a","_rev":"2-b","_revisions":{"start":2,"ids":["b","a"]},"_attachments":{"old":{"length":3,"revpos":1,"stub":true},` +
			`"x":{"length":5000000,"revpos":2,` + how + `}}}`
	}
	server := script(t, reply(200, inParts(text(`"follows":true`), "\r\n"+strings.Repeat("x", 100)), "content-type", mixed),
		reply(200, `[{"ok":`+text(`"stub":true`)+`}]`), reply(200, "content"))
	db := openFake(t, server, Options{})
	revs, err := db.OpenRevs(t.Context(), "a", core.OpenRevsOptions{All: true, Attachments: true, AttsSince: []core.Rev{rev(t, "1-a")}, WithRevisions: true})
	require.NoError(t, err)
	assert.NotContains(t, server.requests[1].URL, "attachments=true")
	assert.True(t, revs[0].Doc.Attachment("old").Stub)
	reader, err := revs[0].Doc.Attachment("x").Open(t.Context(), 3)
	require.NoError(t, err)
	content, err := io.ReadAll(reader)
	require.NoError(t, err)
	assert.Equal(t, "tent", string(content))
	require.NoError(t, reader.Close())
	assert.Equal(t, testURL+"/a/x?rev=2-b", server.requests[2].URL)
}

// TestCompressedPart is the smallest case of a compressed content, and of one that is longer than it should be.
func TestCompressedPart(t *testing.T) {
	t.Parallel()
	zipped, err := base64.StdEncoding.DecodeString("H4sIAAAAAAAAA8tIzcnJBwCGphA2BQAAAA==")
	require.NoError(t, err)
	for length, want := range map[string]error{"5": nil, "4": core.ErrNotCouchDB} {
		body := inParts(`{"_id":"a","_rev":"1-a","_attachments":{"x":{"length":`+length+`,"follows":true}}}`, "Content-Encoding: gzip\r\n\r\n"+string(zipped))
		db := openFake(t, always(200, body, "content-type", mixed), Options{})
		revs, err := db.OpenRevs(t.Context(), "a", core.OpenRevsOptions{All: true, Attachments: true})
		require.ErrorIs(t, err, want)
		if want == nil {
			assert.Equal(t, "hello", string(revs[0].Doc.Attachment("x").Data))
		}
	}
}
