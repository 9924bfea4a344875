//go:build !js

package regexps_test

import (
	"strings"
	"testing"
	"time"

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
	doc, err := core.ParseDocument([]byte(`{"_id":"x","a":"` + strings.Repeat("a", 60) + `!"}`))
	require.NoError(t, err)
	began := time.Now()
	_, err = selector.Matches(doc)
	require.Error(t, err)
	assert.Equal(t, "regex_too_slow", core.AsError(err).Name)
	assert.Less(t, time.Since(began), 30*time.Second)
}
