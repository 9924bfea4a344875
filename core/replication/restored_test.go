package replication_test

import (
	"context"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/internal/faultadapter"
	"github.com/gouchdb/gouchdb/core/replication"
)

// restore opens what a database was when it had only its first documents, with the checkpoint that it had then, if it kept one.
func restore(t *testing.T, uuid string, documents int, checkpoint *core.Document) *docstore.DB {
	db := named(t, uuid)
	fill(t, db, 0, documents)
	if checkpoint != nil {
		_, err := core.Put(t.Context(), db, &core.Document{ID: checkpoint.ID, Body: checkpoint.Body})
		require.NoError(t, err)
	}
	return db
}

// One side alone keeps checkpoints, the other is restored from a backup, or made anew, and has gone on since: the last change that both had is missing there.
func TestOneSidedCheckpointThatLies(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		mode    replication.CheckpointMode
		backup  int // documents that the restored side has
		start   core.Seq
		written int
	}{
		"source restored":                           {replication.CheckpointTarget, 10, "10", 15},
		"source made anew":                          {replication.CheckpointTarget, 0, "", 15},
		"source restored to what it was in between": {replication.CheckpointTarget, 13, "10", 15},
		"target restored":                           {replication.CheckpointSource, 10, "10", 25},
		"target made anew":                          {replication.CheckpointSource, 0, "", 35},
		"nothing happened":                          {replication.CheckpointTarget, 20, "20", 15},
		"nothing happened, target":                  {replication.CheckpointSource, 20, "20", 15},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source, target := named(t, "the source"), named(t, "the target")
			options := replication.Options{Checkpoint: test.mode}
			fill(t, source, 0, 10)
			replicate(t, source, target, options)
			fill(t, source, 10, 20)
			replicate(t, source, target, options)
			if test.mode == replication.CheckpointTarget {
				source = restore(t, "the source", test.backup, nil)
			} else {
				target = restore(t, "the target", test.backup, nil)
			}
			for i := range 15 { // at sequences that the checkpoint has passed
				put(t, source, "new"+strconv.Itoa(i), `{}`)
			}
			result := replicate(t, source, target, options)
			assert.Equal(t, test.start, result.StartSeq)
			assert.Equal(t, test.written, result.DocsWritten)
			again := replicate(t, source, target, options)
			assert.Zero(t, again.MissingChecked)
		})
	}
}

// A side that does not take the question is trusted, as there is nothing else to go by.
func TestOneSidedCheckpointThatCannotBeConfirmed(t *testing.T) {
	t.Parallel()
	source, target := open(t), open(t)
	fill(t, source, 0, 10)
	options := replication.Options{Checkpoint: replication.CheckpointTarget}
	replicate(t, source, target, options)
	for _, failure := range []*core.Error{core.ErrForbidden, core.ErrMissing, core.ErrNotImplemented} {
		script := &faultadapter.Script{Decide: func(call faultadapter.Call, _ any) faultadapter.Fault {
			if call.Method == "RevsDiff" {
				return faultadapter.Fault{Before: failure}
			}
			return faultadapter.Fault{}
		}}
		assert.Equal(t, core.Seq("10"), replicate(t, script.Wrap("source", source), target, options).StartSeq)
	}
	script := faultadapter.FailOnce(faultadapter.Call{Side: "source", Method: "RevsDiff", N: 1}, faultadapter.Fault{Before: core.ErrStorage})
	options.Retry.Attempts = 1
	_, err := replication.Run(t.Context(), script.Wrap("source", source), target, options)
	assert.ErrorIs(t, err, core.ErrStorage)
}

// In the middle of a run a side becomes what it was before the run began, without any call failing: a proxy leads to another machine. Its checkpoint is the newest there is, and
// yet lacks what this run has written.
func TestRestoredInTheMiddleOfARun(t *testing.T) {
	t.Parallel()
	for _, side := range []string{"source", "target"} {
		for _, before := range []bool{false, true} { // whether there was a run before
			t.Run(side+" "+strconv.FormatBool(before), func(t *testing.T) {
				t.Parallel()
				source, target := named(t, "the source"), named(t, "the target")
				var checkpoint *core.Document
				documents := 0
				if before {
					fill(t, source, 0, 10)
					first := replicate(t, &changing{now: source}, &changing{now: target, name: "target"}, replication.Options{})
					checkpoint, documents = checkpointOf(t, target, first), 10
				}
				fill(t, source, documents, 50)
				from, to := &changing{now: source}, &changing{now: target, name: "target"}
				written := 0
				replicate(t, from, to, replication.Options{BatchSize: 5, BatchesLimit: 1, OnEvent: func(event replication.Event) {
					if event.Type != replication.EventChange {
						return
					}
					if written++; written != 4 {
						return
					}
					switch side {
					case "target":
						to.to(restore(t, "the target", documents, checkpoint))
					case "source":
						restored := restore(t, "the source", documents, checkpoint)
						for i := range 60 {
							put(t, restored, "new"+strconv.Itoa(i), `{}`)
						}
						from.to(restored)
					}
				}})
				requireAllThere(t, from.current(), to.current(), nil)
			})
		}
	}
}

// restoredDuringTheNote is a source that is restored from a backup while the note is being written that a run has begun, and comes back as another tells.
type restoredDuringTheNote struct {
	*changing
	backup core.Adapter
	gone   chan struct{}
	pages  atomic.Int64
}

func (r *restoredDuringTheNote) BulkDocs(ctx context.Context, docs []*core.Document, options core.BulkDocsOptions) ([]core.BulkResult, error) {
	select {
	case <-r.gone:
		return r.changing.BulkDocs(ctx, docs, options)
	default:
		r.to(r.backup)
		close(r.gone)
		return nil, core.ErrStorage
	}
}

func (r *restoredDuringTheNote) Changes(ctx context.Context, options core.ChangesOptions, each func(*core.Change) error) (core.ChangesSummary, error) {
	if r.pages.Add(1) == 2 {
		<-r.gone
	}
	return r.changing.Changes(ctx, options, each)
}

// The restored source takes the note all the same, and what it tells behind the change that had been read looks as if nothing had happened.
func TestRestoredWhileTheRunIsNoted(t *testing.T) {
	t.Parallel()
	source, target := named(t, "the source"), named(t, "the target")
	fill(t, source, 0, 10)
	from, to := &changing{now: source}, &changing{now: target, name: "target"}
	replicate(t, from, to, replication.Options{})
	put(t, source, "last", `{}`)

	restored := named(t, "the source")
	for i := range 9 { // at sequences that the checkpoint has passed
		put(t, restored, "new"+strconv.Itoa(i), `{}`)
	}
	put(t, restored, "last", `{}`)
	fill(t, restored, 0, 10)
	put(t, restored, docID(0), `{"again":true}`) // so that nothing is left where the last change was
	replicate(t, &restoredDuringTheNote{changing: from, backup: restored, gone: make(chan struct{})}, to, replication.Options{BatchSize: 1})
	requireAllThere(t, restored, target, nil)
}
