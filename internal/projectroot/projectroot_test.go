package projectroot

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPath(t *testing.T) {
	text, err := os.ReadFile(Path("go.mod"))
	require.NoError(t, err)
	assert.Contains(t, string(text), "module github.com/gouchdb/gouchdb\n")

	t.Chdir(t.TempDir())
	assert.FileExists(t, Path("internal", "projectroot", "projectroot.go"), "whoever reads it from elsewhere")
	assert.Empty(t, find(), "there is no repository around a folder for scratch")
}
