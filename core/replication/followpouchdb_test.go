package replication_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/internal/faultadapter"
	"github.com/gouchdb/gouchdb/core/replication"
)

// pouchNote is PouchDB's checkpoint of a replication from "a" to "b" that has come to the sequence 6.
const (
	pouchNote = "_local/GH70Q2Ei0cwvQNwrkvDroA=="
	pouchText = `{"session_id":"s","history":[{"last_seq":6,"session_id":"s"}],"replicator":"pouchdb","version":1,"last_seq":6}`
)

func TestFollowPouchDB(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name           string
		follow         bool
		source, target bool // which have the note
		start          core.Seq
		written        int
	}{
		{"noted by both", true, true, true, "6", 4},
		{"noted by the source alone", true, true, false, "", 10},
		{"noted by the target alone", true, false, true, "", 10},
		{"noted by neither", true, false, false, "", 10},
		{"not asked for", false, true, true, "", 10},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			source, target := named(t, "a"), named(t, "b")
			fill(t, source, 0, 10)
			if test.source {
				put(t, source, pouchNote, pouchText)
			}
			if test.target {
				put(t, target, pouchNote, pouchText)
			}
			options := replication.Options{FollowPouchDB: test.follow}
			result := replicate(t, source, target, options)
			assert.Equal(t, test.start, result.StartSeq)
			assert.Equal(t, test.written, result.DocsWritten)

			// From then on its own checkpoint counts, and nobody asks for PouchDB's.
			script := &faultadapter.Script{Decide: func(call faultadapter.Call, arguments any) faultadapter.Fault {
				if docID, is := arguments.(string); is && docID == pouchNote {
					return faultadapter.Fault{Before: core.ErrStorage}
				}
				return faultadapter.Fault{}
			}}
			assert.Equal(t, core.Seq("10"), replicate(t, script.Wrap("source", source), script.Wrap("target", target), options).StartSeq)
		})
	}
}

// A note that cannot be read is not one that is missing: what is replicated already would be looked at again.
func TestFollowPouchDBThatCannotBeAsked(t *testing.T) {
	t.Parallel()
	source, target := named(t, "a"), named(t, "b")
	fill(t, source, 0, 10)
	asked := 0
	script := &faultadapter.Script{Decide: func(call faultadapter.Call, arguments any) faultadapter.Fault {
		if docID, is := arguments.(string); is && strings.HasPrefix(docID, pouchNote) {
			asked++
			return faultadapter.Fault{Before: core.ErrStorage}
		}
		return faultadapter.Fault{}
	}}
	options := replication.Options{FollowPouchDB: true, Clock: &clock{}}
	options.Retry.Attempts = 1
	result, err := replication.Run(t.Context(), script.Wrap("source", source), target, options)
	require.ErrorIs(t, err, core.ErrStorage)
	assert.Zero(t, result.DocsWritten)
	assert.Equal(t, 1, asked)
}

// With a checkpoint at the source alone nothing has asked the target yet.
func TestATargetThatIsNotThere(t *testing.T) {
	t.Parallel()
	source, target := open(t), open(t)
	fill(t, source, 0, 10)
	options := replication.Options{Checkpoint: replication.CheckpointSource, Clock: &clock{}}
	replicate(t, source, target, options)
	options.Retry.Attempts = 1
	script := faultadapter.FailOnce(faultadapter.Call{Side: "target", Method: "Info", N: 1}, faultadapter.Fault{Before: core.ErrNoDatabase})
	_, err := replication.Run(t.Context(), source, script.Wrap("target", target), options)
	assert.ErrorIs(t, err, core.ErrNoDatabase)
}
