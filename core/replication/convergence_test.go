package replication_test

import (
	"context"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/internal/faultadapter"
	"github.com/gouchdb/gouchdb/core/replication"
)

// world is a few replicas that people edit without knowing of one another. Everything in it follows from its seed.
type world struct {
	t        *testing.T
	random   *rand.Rand
	replicas []*docstore.DB
	// made lists every revision that was ever written somewhere. None may get lost.
	made map[string]map[core.Rev]bool
}

func newWorld(t *testing.T, seed uint64, replicas int) *world {
	w := &world{t: t, random: rand.New(rand.NewPCG(seed, 0)), made: map[string]map[core.Rev]bool{}}
	for range replicas {
		w.replicas = append(w.replicas, open(t))
	}
	return w
}

func (w *world) note(docID string, rev core.Rev) {
	if w.made[docID] == nil {
		w.made[docID] = map[core.Rev]bool{}
	}
	w.made[docID][rev] = true
}

func (w *world) body() string {
	return `{"v":` + strconv.Itoa(w.random.IntN(4)) + `,"pad":"` + strconv.FormatUint(w.random.Uint64N(1<<40), 36) + `"}`
}

// edit does something to a random document of a random replica.
func (w *world) edit() {
	db := w.replicas[w.random.IntN(len(w.replicas))]
	docID := []string{"a", "b", "c", "d", "e", "f", "_design/g", "ключ"}[w.random.IntN(8)]
	found, err := db.OpenRevs(context.Background(), docID, core.OpenRevsOptions{All: true, WithRevisions: true})
	if err != nil {
		require.ErrorIs(w.t, err, core.ErrMissing)
	}
	var alive, known []core.Rev // leaves that are not deleted; all leaves and their ancestors
	for _, leaf := range found {
		if !leaf.Doc.Deleted {
			alive = append(alive, leaf.Rev)
		}
		for i := range leaf.Doc.Revisions.Hashes {
			known = append(known, leaf.Doc.Revisions.Rev(i))
		}
	}
	switch choice := w.random.IntN(10); {
	case choice < 4:
		w.note(docID, put(w.t, db, docID, w.body())) // also writes a deleted document anew
	case choice < 6 && len(found) > 0:
		if _, err := db.Get(context.Background(), docID, core.GetOptions{}); err == nil {
			w.note(docID, remove(w.t, db, docID, []string{`{}`, `{"why":"deleted, with fields"}`}[w.random.IntN(2)]))
		}
	case choice < 8 && len(alive) > 0: // an edit or deletion of any leaf, winning or not
		leaf := alive[w.random.IntN(len(alive))]
		rev, err := core.Put(context.Background(), db, &core.Document{ID: docID, Rev: leaf, Deleted: w.random.IntN(3) == 0, Body: []byte(w.body())})
		require.NoError(w.t, err)
		w.note(docID, rev)
	default: // a branch from elsewhere: off any revision, or with no ancestor at all
		var parent core.Rev
		if len(known) > 0 && w.random.IntN(4) > 0 {
			parent = known[w.random.IntN(len(known))]
		}
		hash := "graft" + strconv.FormatUint(w.random.Uint64N(1<<40), 36)
		w.note(docID, graft(w.t, db, docID, parent, hash, w.body(), w.random.IntN(4) == 0))
	}
}

// pair chooses two replicas.
func (w *world) pair() (source, target core.Adapter) {
	order := w.random.Perm(len(w.replicas))
	return w.replicas[order[0]], w.replicas[order[1]]
}

func (w *world) options() replication.Options {
	options := replication.Options{
		BatchSize: 1 + w.random.IntN(5), BatchesLimit: 1 + w.random.IntN(3), BatchBytes: 1 + w.random.IntN(2000),
		Checkpoint: []replication.CheckpointMode{replication.CheckpointBoth, replication.CheckpointBoth, replication.CheckpointNone,
			replication.CheckpointSource, replication.CheckpointTarget}[w.random.IntN(5)],
		CheckpointInterval: 1 + time.Duration(w.random.IntN(2))*time.Hour, // with a standing clock: only at the end, or by retries
		Retry:              replication.RetryPolicy{Attempts: 1 + w.random.IntN(3)},
		Clock:              &hurriedClock{},
	}
	if w.random.IntN(5) == 0 {
		options.DocIDs = []string{"a", "c", "_design/g"}
	}
	return options
}

// hurriedClock goes on a second at each look, so that checkpoints are due all the time.
type hurriedClock struct{ clock }

func (c *hurriedClock) Now() time.Time {
	_ = c.Sleep(context.Background(), time.Second)
	return c.clock.Now()
}

