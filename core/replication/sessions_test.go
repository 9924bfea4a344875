package replication_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/internal/faultadapter"
	"github.com/gouchdb/gouchdb/core/replication"
)

func TestCheckpointDocuments(t *testing.T) {
	t.Parallel()
	source, target := open(t), open(t)
	fill(t, source, 0, 3)
	first := replicate(t, source, target, replication.Options{})
	fill(t, source, 3, 5)
	second := replicate(t, source, target, replication.Options{})

	stored := checkpointOf(t, source, second)
	assert.Equal(t, core.Rev{Hash: "4"}, stored.Rev, "each write carries the revision before it")
	assert.Equal(t, string(stored.Body), string(checkpointOf(t, target, second).Body))
	var body struct {
		Session string `json:"session_id"`
		Seq     int    `json:"source_last_seq"`
		History []struct {
			Session string `json:"session_id"`
			Start   int    `json:"start_last_seq"`
			Written int    `json:"docs_written"`
		}
	}
	require.NoError(t, json.Unmarshal(stored.Body, &body))
	assert.Equal(t, second.SessionID, body.Session)
	assert.Equal(t, 5, body.Seq)
	require.Len(t, body.History, 2)
	assert.Equal(t, second.SessionID, body.History[0].Session)
	assert.Equal(t, 3, body.History[0].Start)
	assert.Equal(t, 2, body.History[0].Written)
	assert.Equal(t, first.SessionID, body.History[1].Session)
}

func TestCheckpointModes(t *testing.T) {
	t.Parallel()
	for mode, want := range map[replication.CheckpointMode]struct{ source, target bool }{
		replication.CheckpointBoth:   {true, true},
		replication.CheckpointSource: {true, false},
		replication.CheckpointTarget: {false, true},
		replication.CheckpointNone:   {false, false},
	} {
		source, target := open(t), open(t)
		fill(t, source, 0, 5)
		options := replication.Options{Checkpoint: mode}
		result := replicate(t, source, target, options)
		assert.Equal(t, want.source, checkpointOf(t, source, result) != nil, mode)
		assert.Equal(t, want.target, checkpointOf(t, target, result) != nil, mode)
		again := replicate(t, source, target, options)
		if mode == replication.CheckpointNone {
			assert.Equal(t, 5, again.MissingChecked)
		} else {
			assert.Zero(t, again.MissingChecked, mode)
		}
		assert.Zero(t, again.DocsWritten)
	}
}

func TestCheckpointsByTime(t *testing.T) {
	t.Parallel()
	source, target := open(t), open(t)
	fill(t, source, 0, 20)
	var script faultadapter.Script
	clock := &clock{}
	var seqs []core.Seq
	replicate(t, source, script.Wrap("target", target), replication.Options{
		BatchSize: 2, Clock: clock, CheckpointInterval: 30 * time.Second,
		OnEvent: func(event replication.Event) {
			switch event.Type {
			case replication.EventChange:
				_ = clock.Sleep(context.Background(), 10*time.Second)
			case replication.EventCheckpoint:
				seqs = append(seqs, event.Seq)
			}
		},
	})
	assert.Equal(t, []core.Seq{"6", "12", "18", "20"}, seqs)
	assert.Equal(t, 4, script.Counts()[faultadapter.Call{Side: "target", Method: "Flush"}], "what a checkpoint tells of is durable")
}

func TestInterruptedRunIsResumed(t *testing.T) {
	t.Parallel()
	source, target := open(t), open(t)
	fill(t, source, 0, 100)
	script := faultadapter.FailOnce(faultadapter.Call{Side: "source", Method: "Changes", N: 7}, faultadapter.Fault{Before: core.ErrUnauthorized})
	options := replication.Options{BatchSize: 10}
	broken, err := replication.Run(t.Context(), script.Wrap("source", source), target, options)
	require.ErrorIs(t, err, core.ErrUnauthorized)
	assert.Equal(t, 60, broken.DocsWritten, "what was read before is written")
	assert.Equal(t, core.Seq("60"), broken.LastSeq)

	rest := replicate(t, source, target, options)
	assert.Equal(t, core.Seq("60"), rest.StartSeq)
	assert.Equal(t, 40, rest.MissingChecked)
	assert.Equal(t, leaves(t, source), leaves(t, target))
}

