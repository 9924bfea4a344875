package replication_test

import (
	"context"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/internal/faultadapter"
	"github.com/gouchdb/gouchdb/core/replication"
)

func TestConflictsAndDeletionsTravel(t *testing.T) {
	t.Parallel()
	source, target := open(t), open(t)
	put(t, source, "plain", `{"a":1}`)
	first := put(t, source, "conflict", `{"v":0}`)
	put(t, source, "conflict", `{"v":1}`)
	graft(t, source, "conflict", first, "xyz", `{"v":"other"}`, false)
	graft(t, source, "conflict", first, "abc", `{"v":"deleted branch"}`, true)
	graft(t, source, "conflict", core.Rev{}, "elsewhere", `{"v":"no common ancestor"}`, false)
	put(t, source, "gone", `{}`)
	remove(t, source, "gone", `{"type":"note","why":"fields of a deletion survive"}`)
	put(t, source, "again", `{"life":1}`)
	remove(t, source, "again", `{}`)
	put(t, source, "again", `{"life":2}`)
	put(t, source, "_design/app", `{"language":"query"}`)
	put(t, source, "ключ/ 🐦?", `{"unicode":"\ud83d\udc26"}`)

	result := replicate(t, source, target, replication.Options{})

	assert.Equal(t, leaves(t, source), leaves(t, target))
	assert.Equal(t, replication.Counts{MissingChecked: 9, MissingFound: 9, DocsRead: 9, DocsWritten: 9}, result.Counts)
	info, err := source.Info(t.Context())
	require.NoError(t, err)
	assert.Equal(t, info.UpdateSeq, result.LastSeq)

	// What is resolved on one side is resolved on the other.
	remove(t, target, "conflict", `{}`)
	replicate(t, target, source, replication.Options{})
	assert.Equal(t, leaves(t, source), leaves(t, target))
}

func TestNothingToDoIsCheap(t *testing.T) {
	t.Parallel()
	source, target := open(t), open(t)
	fill(t, source, 0, 10)
	replicate(t, source, target, replication.Options{})

	var script faultadapter.Script
	result := replicate(t, script.Wrap("source", source), script.Wrap("target", target), replication.Options{})
	assert.Equal(t, "source.Changes 1, source.Get 1, source.Identity 1, target.Get 1, target.Identity 1", tally(&script))
	assert.Equal(t, replication.Counts{}, result.Counts)
	assert.Equal(t, result.StartSeq, result.LastSeq)
}

func TestManyDocumentsInBatches(t *testing.T) {
	t.Parallel()
	const count = 5000
	source, target := open(t), open(t)
	fill(t, source, 0, count)

	var script faultadapter.Script
	result := replicate(t, script.Wrap("source", source), script.Wrap("target", target), replication.Options{BatchSize: 250})
	assert.Equal(t, leaves(t, source), leaves(t, target))
	assert.Equal(t, count, result.DocsWritten)
	// 20 full pages and the end; of the 20 batches the first is fetched in two parts, because nobody knows yet how large documents are.
	counts := script.Counts()
	assert.Equal(t, 21, counts[faultadapter.Call{Side: "source", Method: "Changes"}])
	assert.Equal(t, 21, counts[faultadapter.Call{Side: "source", Method: "BulkGet"}])
	assert.Equal(t, 21, counts[faultadapter.Call{Side: "target", Method: "BulkDocs"}]-2, "two of the writes are checkpoints")
	assert.LessOrEqual(t, counts[faultadapter.Call{Side: "target", Method: "RevsDiff"}], 6, "the target was empty: asking is of little use")

	fill(t, source, count, count+10)
	result = replicate(t, source, target, replication.Options{BatchSize: 250})
	assert.Equal(t, replication.Counts{MissingChecked: 10, MissingFound: 10, DocsRead: 10, DocsWritten: 10}, result.Counts)
}

func TestWhatIsThereIsNotCopied(t *testing.T) {
	t.Parallel()
	source, target := open(t), open(t)
	fill(t, source, 0, 50)
	fill(t, target, 0, 40) // the same documents have the same revisions
	result := replicate(t, source, target, replication.Options{})
	assert.Equal(t, replication.Counts{MissingChecked: 50, MissingFound: 10, DocsRead: 10, DocsWritten: 10}, result.Counts)
}

