package replication

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// What is known to be lost otherwise: a filtered run and then a full one copied nothing; "ab" and "c" shared checkpoints with "a" and "bc".
func TestReplicationIDTellsFlowsApart(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for name, id := range map[string]string{
		"plain":             replicationID("ab", "c", Options{}),
		"other names":       replicationID("a", "bc", Options{}),
		"other way":         replicationID("c", "ab", Options{}),
		"quotes":            replicationID(`ab","c`, "", Options{}),
		"two ids":           replicationID("ab", "c", Options{DocIDs: []string{"x", "y"}}),
		"one id":            replicationID("ab", "c", Options{DocIDs: []string{"x,y"}}),
		"no ids":            replicationID("ab", "c", Options{DocIDs: []string{}}),
		"since":             replicationID("ab", "c", Options{Since: "5-x"}),
		"winning revs only": replicationID("ab", "c", Options{WinningRevsOnly: true}),
	} {
		assert.Regexp(t, "^[0-9a-f]{32}$", id, name)
		assert.Empty(t, seen[id], "%s has the same id as %s", name, seen[id])
		seen[id] = name
	}
}

func TestReplicationIDIgnoresWhatDoesNotChangeTheFlow(t *testing.T) {
	t.Parallel()
	plain := replicationID("a", "b", Options{})
	// A change of the scheme shows here: it would rewind everybody's replications.
	assert.Equal(t, "5be6f19cf30655c4e10e8792c11af37e", plain)
	assert.Equal(t, plain, replicationID("a", "b", Options{BatchSize: 7, BatchesLimit: 1, BatchBytes: 9, Checkpoint: CheckpointSource}))
	assert.Equal(t, replicationID("a", "b", Options{DocIDs: []string{"x", "y"}}), replicationID("a", "b", Options{DocIDs: []string{"y", "x", "y"}}))
}
