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
		"plain":             replicationID("ab", "c", Options{}, nil),
		"other names":       replicationID("a", "bc", Options{}, nil),
		"other way":         replicationID("c", "ab", Options{}, nil),
		"quotes":            replicationID(`ab","c`, "", Options{}, nil),
		"two ids":           replicationID("ab", "c", Options{DocIDs: []string{"x", "y"}}, nil),
		"one id":            replicationID("ab", "c", Options{DocIDs: []string{"x,y"}}, nil),
		"no ids":            replicationID("ab", "c", Options{DocIDs: []string{}}, nil),
		"since":             replicationID("ab", "c", Options{Since: "5-x"}, nil),
		"selector":          replicationID("ab", "c", Options{Selector: []byte(`{"a":[1,{"b":2}]}`)}, nil),
		"other selector":    replicationID("ab", "c", Options{Selector: []byte(`{"a":[{"b":2},1]}`)}, nil),
		"empty selector":    replicationID("ab", "c", Options{Selector: []byte(`{}`)}, nil),
		"view":              replicationID("ab", "c", Options{View: "d/x"}, []byte(`"one"`)),
		"changed view":      replicationID("ab", "c", Options{View: "d/x"}, []byte(`"two"`)),
		"filter":            replicationID("ab", "c", Options{DesignFilter: "d/x"}, []byte(`"one"`)),
		"with parameters":   replicationID("ab", "c", Options{DesignFilter: "d/x", QueryParams: []byte(`{"a":1}`)}, []byte(`"one"`)),
		"other parameters":  replicationID("ab", "c", Options{DesignFilter: "d/x", QueryParams: []byte(`{"a":"1"}`)}, []byte(`"one"`)),
		"design documents":  replicationID("ab", "c", Options{DesignDocs: true}, nil),
		"winning revs only": replicationID("ab", "c", Options{WinningRevsOnly: true}, nil),
	} {
		assert.Regexp(t, "^[0-9a-f]{32}$", id, name)
		assert.Empty(t, seen[id], "%s has the same id as %s", name, seen[id])
		seen[id] = name
	}
}

func TestReplicationIDIgnoresWhatDoesNotChangeTheFlow(t *testing.T) {
	t.Parallel()
	plain := replicationID("a", "b", Options{}, nil)
	// A change of the scheme shows here: it would rewind everybody's replications.
	assert.Equal(t, "5be6f19cf30655c4e10e8792c11af37e", plain)
	assert.Equal(t, plain, replicationID("a", "b", Options{BatchSize: 7, BatchesLimit: 1, BatchBytes: 9, Checkpoint: CheckpointSource}, nil))
	assert.Equal(t, replicationID("a", "b", Options{DocIDs: []string{"x", "y"}}, nil), replicationID("a", "b", Options{DocIDs: []string{"y", "x", "y"}}, nil))
	one := replicationID("a", "b", Options{Selector: []byte(`{"x":{"$gt":1,"$lt":[{"b":1,"a":"\u00e9"}]},"a":2}`)}, nil)
	other := replicationID("a", "b", Options{Selector: []byte(`{ "a":2, "x":{"$lt":[{"a":"é","b":1}],"$gt":3,"$gt":1} }`)}, nil)
	assert.Equal(t, one, other, "the order of members and white space mean nothing")
}