func TestRecreatedDatabasesBeginAnew(t *testing.T) {
	t.Parallel()
	source, target := open(t), open(t)
	fill(t, source, 0, 10)
	replicate(t, source, target, replication.Options{})

	other := open(t)
	assert.Equal(t, 10, replicate(t, source, other, replication.Options{}).DocsWritten)

	require.NoError(t, source.Destroy(t.Context()))
	source = open(t)
	fill(t, source, 0, 12) // what it had, and it has come as far as before
	assert.Equal(t, 2, replicate(t, source, target, replication.Options{}).DocsWritten)
}

// named opens a database with a fixed identity, as a copy of a database has, or a remote one that was made anew under its URL.
func named(t *testing.T, uuid string) *docstore.DB {
	return openWith(t, docstore.Options{NewUUID: func() string { return uuid }})
}

func TestSourceRestoredFromBackup(t *testing.T) {
	t.Parallel()
	source, target := named(t, "the source"), open(t)
	fill(t, source, 0, 10)
	backedUp := checkpointOf(t, source, replicate(t, source, target, replication.Options{}))
	fill(t, source, 10, 20)
	replicate(t, source, target, replication.Options{})

	restored := named(t, "the source")
	fill(t, restored, 0, 10)
	_, err := core.Put(t.Context(), restored, &core.Document{ID: backedUp.ID, Body: backedUp.Body})
	require.NoError(t, err)
	for i := range 15 { // written after the restoration, at sequences that the target's checkpoint has passed
		put(t, restored, "new"+docID(i), `{}`)
	}
	result := replicate(t, restored, target, replication.Options{})
	assert.Equal(t, core.Seq("10"), result.StartSeq)
	assert.Equal(t, 15, result.DocsWritten)
}

func TestTargetRestoredFromBackup(t *testing.T) {
	t.Parallel()
	source, target := open(t), named(t, "the target")
	fill(t, source, 0, 10)
	backedUp := checkpointOf(t, target, replicate(t, source, target, replication.Options{}))
	fill(t, source, 10, 20)
	replicate(t, source, target, replication.Options{})

	restored := named(t, "the target")
	fill(t, restored, 0, 10)
	_, err := core.Put(t.Context(), restored, &core.Document{ID: backedUp.ID, Body: backedUp.Body})
	require.NoError(t, err)
	result := replicate(t, source, restored, replication.Options{})
	assert.Equal(t, core.Seq("10"), result.StartSeq)
	assert.Equal(t, leaves(t, source), leaves(t, restored))
}

func TestUnreadableCheckpointIsAnError(t *testing.T) {
	t.Parallel()
	source, target := open(t), open(t)
	fill(t, source, 0, 10)
	replicate(t, source, target, replication.Options{})
	for _, side := range []string{"source", "target"} {
		script := faultadapter.FailOnce(faultadapter.Call{Side: side, Method: "Get", N: 1}, faultadapter.Fault{Before: core.ErrForbidden})
		result, err := replication.Run(t.Context(), script.Wrap("source", source), script.Wrap("target", target), replication.Options{})
		assert.ErrorIs(t, err, core.ErrForbidden, "beginning from zero would hide it")
		assert.ErrorContains(t, err, "reading the checkpoint of the "+side)
		assert.Zero(t, result.MissingChecked)
	}
}

func TestDamagedCheckpointIsReplaced(t *testing.T) {
	t.Parallel()
	source, target := open(t), open(t)
	fill(t, source, 0, 10)
	result := replicate(t, source, target, replication.Options{})
	_, err := core.Put(t.Context(), target, &core.Document{ID: core.LocalPrefix + result.ReplicationID, Body: []byte(`{"session_id":7}`)})
	require.NoError(t, err)
	assert.Equal(t, 10, replicate(t, source, target, replication.Options{}).MissingChecked)
	assert.Zero(t, replicate(t, source, target, replication.Options{}).MissingChecked)
}

// checkpointFaults makes writes of checkpoints to one side fail.
func checkpointFaults(side string, fault func(n int) faultadapter.Fault) *faultadapter.Script {
	n := 0
	return &faultadapter.Script{Decide: func(call faultadapter.Call, arguments any) faultadapter.Fault {
		docs, ok := arguments.([]*core.Document)
		if !ok || !core.IsLocalID(docs[0].ID) || side != "" && call.Side != side {
			return faultadapter.Fault{}
		}
		n++
		return fault(n)
	}}
}

