package replication

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
)

// The ids are those under which PouchDB 9 has noted replications between databases with these identities.
func TestPouchCheckpointID(t *testing.T) {
	t.Parallel()
	text, ok := pouchText("a", "b", Options{})
	require.True(t, ok)
	assert.Equal(t, "ab", text)
	assert.Equal(t, "_local/GH70Q2Ei0cwvQNwrkvDroA==", pouchCheckpointID(text))
	text, ok = pouchText("a", "b", Options{DocIDs: []string{"z", "c"}, Selector: []byte(`{"n":1}`)})
	require.True(t, ok)
	assert.Equal(t, `abc,z{"n":1}`, text)
	text, ok = pouchText("a", "b", Options{DesignFilter: "d/f", QueryParams: []byte(`{"b":2,"a":1}`)})
	require.True(t, ok)
	assert.Equal(t, `abd/f{"a":1,"b":2}`, text)
	_, ok = pouchText("a", "b", Options{WinningRevsOnly: true})
	assert.False(t, ok)
}

func TestParsePouchCheckpoint(t *testing.T) {
	t.Parallel()
	c := parsePouchCheckpoint([]byte(`{"session_id":"s2","history":[{"last_seq":7,"session_id":"s2"},{"last_seq":"3-x","session_id":"s1"}],"replicator":"pouchdb","version":1,"last_seq":7}`))
	require.NotNil(t, c)
	assert.Equal(t, core.Seq("7"), c.seq)
	older := parsePouchCheckpoint([]byte(`{"history":[{"last_seq":"3-x","session_id":"s1"}]}`))
	assert.Equal(t, core.Seq("3-x"), agree(c, older).seq)
	assert.Nil(t, parsePouchCheckpoint([]byte(`{"history":[]}`)))
	assert.Nil(t, parsePouchCheckpoint([]byte(`{}`)))
}
