package fetchhttp

import (
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net/textproto"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/internal/golden"
)

// TestRecordedUploads writes the documents with attachments that CouchDB's replicator was recorded writing, and expects the same request: path and query, the parts, what
// they are headed with, and what they hold. Only the compression that CouchDB adds to texts is not ours.
func TestRecordedUploads(t *testing.T) {
	t.Parallel()
	var file struct {
		Transcript []struct {
			Method, Path string
			Headers      map[string]string
			Body         []byte `json:"req_b64"`
			Length       int    `json:"req_length"` // of one that was not recorded whole
			Status       int
			Resp         json.RawMessage
		}
	}
	golden.Load(t, "replication/couchdb_push_attachments.json", &file)
	seen := 0
	for _, one := range file.Transcript {
		if one.Method != "PUT" || one.Body == nil || one.Length > 0 {
			continue
		}
		seen++
		want := recordedParts(t, one.Headers["content-type"], one.Body)
		doc, err := core.ParseDocument(want[0].content)
		require.NoError(t, err)
		for i := range doc.Attachments {
			a, sent := &doc.Attachments[i], &want[i+1]
			a.Follows, a.Data = false, sent.content
			// The digest is that of the compressed content, which no other server can know.
			a.Digest = core.FormatDigest(md5.Sum(sent.content))
		}
		server := always(one.Status, string(one.Resp))
		results, err := openFake(t, server, Options{}).BulkDocs(t.Context(), []*core.Document{doc}, core.BulkDocsOptions{Replicated: true})
		require.NoError(t, err)
		assert.Equal(t, doc.Rev, results[0].Rev)
		request := server.requests[0]
		assert.True(t, recorded{Method: one.Method, Path: one.Path}.sameForm(t, request), request.URL)
		content, err := request.Content(t.Context())
		require.NoError(t, err)
		body, err := io.ReadAll(content)
		require.NoError(t, err)
		require.NoError(t, content.Close())
		assert.Len(t, body, int(request.Length))
		got := recordedParts(t, request.Header["content-type"], body)
		require.Len(t, got, len(want))
		for i := 1; i < len(want); i++ {
			assert.Equal(t, want[i].header, got[i].header)
			assert.Equal(t, want[i].content, got[i].content)
		}
		assertSameDocument(t, want[0].content, got[0].content)
	}
	assert.Equal(t, 2, seen)
}

// assertSameDocument compares documents except for what is told of compression.
func assertSameDocument(t *testing.T, want, got []byte) {
	var documents [2]map[string]any
	for i, text := range [][]byte{want, got} {
		require.NoError(t, json.Unmarshal(text, &documents[i]))
		attachments, _ := documents[i]["_attachments"].(map[string]any)
		for _, a := range attachments {
			for _, name := range []string{"encoding", "encoded_length", "digest"} {
				delete(a.(map[string]any), name)
			}
		}
	}
	assert.Equal(t, documents[0], documents[1])
}

type recordedPart struct {
	header  textproto.MIMEHeader
	content []byte
}

// recordedParts reads a multipart body, and undoes compression.
func recordedParts(t *testing.T, contentType string, body []byte) (parts []recordedPart) {
	mediaType, parameters, err := mime.ParseMediaType(contentType)
	require.NoError(t, err)
	require.Equal(t, "multipart/related", mediaType)
	reader := multipart.NewReader(bytes.NewReader(body), parameters["boundary"])
	for {
		part, err := reader.NextRawPart()
		if err == io.EOF {
			return parts
		}
		require.NoError(t, err)
		content, err := io.ReadAll(part)
		require.NoError(t, err)
		if part.Header.Get("Content-Encoding") == "gzip" {
			plain, err := gzip.NewReader(bytes.NewReader(content))
			require.NoError(t, err)
			content, err = io.ReadAll(plain)
			require.NoError(t, err)
			part.Header.Del("Content-Encoding")
			part.Header.Del("Content-Length")
		}
		if length := part.Header.Get("Content-Length"); length != "" && part.Header.Get("Content-Type") == "text/plain" {
			part.Header.Del("Content-Length") // that of a compressed content is another
		}
		parts = append(parts, recordedPart{part.Header, content})
	}
}

// TestRecordedQuestionsForContents: the requests by which contents are fetched are of forms that CouchDB was recorded granting.
func TestRecordedQuestionsForContents(t *testing.T) {
	t.Parallel()
	openRevs := func(docID string, options core.OpenRevsOptions) func(*DB) error {
		options.Attachments = true
		return func(db *DB) error {
			_, err := db.OpenRevs(t.Context(), docID, options)
			return err
		}
	}
	for name, test := range map[string]struct {
		file string
		ask  func(*DB) error
	}{
		"revisions with contents": {"attachments.json", openRevs("a", core.OpenRevsOptions{
			Revs: []core.Rev{rev(t, "4-a42a00f8743d4bc0dd1c3fab88019521")}, WithRevisions: true, Latest: true})},
		"what came later": {"attachments.json", openRevs("a", core.OpenRevsOptions{
			Revs: []core.Rev{rev(t, "3-733840eaec51e702d2c6d41395511e0f"), rev(t, "9-zz")}, WithRevisions: true, AttsSince: []core.Rev{rev(t, "1-92f096789f592591b8cdcfa837d76f04")}})},
		"all leaves": {"attachments.json", openRevs("m", core.OpenRevsOptions{All: true})},
		"many documents with contents": {"attachments.json", func(db *DB) error {
			_, err := db.BulkGet(t.Context(), []core.DocRev{{ID: "gzm"}}, core.BulkGetOptions{Revs: true, Attachments: true})
			return err
		}},
		"one content": {"replication/pouchdb_pull_attachments.json", func(db *DB) error {
			_, err := db.GetAttachment(t.Context(), "large", "big.bin", rev(t, "1-5b6e2a3d800ffbdcc9d889e4507a6ff6"))
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := always(200, `{"results":[]}`, "content-type", "application/json")
			_ = test.ask(openFake(t, server, Options{})) // it is the request that counts
			granted := false
			for _, record := range recordings(t, test.file) {
				granted = granted || record.sameForm(t, server.requests[0])
			}
			assert.True(t, granted, "no request of this form was recorded: %s", server.requests[0].URL)
		})
	}
}