func TestOneSideMayRefuseTheCheckpoint(t *testing.T) {
	t.Parallel()
	for _, side := range []string{"source", "target"} {
		source, target := open(t), open(t)
		fill(t, source, 0, 10)
		script := checkpointFaults(side, func(int) faultadapter.Fault { return faultadapter.Fault{Before: core.ErrForbidden} })
		var reported []*core.Error
		result := replicate(t, script.Wrap("source", source), script.Wrap("target", target), replication.Options{OnEvent: func(event replication.Event) {
			if event.Type == replication.EventCheckpointFailed {
				reported = append(reported, event.Err)
			}
		}})
		require.Len(t, result.CheckpointErrors, 1)
		assert.ErrorIs(t, result.CheckpointErrors[0], core.ErrForbidden)
		assert.ErrorContains(t, result.CheckpointErrors[0], "writing the checkpoint of the "+side)
		assert.Len(t, reported, 1)
		// The other side's note alone is not trusted, nor handed on: both would seem to have known it.
		assert.Equal(t, 10, replicate(t, source, target, replication.Options{}).MissingChecked)
		for _, db := range []core.Adapter{source, target} {
			assert.NotContains(t, string(checkpointOf(t, db, result).Body), result.SessionID)
		}
	}
}

func TestBothSidesRefusingTheCheckpointEndsTheRun(t *testing.T) {
	t.Parallel()
	source, target := open(t), open(t)
	fill(t, source, 0, 10)
	script := checkpointFaults("", func(int) faultadapter.Fault { return faultadapter.Fault{Before: core.ErrForbidden} })
	result, err := replication.Run(t.Context(), script.Wrap("source", source), script.Wrap("target", target), replication.Options{})
	assert.ErrorIs(t, err, core.ErrForbidden)
	assert.False(t, result.OK)
	assert.Equal(t, 10, result.DocsWritten)
}

func TestNoCheckpointWithoutDurability(t *testing.T) {
	t.Parallel()
	source, target := open(t), open(t)
	fill(t, source, 0, 10)
	script := faultadapter.Script{Decide: func(call faultadapter.Call, _ any) faultadapter.Fault {
		if call.Method == "Flush" {
			return faultadapter.Fault{Before: core.ErrStorageFull}
		}
		return faultadapter.Fault{}
	}}
	result, err := replication.Run(t.Context(), source, script.Wrap("target", target), replication.Options{})
	assert.ErrorIs(t, err, core.ErrStorageFull)
	for _, db := range []core.Adapter{source, target} {
		assert.Equal(t, core.Seq("0"), recordedSeq(t, checkpointOf(t, db, result)), "only the note that it has begun")
	}
}

// A database that compares revisions of local documents answers 409 to the repetition of a write whose answer was lost.
func TestConflictingCheckpointWrites(t *testing.T) {
	t.Parallel()
	lost := []faultadapter.Fault{{After: core.ErrUnreachable}, {Before: core.ErrConflict}}
	elsewhere := []faultadapter.Fault{{Before: core.ErrConflict}, {Before: core.ErrConflict}}
	for name, test := range map[string]struct {
		faults []faultadapter.Fault
		writes int
	}{
		"the answer was lost": {lost, 3},
		"another run wrote":   {elsewhere, 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source, target := open(t), open(t)
			fill(t, source, 0, 10)
			writes := 0
			script := checkpointFaults("target", func(n int) faultadapter.Fault {
				writes = n
				if n <= len(test.faults) {
					return test.faults[n-1]
				}
				return faultadapter.Fault{}
			})
			result := replicate(t, script.Wrap("source", source), script.Wrap("target", target), replication.Options{})
			assert.Empty(t, result.CheckpointErrors)
			assert.Equal(t, test.writes, writes)
			assert.Zero(t, replicate(t, source, target, replication.Options{}).MissingChecked)
		})
	}

	source, target := open(t), open(t)
	fill(t, source, 0, 10)
	script := checkpointFaults("target", func(int) faultadapter.Fault { return faultadapter.Fault{Before: core.ErrConflict} })
	result := replicate(t, source, script.Wrap("target", target), replication.Options{})
	require.Len(t, result.CheckpointErrors, 1)
	assert.ErrorIs(t, result.CheckpointErrors[0], core.ErrConflict, "it does not go on for ever")
}
