package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb"
)

// From a file to a dump, to a server, through a pipe, and to a file again, which then has little to fetch from the server.
func TestDumpAndLoad(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, second, out := filepath.Join(dir, "first.gouch"), filepath.Join(dir, "second.gouch"), filepath.Join(dir, "first.ndjson")
	db, err := gouchdb.Open(t.Context(), "file:"+first, gouchdb.Options{})
	require.NoError(t, err)
	rev, err := db.Put(t.Context(), "a", map[string]any{"n": 1})
	require.NoError(t, err)
	_, err = db.PutAttachment(t.Context(), "a", "x.txt", rev, "text/plain", strings.NewReader("hello"))
	require.NoError(t, err)
	require.NoError(t, db.Close())

	code, stdout, stderr := try(t, environment(nil), "dump", "--out", out, "file:"+first)
	require.Equal(t, exitOK, code, stderr)
	assert.Empty(t, stdout)
	assert.Contains(t, stderr, "dumped 1 documents with 1 current revisions, 1 attachments")
	code, _, stderr = try(t, environment(nil), "dump", "--out", out, "file:"+first)
	assert.Equal(t, exitFailure, code, "it is there already")
	assert.Contains(t, stderr, "first.ndjson")

	server := startServe(t, environment(nil), "--memory", "--no-auth")
	code, _, stderr = try(t, environment(nil), "load", "--create", "--in", out, server.url+"/notes")
	require.Equal(t, exitOK, code, stderr)
	code, text, stderr := try(t, environment(nil), "dump", server.url+"/notes")
	require.Equal(t, exitOK, code, stderr)
	assert.NotContains(t, text, dir, "where files are is nobody's business")

	var errs output
	code = run(t.Context(), []string{"load", "file:" + second}, process{stdin: strings.NewReader(text), stdout: &output{}, stderr: &errs, getenv: environment(nil)})
	require.Equal(t, exitOK, code, errs.String())
	for _, arguments := range [][]string{{server.url + "/notes", "file:" + second}, {"file:" + second, server.url + "/notes"}} {
		code, stdout, stderr = try(t, environment(nil), append([]string{"replicate"}, arguments...)...)
		require.Equal(t, exitOK, code, stderr)
		assert.Contains(t, stdout, "0 revisions looked at")
	}
	db, err = gouchdb.Open(t.Context(), "file:"+second, gouchdb.Options{})
	require.NoError(t, err)
	content, err := db.GetAttachment(t.Context(), "a", "x.txt", "")
	require.NoError(t, err)
	assert.Equal(t, int64(5), content.Length)
	require.NoError(t, content.Close())
	require.NoError(t, db.Close())

	require.NoError(t, os.WriteFile(out, []byte(text[:len(text)/2]), 0o600))
	code, _, stderr = try(t, environment(nil), "load", "--in", out, "memory:x")
	assert.Equal(t, exitFailure, code)
	assert.Contains(t, stderr, "damaged_dump")
}
