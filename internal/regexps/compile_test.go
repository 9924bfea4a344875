package regexps_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/internal/regexps"
)

func TestCompile(t *testing.T) {
	t.Parallel()
	compiled, err := regexps.Compile(`^É(?!x)\p{L}$`, true)
	require.NoError(t, err)
	for text, want := range map[string]bool{"éa": true, "ÉÅ": true, "éx": false, "é1": false} {
		matches, err := compiled.MatchString(text)
		require.NoError(t, err)
		assert.Equal(t, want, matches, text)
	}
	_, err = regexps.Compile(`(`, false)
	assert.Error(t, err)
}