func TestRevsLimitsMayDiffer(t *testing.T) {
	t.Parallel()
	source, target := open(t), open(t)
	require.NoError(t, target.SetRevsLimit(t.Context(), 3))
	for round := range 4 {
		for i := range 5 {
			put(t, source, "doc", `{"round":`+strconv.Itoa(round*5+i)+`}`)
		}
		replicate(t, source, target, replication.Options{})
		replicate(t, target, source, replication.Options{})
		for _, db := range []core.Adapter{source, target} {
			doc, err := db.Get(t.Context(), "doc", core.GetOptions{Conflicts: true, Revs: true})
			require.NoError(t, err)
			assert.Equal(t, uint64(5*round+5), doc.Rev.Generation)
			assert.Empty(t, doc.Conflicts)
			if db == core.Adapter(target) {
				assert.Len(t, doc.Revisions.Hashes, 3)
			}
		}
	}
}

func TestDocIDsThenEverything(t *testing.T) {
	t.Parallel()
	source, target := open(t), open(t)
	fill(t, source, 0, 20)
	some := replication.Options{DocIDs: []string{docID(3), docID(5), "unknown"}}
	var script faultadapter.Script
	assert.Equal(t, 2, replicate(t, script.Wrap("source", source), target, some).DocsWritten)
	assert.Len(t, leaves(t, target), 2)
	assert.Equal(t, 1, script.Counts()[faultadapter.Call{Side: "source", Method: "Changes"}], "what the filter leaves out is not pending")

	// The filtered run has a checkpoint of its own, which moves over what it leaves out.
	script = faultadapter.Script{}
	again := replicate(t, script.Wrap("source", source), script.Wrap("target", target), some)
	assert.Equal(t, replication.Counts{}, again.Counts)
	assert.Equal(t, 1, script.Counts()[faultadapter.Call{Side: "source", Method: "Changes"}])

	none := replication.Options{DocIDs: []string{}}
	assert.Zero(t, replicate(t, source, target, none).MissingChecked)
	assert.Equal(t, core.Seq("20"), replicate(t, source, target, none).StartSeq)

	assert.Equal(t, 18, replicate(t, source, target, replication.Options{}).DocsWritten)
	assert.Equal(t, leaves(t, source), leaves(t, target))
}

func TestWinningRevsOnly(t *testing.T) {
	t.Parallel()
	source, target := open(t), open(t)
	put(t, source, "doc", `{"v":"winner"}`)
	put(t, source, "doc", `{"v":"winner, still"}`)
	graft(t, source, "doc", core.Rev{}, "loser", `{"v":"loser"}`, false)
	assert.Equal(t, 1, replicate(t, source, target, replication.Options{WinningRevsOnly: true}).DocsWritten)
	doc, err := target.Get(t.Context(), "doc", core.GetOptions{Conflicts: true})
	require.NoError(t, err)
	assert.JSONEq(t, `{"v":"winner, still"}`, string(doc.Body))
	assert.Empty(t, doc.Conflicts)

	assert.Equal(t, 1, replicate(t, source, target, replication.Options{}).DocsWritten)
	assert.Equal(t, leaves(t, source), leaves(t, target))
}

// P#5883, P#4651: a revision is the pair of generation and hash, and roots without a common ancestor are a conflict like any other.
func TestRevisionsThatLookAlike(t *testing.T) {
	t.Parallel()
	source, target := open(t), open(t)
	first := graft(t, source, "same", core.Rev{}, "a", `{"v":1}`, false)
	graft(t, source, "roots", core.Rev{}, "a", `{"v":"one"}`, false)
	replicate(t, source, target, replication.Options{})
	graft(t, source, "same", first, "a", `{"v":2}`, false)
	graft(t, source, "roots", core.Rev{}, "b", `{"v":"other"}`, false)
	assert.Equal(t, 2, replicate(t, source, target, replication.Options{}).DocsWritten)
	assert.Equal(t, leaves(t, source), leaves(t, target))
	assert.Len(t, leaves(t, target)["roots"], 2)
}

// A purge is no edit: it does not travel, and a peer that still has the revision brings it back.
func TestPurgedRevisionsComeBack(t *testing.T) {
	t.Parallel()
	one, other := open(t), open(t)
	rev := put(t, one, "doc", `{"v":1}`)
	replicate(t, one, other, replication.Options{})
	all := leaves(t, one)
	_, err := one.Purge(t.Context(), []core.DocRevs{{ID: "doc", Revs: []core.Rev{rev}}})
	require.NoError(t, err)
	assert.Empty(t, leaves(t, one))
	assert.Zero(t, replicate(t, one, other, replication.Options{}).DocsWritten)
	assert.Equal(t, all, leaves(t, other))
	assert.Equal(t, 1, replicate(t, other, one, replication.Options{}).DocsWritten)
	assert.Equal(t, all, leaves(t, one))
}

