package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A file that is not there is no source, and is not there afterwards; nor is the target.
func TestASourceMustBeThere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	missing, target := "file:"+filepath.Join(dir, "missing.gouch"), "file:"+filepath.Join(dir, "target.gouch")
	for _, args := range [][]string{{"dump", missing}, {"replicate", missing, target}} {
		code, stdout, stderr := try(t, environment(nil), args...)
		assert.Equal(t, exitFailure, code, args)
		assert.Empty(t, stdout, args)
		assert.Contains(t, stderr, "missing.gouch", args)
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		assert.Empty(t, entries, args)
	}
}
