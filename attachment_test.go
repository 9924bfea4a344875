package gouchdb_test

import (
	"bytes"
	"io"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb"
)

// TestAttachments streams contents, small and large, through a file, a server and a replication.
func TestAttachments(t *testing.T) {
	t.Parallel()
	local := open(t, "file:"+filepath.Join(t.TempDir(), "db"))
	remote := remote(t)

	for _, size := range []int{0, 10, 5_000_000} {
		content := bytes.Repeat([]byte("a"), size)
		for name, db := range map[string]*gouchdb.DB{"local": local, "remote": remote} {
			docID := name + string(rune('a'+size%7))
			rev, err := db.PutAttachment(t.Context(), docID, "x", "", "image/png", bytes.NewReader(content))
			require.NoError(t, err)
			a, err := db.GetAttachment(t.Context(), docID, "x", rev)
			require.NoError(t, err)
			got, err := io.ReadAll(a)
			require.NoError(t, err)
			require.NoError(t, a.Close())
			require.True(t, bytes.Equal(content, got), "%s %d", name, size)
			assert.Equal(t, "image/png", a.ContentType)
			removed, err := db.RemoveAttachment(t.Context(), docID, "x", rev)
			require.NoError(t, err)
			_, err = db.GetAttachment(t.Context(), docID, "x", removed)
			require.ErrorIs(t, err, gouchdb.ErrMissing)
		}
	}
}
