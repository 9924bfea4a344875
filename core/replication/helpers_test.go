package replication_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/adapters/memory"
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/internal/faultadapter"
	"github.com/gouchdb/gouchdb/core/replication"
)

// open returns an empty database that is checked when the test ends.
func open(t testing.TB) *docstore.DB { return openWith(t, docstore.Options{}) }

func openWith(t testing.TB, options docstore.Options) *docstore.DB {
	t.Helper()
	db, err := memory.OpenWith(context.Background(), options)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// put writes a document, on top of its winner if there is one, and returns the new revision.
func put(t testing.TB, db core.Adapter, docID, body string) core.Rev {
	t.Helper()
	return edit(t, db, docID, false, body)
}

func remove(t testing.TB, db core.Adapter, docID, body string) core.Rev {
	t.Helper()
	return edit(t, db, docID, true, body)
}

func edit(t testing.TB, db core.Adapter, docID string, deleted bool, body string) core.Rev {
	t.Helper()
	doc := &core.Document{ID: docID, Deleted: deleted, Body: []byte(body)}
	winner, err := db.Get(t.Context(), docID, core.GetOptions{})
	if err == nil {
		doc.Rev = winner.Rev
	} else {
		require.ErrorIs(t, err, core.ErrMissing)
	}
	rev, err := core.Put(t.Context(), db, doc)
	require.NoError(t, err)
	return rev
}

// graft writes a revision with a made-up hash below the given one, as a replication from elsewhere does.
func graft(t testing.TB, db core.Adapter, docID string, parent core.Rev, hash, body string, deleted bool) core.Rev {
	t.Helper()
	doc := &core.Document{ID: docID, Deleted: deleted, Body: []byte(body), Rev: core.Rev{Generation: parent.Generation + 1, Hash: hash}}
	doc.Revisions = &core.Revisions{Start: doc.Rev.Generation, Hashes: []string{hash}}
	if !parent.IsZero() {
		doc.Revisions.Hashes = append(doc.Revisions.Hashes, parent.Hash)
	}
	results, err := db.BulkDocs(t.Context(), []*core.Document{doc}, core.BulkDocsOptions{Replicated: true})
	require.NoError(t, err)
	require.Nil(t, results[0].Err)
	return doc.Rev
}

// fill writes documents "d00000" and on.
func fill(t testing.TB, db core.Adapter, from, to int) {
	t.Helper()
	var docs []*core.Document
	for i := from; i < to; i++ {
		docs = append(docs, &core.Document{ID: docID(i), Body: []byte(`{"n":` + strconv.Itoa(i) + `}`)})
	}
	results, err := db.BulkDocs(t.Context(), docs, core.BulkDocsOptions{})
	require.NoError(t, err)
	for _, result := range results {
		require.Nil(t, result.Err)
	}
}

func docID(n int) string { return "d" + strconv.Itoa(100000 + n)[1:] }

// leaves describes all that a database holds: every leaf of every document, with its body and ancestry.
func leaves(t testing.TB, db core.Adapter) map[string][]string {
	t.Helper()
	changes, _, err := core.ListChanges(context.Background(), db, core.ChangesOptions{AllLeaves: true})
	require.NoError(t, err)
	all := make(map[string][]string, len(changes))
	for _, change := range changes {
		found, err := db.OpenRevs(context.Background(), change.ID, core.OpenRevsOptions{All: true, WithRevisions: true})
		require.NoError(t, err)
		var texts []string
		for _, leaf := range found {
			texts = append(texts, string(leaf.Doc.AppendJSON(nil)))
		}
		slices.Sort(texts)
		all[change.ID] = texts
	}
	return all
}

// replicate runs without a fault and requires success.
func replicate(t testing.TB, source, target core.Adapter, options replication.Options) *replication.Result {
	t.Helper()
	if options.Clock == nil {
		options.Clock = &clock{}
	}
	result, err := replication.Run(context.Background(), source, target, options)
	require.NoError(t, err)
	require.True(t, result.OK)
	return result
}

// clock does not wait: sleeping moves it on.
type clock struct {
	mutex  sync.Mutex
	now    time.Time
	sleeps []time.Duration
}

func (c *clock) Now() time.Time {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.now
}

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.now = c.now.Add(d)
	c.sleeps = append(c.sleeps, d)
	return ctx.Err()
}

// tally writes the counts of calls as "source.Changes 2, target.RevsDiff 1".
func tally(script *faultadapter.Script) string {
	var parts []string
	for call, n := range script.Counts() {
		parts = append(parts, call.Side+"."+call.Method+" "+strconv.Itoa(n))
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

// checkpointOf returns the stored checkpoint of one side, nil when there is none.
func checkpointOf(t testing.TB, db core.Adapter, result *replication.Result) *core.Document {
	t.Helper()
	if result.ReplicationID == "" { // the run did not get that far
		return nil
	}
	doc, err := db.Get(context.Background(), core.LocalPrefix+result.ReplicationID, core.GetOptions{})
	if errors.Is(err, core.ErrMissing) {
		return nil
	}
	require.NoError(t, err)
	return doc
}

// recordedSeq is the sequence that a checkpoint tells.
func recordedSeq(t testing.TB, checkpoint *core.Document) core.Seq {
	t.Helper()
	var body struct {
		Seq json.RawMessage `json:"source_last_seq"`
	}
	require.NoError(t, json.Unmarshal(checkpoint.Body, &body))
	return core.Seq(strings.Trim(string(body.Seq), `"`))
}

// slow delays the calls that a replication makes, except for Identity, which no adapter needs the network for.
type slow struct {
	core.Adapter
	delay time.Duration
}

func (s slow) Info(ctx context.Context) (core.Info, error) {
	time.Sleep(s.delay)
	return s.Adapter.Info(ctx)
}

func (s slow) Get(ctx context.Context, docID string, options core.GetOptions) (*core.Document, error) {
	time.Sleep(s.delay)
	return s.Adapter.Get(ctx, docID, options)
}

func (s slow) Changes(ctx context.Context, options core.ChangesOptions, each func(*core.Change) error) (core.ChangesSummary, error) {
	time.Sleep(s.delay)
	return s.Adapter.Changes(ctx, options, each)
}

func (s slow) BulkGet(ctx context.Context, requests []core.DocRev, options core.BulkGetOptions) ([]core.BulkGetResult, error) {
	time.Sleep(s.delay)
	return s.Adapter.BulkGet(ctx, requests, options)
}

func (s slow) RevsDiff(ctx context.Context, requests []core.DocRevs) ([]core.RevsDiff, error) {
	time.Sleep(s.delay)
	return s.Adapter.RevsDiff(ctx, requests)
}

func (s slow) BulkDocs(ctx context.Context, docs []*core.Document, options core.BulkDocsOptions) ([]core.BulkResult, error) {
	time.Sleep(s.delay)
	return s.Adapter.BulkDocs(ctx, docs, options)
}

func (s slow) Flush(ctx context.Context) error {
	time.Sleep(s.delay)
	return s.Adapter.Flush(ctx)
}