// A server may answer with fewer rows than it was asked for.
type shortPages struct{ core.Adapter }

func (s shortPages) Changes(ctx context.Context, options core.ChangesOptions, each func(*core.Change) error) (core.ChangesSummary, error) {
	options.Limit = min(options.Limit, 3)
	return s.Adapter.Changes(ctx, options, each)
}

func TestShortPagesAreNotTheEnd(t *testing.T) {
	t.Parallel()
	source, target := open(t), open(t)
	fill(t, source, 0, 20)
	assert.Equal(t, 20, replicate(t, shortPages{source}, target, replication.Options{}).DocsWritten)
}

// P#9032: since was ignored when checkpoints were off.
func TestSince(t *testing.T) {
	t.Parallel()
	source := open(t)
	fill(t, source, 0, 10)
	info, err := source.Info(t.Context())
	require.NoError(t, err)
	fill(t, source, 10, 13)
	for _, mode := range []replication.CheckpointMode{replication.CheckpointNone, replication.CheckpointBoth} {
		result := replicate(t, source, open(t), replication.Options{Since: info.UpdateSeq, Checkpoint: mode})
		assert.Equal(t, 3, result.DocsWritten)
		assert.Equal(t, info.UpdateSeq, result.StartSeq)
	}

	target := open(t)
	fromNow := replication.Options{Since: core.Now}
	assert.Zero(t, replicate(t, source, target, fromNow).DocsWritten)
	fill(t, source, 13, 15)
	assert.Equal(t, 2, replicate(t, source, target, fromNow).DocsWritten, "now was when it first ran")
}

func TestSync(t *testing.T) {
	t.Parallel()
	a, b := open(t), open(t)
	put(t, a, "both", `{"from":"a"}`)
	put(t, b, "both", `{"from":"b"}`)
	put(t, a, "a", `{}`)
	put(t, b, "b", `{}`)
	directions := map[replication.Direction]int{}
	push, pull, err := replication.Sync(t.Context(), a, b, replication.Options{OnEvent: func(event replication.Event) {
		directions[event.Direction] += len(event.Docs)
	}})
	require.NoError(t, err)
	assert.True(t, push.OK && pull.OK)
	assert.Equal(t, leaves(t, a), leaves(t, b))
	assert.Equal(t, 2, push.DocsWritten)
	assert.Equal(t, 2, pull.DocsWritten)
	assert.Equal(t, map[replication.Direction]int{replication.Push: 2, replication.Pull: 2}, directions)
}

func TestSyncGoesOnInTheOtherDirection(t *testing.T) {
	t.Parallel()
	a, b := open(t), open(t)
	put(t, a, "a", `{}`)
	put(t, b, "b", `{}`)
	readOnly := &faultadapter.Script{Decide: func(call faultadapter.Call, arguments any) faultadapter.Fault {
		if docs, ok := arguments.([]*core.Document); ok && !core.IsLocalID(docs[0].ID) {
			return faultadapter.Fault{Before: core.ErrUnauthorized}
		}
		return faultadapter.Fault{}
	}}
	push, pull, err := replication.Sync(t.Context(), a, readOnly.Wrap("b", b), replication.Options{})
	assert.ErrorIs(t, err, core.ErrUnauthorized)
	assert.False(t, push.OK)
	assert.True(t, pull.OK)
	assert.Len(t, leaves(t, a), 2)
}

func TestPeersThatCannotBe(t *testing.T) {
	t.Parallel()
	db := open(t)
	_, err := replication.Run(t.Context(), db, db, replication.Options{})
	assert.ErrorIs(t, err, core.ErrBadRequest)
	assert.ErrorContains(t, err, "same database")

	// A database that is not there answers 404 to the question for its checkpoint, too.
	gone := &faultadapter.Script{Decide: func(call faultadapter.Call, _ any) faultadapter.Fault {
		if call.Side == "gone" && call.Method != "Identity" {
			return faultadapter.Fault{Before: core.ErrNoDatabase}
		}
		return faultadapter.Fault{}
	}}
	_, err = replication.Run(t.Context(), db, gone.Wrap("gone", open(t)), replication.Options{})
	assert.ErrorIs(t, err, core.ErrNoDatabase, "even if there is nothing to copy")
	_, err = replication.Run(t.Context(), gone.Wrap("gone", open(t)), db, replication.Options{})
	assert.ErrorIs(t, err, core.ErrNoDatabase)

	closed := open(t)
	require.NoError(t, closed.Close())
	_, err = replication.Run(t.Context(), db, closed, replication.Options{})
	assert.ErrorIs(t, err, core.ErrClosed)
}
