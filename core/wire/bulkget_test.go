package wire

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
)

// TestBulkGetInAnyOrder: members may come in any order, and others between them; of several of a name the last counts.
func TestBulkGetInAnyOrder(t *testing.T) {
	t.Parallel()
	results, err := ParseBulkGetResults([]byte(` {"more":{"results":[7]}, "results":[7], "results" : [ 7,
		{"docs":[{"x":[{"ok":1}],"ok":{"_id":"a","_rev":"1-a"}}, {"error":{"id":"a","rev":"2-b","error":"not_found","reason":"missing"}}],"more":{"docs":[]},"id":"a"},
		{"id":"b","docs":null} ],"more":1} `))
	require.NoError(t, err)
	require.Len(t, results, 3)
	assert.Equal(t, core.BulkGetResult{}, results[0])
	assert.Equal(t, core.BulkGetResult{ID: "b"}, results[2])
	require.Equal(t, "a", results[1].ID)
	docs := results[1].Docs
	require.Len(t, docs, 2)
	require.Nil(t, docs[0].Err)
	assert.Equal(t, "1-a", docs[0].Doc.Rev.String())
	assert.Equal(t, "2-b", docs[1].Rev.String())
	require.ErrorIs(t, docs[1].Err, core.ErrMissing)
	assert.Equal(t, "a", docs[1].Err.ID)
}
