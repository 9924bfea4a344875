package main

import (
	"context"
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReplicateCommand(t *testing.T) {
	t.Parallel()
	r := startServe(t, withPassword, "--memory", "--create", "source")
	for _, body := range []string{`{"_id":"a"}`, `{"_id":"b"}`, `{"_id":"c","_deleted":true}`} {
		status, text := r.do(t, "POST", "/source", body)
		require.Less(t, status, 300, text)
	}
	server := strings.Replace(r.url, "//", "//admin:hunter2@", 1)
	file := "file:" + filepath.Join(t.TempDir(), "copy.gouch")

	code, stdout, stderr := try(t, environment(nil), "replicate", server+"/source", file)
	require.Equal(t, exitOK, code, stderr)
	assert.Contains(t, stdout, "3 written")
	code, stdout, stderr = try(t, environment(nil), "replicate", "--create", "--json", file, server+"/target")
	require.Equal(t, exitOK, code, stderr)
	var result struct {
		OK          bool
		DocsWritten int `json:"docs_written"`
	}
	require.NoError(t, json.Unmarshal([]byte(stdout), &result))
	assert.True(t, result.OK)
	assert.Equal(t, 3, result.DocsWritten)
	_, text := r.do(t, "GET", "/target", "")
	assert.Contains(t, text, `"doc_del_count":1,"doc_count":2`)

	code, stdout, stderr = try(t, environment(nil), "replicate", strings.Replace(r.url, "//", "//admin:wrong@", 1)+"/source", file)
	assert.Equal(t, exitFailure, code)
	assert.Contains(t, stderr, "unauthorized")
	assert.NotContains(t, stdout+stderr, "wrong@")
	r.end(t)
}

// TestReplicateChosen copies a part of eight documents, one of which is in conflict and one a design document.
func TestReplicateChosen(t *testing.T) {
	t.Parallel()
	r := startServe(t, withPassword, "--memory", "--create", "source")
	for _, body := range []string{
		`{"new_edits":false,"docs":[{"_id":"d0","_rev":"1-a","n":0},{"_id":"d0","_rev":"1-b","n":0}]}`,
		`{"docs":[{"_id":"d1","n":1},{"_id":"d2","n":2},{"_id":"d3","n":3},{"_id":"d,4","n":4},{"_id":"d5","n":5},
			{"_id":"_design/d","filters":{"rest":"function (doc, req) { return doc.n % 2 == req.query.rest; }"},"views":{"small":{"map":"function (doc) { if (doc.n < 2) emit(); }"}}}]}`,
	} {
		status, text := r.do(t, "POST", "/source/_bulk_docs", body)
		require.Equal(t, http.StatusCreated, status, text)
	}
	server := strings.Replace(r.url, "//", "//admin:hunter2@", 1)
	for _, test := range []struct {
		flags   []string
		written int
	}{
		{nil, 8},
		{[]string{"--batch-size", "2", "--batches-limit", "1", "--checkpoint", "none"}, 8},
		{[]string{"--winning-revs-only"}, 7},
		{[]string{"--doc-ids", `["d1","d,4"]`}, 2},
		{[]string{"--doc-ids", `[]`}, 0},
		{[]string{"--selector", `{"n":{"$gt":2}}`}, 3},
		{[]string{"--view", "d/small"}, 3},
		{[]string{"--filter", "d/rest", "--query-params", `{"rest":1}`}, 3},
		{[]string{"--design-docs"}, 1},
		{[]string{"--since", "now"}, 0},
	} {
		file := "file:" + filepath.Join(t.TempDir(), "copy.gouch")
		code, stdout, stderr := try(t, environment(nil), append(append([]string{"replicate", "--json"}, test.flags...), server+"/source", file)...)
		require.Equal(t, exitOK, code, "%v: %s", test.flags, stderr)
		var result struct {
			DocsWritten int `json:"docs_written"`
		}
		require.NoError(t, json.Unmarshal([]byte(stdout), &result))
		assert.Equal(t, test.written, result.DocsWritten, "%v", test.flags)
	}
	r.end(t)
}

func TestReplicateLive(t *testing.T) {
	t.Parallel()
	r := startServe(t, withPassword, "--memory", "--create", "source,target")
	server := strings.Replace(r.url, "//", "//admin:hunter2@", 1)
	ctx, interrupt := context.WithCancel(t.Context())
	var stdout, stderr output
	ended := make(chan int)
	go func() {
		ended <- run(ctx, []string{"replicate", "--live", server + "/source", server + "/target"}, process{stdout: &stdout, stderr: &stderr, getenv: environment(nil)})
	}()
	says := func(text string) func() bool { return func() bool { return strings.Contains(stderr.String(), text) } }
	require.Eventually(t, says("up to date, 0 written"), 10*time.Second, time.Millisecond)
	r.do(t, "POST", "/source", `{"_id":"a"}`)
	require.Eventually(t, says("up to date, 1 written"), 10*time.Second, time.Millisecond)
	interrupt()
	assert.Equal(t, exitOK, <-ended)
	assert.Contains(t, stdout.String(), "1 written")
	r.end(t)
}