// requireConvergence replicates without faults until nothing moves, then compares.
func (w *world) requireConvergence() {
	for round := 0; ; round++ {
		require.Less(w.t, round, 5, "no end of it")
		written := 0
		for i, source := range w.replicas {
			target := w.replicas[(i+1)%len(w.replicas)]
			push, pull, err := replication.Sync(context.Background(), source, target, replication.Options{Clock: &clock{}})
			require.NoError(w.t, err)
			written += push.DocsWritten + pull.DocsWritten
		}
		if written == 0 {
			break
		}
	}
	first := leaves(w.t, w.replicas[0])
	for i, db := range w.replicas {
		require.Equal(w.t, first, leaves(w.t, db), "replicas 0 and %d differ", i)
		var all []core.DocRevs
		for docID, revs := range w.made {
			request := core.DocRevs{ID: docID}
			for rev := range revs {
				request.Revs = append(request.Revs, rev)
			}
			all = append(all, request)
		}
		lost, err := db.RevsDiff(context.Background(), all)
		require.NoError(w.t, err)
		require.Empty(w.t, lost, "replica %d does not know these revisions", i)
		report, err := db.Check(context.Background())
		require.NoError(w.t, err)
		require.Empty(w.t, report.Problems)
	}
}

var (
	passing = core.ErrUnreachable
	lasting = core.NewError(418, "teapot", "this failure does not pass")
)

func somewhere(n int, err error) faultadapter.Fault {
	return []faultadapter.Fault{{Before: err}, {Midway: err}, {After: err}}[n]
}

// Any edits anywhere, any replications in any direction with any options, any failures: in the end all replicas hold the same, nothing that
// was ever written is lost, and no checkpoint told of documents that were not there.
func TestReplicasConverge(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		t.Run("seed "+strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, seed, 2+int(seed%3))
			for range 40 {
				for range w.random.IntN(5) {
					w.edit()
				}
				source, target := w.pair()
				failing, calls := 1+w.random.IntN(20), 0
				fault := somewhere(w.random.IntN(3), []error{passing, lasting}[w.random.IntN(2)])
				script := &faultadapter.Script{Decide: func(faultadapter.Call, any) faultadapter.Fault {
					if calls++; calls == failing {
						return fault
					}
					return faultadapter.Fault{}
				}}
				options := w.options()
				result, err := replication.Run(context.Background(), script.Wrap("source", source), script.Wrap("target", target), options)
				assert.Equal(t, err == nil, result.OK)
				if err != nil {
					require.GreaterOrEqual(t, calls, failing, "nothing had failed: %v", err)
				}
				requireTrueCheckpoints(t, source, target, result, options.DocIDs)
				if err == nil {
					requireAllThere(t, source, target, options.DocIDs)
				}
			}
			w.requireConvergence()
		})
	}
}

// The same, with each call failing in turn, once, in each way: the first failure of the nth call for all n that there are.
func TestEveryCallMayFail(t *testing.T) {
	t.Parallel()
	for i, failure := range []error{passing, lasting} {
		for way := range 3 {
			seed := uint64(3*i + way)
			t.Run(core.AsError(failure).Name+", seed "+strconv.FormatUint(seed, 10), func(t *testing.T) {
				t.Parallel()
				for n := 1; ; n++ {
					calls := failOneCall(t, seed, n, somewhere(way, failure), failure)
					if calls < n {
						require.Greater(t, n, 30)
						return
					}
				}
			})
		}
	}
}

// failOneCall lets the nth call of two replications fail and returns how many calls there were.
func failOneCall(t *testing.T, seed uint64, n int, fault faultadapter.Fault, failure error) (calls int) {
	w := newWorld(t, seed, 3)
	script := &faultadapter.Script{Decide: func(faultadapter.Call, any) faultadapter.Fault {
		if calls++; calls == n {
			return fault
		}
		return faultadapter.Fault{}
	}}
	for i := range 2 {
		for range 8 {
			w.edit()
		}
		source, target := w.replicas[i], w.replicas[i+1]
		options := replication.Options{BatchSize: 2, BatchesLimit: 2, Clock: &hurriedClock{}, CheckpointInterval: time.Second}
		before := calls
		result, err := replication.Run(context.Background(), script.Wrap("source", source), script.Wrap("target", target), options)
		requireTrueCheckpoints(t, source, target, result, nil)
		hit := before < n && n <= calls
		switch {
		case !hit || failure == passing:
			require.NoError(t, err, "call %d", n)
		case err == nil: // one side's checkpoint is all that may fail for good
			require.NotEmpty(t, result.CheckpointErrors, "call %d", n)
		default:
			require.ErrorIs(t, err, failure, "call %d", n)
		}
		if err == nil {
			requireAllThere(t, source, target, nil)
		}
	}
	w.requireConvergence()
	return calls
}

// requireAllThere requires that target has every leaf of source, of some documents or of all.
func requireAllThere(t *testing.T, source, target core.Adapter, docIDs []string) {
	t.Helper()
	var all []core.DocRevs
	_, err := source.Changes(context.Background(), core.ChangesOptions{AllLeaves: true, DocIDs: docIDs}, func(change *core.Change) error {
		all = append(all, core.DocRevs{ID: change.ID, Revs: change.Revs})
		return nil
	})
	require.NoError(t, err)
	lost, err := target.RevsDiff(context.Background(), all)
	require.NoError(t, err)
	require.Empty(t, lost, "a run that lost documents said ok")
}
