//go:build !js

package regexps_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/mango"
	"github.com/gouchdb/gouchdb/internal/regexps"
)

// A pattern that would take years is given up, and the selector fails instead of not matching.
func TestBacktrackingIsBounded(t *testing.T) {
	t.Parallel()
	selector, err := mango.Parse([]byte(`{"a":{"$regex":"^(a+)+$"}}`), regexps.Compile)
	require.NoError(t, err)
	matches := func(text string) (bool, error) {
		doc, err := core.ParseDocument([]byte(`{"_id":"x","a":"` + text + `"}`))
		require.NoError(t, err)
		return selector.Matches(doc)
	}
	_, err = matches(strings.Repeat("a", 60) + "!")
	require.Error(t, err)
	assert.Equal(t, "regex_too_slow", core.AsError(err).Name)
	assert.Contains(t, err.Error(), "too many steps")
	for text, want := range map[string]bool{strings.Repeat("a", 60): true, strings.Repeat("a", 10) + "!": false} {
		got, err := matches(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got, text)
	}
}
