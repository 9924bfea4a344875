package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/adapters/file"
	"github.com/gouchdb/gouchdb/core"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "db")
	db, err := file.Open(t.Context(), path, file.Options{})
	require.NoError(t, err)
	_, err = db.BulkDocs(t.Context(), []*core.Document{
		{ID: "good", Body: []byte(`{"text":"` + strings.Repeat("good", 100) + `"}`)},
		{ID: "bad", Body: []byte(`{"text":"` + strings.Repeat("evil", 100) + `"}`)},
	}, core.BulkDocsOptions{})
	require.NoError(t, err)
	require.NoError(t, db.Compact(t.Context()))
	require.NoError(t, db.Close())

	code, stdout, stderr := try(t, environment(nil), "check", path)
	assert.Equal(t, exitOK, code, stderr)
	assert.Contains(t, stdout, "Everything is as it must be.")
	code, _, stderr = try(t, environment(nil), "check", path+"x")
	assert.Equal(t, exitFailure, code)
	assert.Contains(t, stderr, "no such file")

	content, err := os.ReadFile(path)
	require.NoError(t, err)
	content[bytes.LastIndex(content, []byte("evil"))] ^= 1
	require.NoError(t, os.WriteFile(path, content, 0o600))
	code, stdout, stderr = try(t, environment(nil), "check", path)
	assert.Equal(t, exitFailure, code)
	assert.Contains(t, stdout, "its checksum is wrong")
	assert.Contains(t, stdout, `a body of document "bad" cannot be read`)
	assert.Contains(t, stderr, "--salvage")

	saved := filepath.Join(t.TempDir(), "saved")
	code, stdout, stderr = try(t, environment(nil), "check", "--salvage", saved, path)
	assert.Equal(t, exitOK, code, stderr)
	assert.Contains(t, stdout, "Salvaged 1 documents whole")
	assert.Contains(t, stdout, `document "bad", revision 1-`)
	code, stdout, _ = try(t, environment(nil), "check", saved)
	assert.Equal(t, exitOK, code)
	assert.Contains(t, stdout, "1 documents")
	code, _, stderr = try(t, environment(nil), "check", "--salvage", saved, path)
	assert.Equal(t, exitFailure, code)
	assert.Contains(t, stderr, "is there already")
}
