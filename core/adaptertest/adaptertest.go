// Package adaptertest is the conformance suite of all adapters: one script, the same answers everywhere. An adapter is done when
// [Run] passes, not before.
//
// The cases assert what CouchDB does. What an adapter cannot do, or does in another way because the server behind it is not
// CouchDB, it has to name as a [Capability] that it lacks; cases that need it are left out and listed. Cases that run
// everywhere assume nothing of the form of revision ids and sequences.
package adaptertest

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
)

// Capability is something that an adapter may lack.
type Capability string

// What an adapter may lack.
const (
	RevisionIDs       Capability = "new edits get CouchDB's revision ids"
	DeletedStatus     Capability = "RevsInfo tells tombstones from other revisions"
	LatestIsWinner    Capability = "a read of a revision with Latest answers with the winner"
	LeafOrder         Capability = "leaves come in CouchDB's order"
	Offsets           Capability = "listings tell how many rows are before them"
	Pending           Capability = "the feed tells how much is left"
	DeletedCount      Capability = "Info counts deleted documents"
	DeletedReason     Capability = "a read of a deleted document says that it was deleted"
	DeletedConflicts  Capability = "reads tell conflicts that are deleted"
	LocalSeq          Capability = "reads tell the sequence of a document"
	LocalRevisions    Capability = "local documents get CouchDB's revisions 0-N"
	TombstoneConflict Capability = "an edit of a deleted document's tombstone is a conflict"
	BornDeleted       Capability = "a document may begin as a tombstone, whose body is kept"
	NewIDs            Capability = "documents without an id get one"
	BatchRefusal      Capability = "an illegal document fails its whole batch"
	CleanRefusals     Capability = "an edit that is refused within a batch leaves no trace"
	KnownIsIgnored    Capability = "a replicated revision that is known takes no sequence"
	InnerKnown        Capability = "revisions count as known when their bodies are not there"
	OldEndedEarly     Capability = "replicated ancestors extend what was cut off"
	RevsLimit         Capability = "old revisions are forgotten"
	AttachmentHistory Capability = "attachments keep the generation that they came with, AttsSince is followed, and one that is not there cannot be removed"
	InnerBodies       Capability = "bodies of revisions that are not leaves stay until a compaction"
	Compaction        Capability = "Compact removes bodies before it returns"
	Purge             Capability = "leaves can be purged"
	DeepJSON          Capability = "bodies may be nested 100,000 levels deep"
	LargeDocuments    Capability = "bodies may have almost 8,000,000 bytes"
	SizeLimit         Capability = "bodies of more than 8,000,000 bytes are refused"
	LongIDs           Capability = "ids may have 60,000 bytes"
	WideIDs           Capability = "listings show documents whose ids are not in Latin-1"
	UnusualIDs        Capability = "ids may hold control characters and anything else of Unicode"
	Snapshots         Capability = "listings and feeds do not see writes that came after they began"
	SequenceErrors    Capability = "what is not a sequence is refused"
	FilteredSequence  Capability = "a feed of some documents passes all others over"
	ServerFilters     Capability = "a feed is filtered by a selector, or to design documents only"
	WaitingFeed       Capability = "the feed waits for changes"
	ClosedErrors      Capability = "calls on a closed database, and waiting ones, fail with ErrClosed"
	Persistence       Capability = "what was written is there after reopening"
	Queries           Capability = "Mango queries are answered: the adapter is a core.Finder"
	WholeMango        Capability = "finds have bookmarks, statistics and conflicts, sort without an index, know partial indexes, tell their ranges, and are refused as CouchDB refuses them"
	Views             Capability = "map/reduce views in JavaScript are answered: the adapter is a core.Viewer"
	WholeViews        Capability = "queries of views start at a document and follow links to revisions, need not update the view, are refused as CouchDB refuses them; ViewInfo and ViewCleanup answer"
	TemporaryViews    Capability = "functions that no design document has can be queried: the adapter is a core.TemporaryViewer"
	NewIdentity       Capability = "a database that was destroyed and made again has another identity"
)

// Harness is how the suite gets at an adapter.
type Harness struct {
	// Open returns a new, empty database. It removes it when the test ends. Names are lower-case letters, digits and dashes.
	Open func(t *testing.T, name string) core.Adapter
	// Reopen closes the database, if it is not closed, and opens it again. It may be nil if Persistence is lacking.
	Reopen func(t *testing.T, db core.Adapter, name string) core.Adapter
	// Lacks lists what the adapter cannot do.
	Lacks []Capability
	// Slow says that every call takes milliseconds: long scripts are shortened.
	Slow bool
	// Serial runs one case after the other.
	Serial bool
}

// Checker is an adapter that can be searched for contradictions. All cases end with it.
type Checker interface {
	Check(ctx context.Context) (docstore.Report, error)
}

// testCase is one thing that an adapter has to do.
type testCase struct {
	name  string
	needs []Capability
	run   func(f *fixture)
}

// groups are the cases by what they are about.
var groups = []struct {
	name  string
	cases []testCase
}{
	{"get", getCases},
	{"openrevs", openRevsCases},
	{"bulkget", bulkGetCases},
	{"edit", editCases},
	{"batch", batchCases},
	{"replicated", replicatedCases},
	{"alldocs", allDocsCases},
	{"changes", changesCases},
	{"filter", filterCases},
	{"wait", waitCases},
	{"revsdiff", revsDiffCases},
	{"local", localCases},
	{"limits", limitCases},
	{"ids", idCases},
	{"attachments", attachmentCases},
	{"forget", forgetCases},
	{"concurrent", concurrentCases},
	{"queries", queryCases},
	{"views", viewCases},
	{"viewoptions", viewOptionCases},
	{"life", lifeCases},
}

// Run runs all cases that the adapter does not lack the capability for.
func Run(t *testing.T, h Harness) {
	if h.Reopen == nil {
		require.Contains(t, h.Lacks, Persistence, "a harness that cannot reopen has to say so")
	}
	var leftOut []string
	for _, group := range groups {
		for _, c := range group.cases {
			name := group.name + "/" + c.name
			if missing := slices.IndexFunc(c.needs, func(need Capability) bool { return slices.Contains(h.Lacks, need) }); missing >= 0 {
				leftOut = append(leftOut, name+": lacks: "+string(c.needs[missing]))
				continue
			}
			t.Run(name, func(t *testing.T) {
				if !h.Serial {
					t.Parallel()
				}
				c.run(newFixture(t, &h, group.name+"-"+c.name))
			})
		}
	}
	slices.Sort(leftOut)
	if len(leftOut) > 0 {
		t.Logf("left out:\n%s", strings.Join(leftOut, "\n"))
	}
}

// newFixture opens a database that is checked when the test ends.
func newFixture(t *testing.T, h *Harness, name string) *fixture {
	f := &fixture{T: t, ctx: t.Context(), harness: h, name: databaseName(name)}
	f.db = h.Open(t, f.name)
	t.Cleanup(func() {
		if !f.closed {
			checkDatabase(t, f.db)
		}
	})
	return f
}

func checkDatabase(t *testing.T, db core.Adapter) {
	t.Helper()
	checker, ok := db.(Checker)
	if !ok {
		return
	}
	report, err := checker.Check(context.Background())
	if assert.NoError(t, err, "checking the database") {
		assert.Empty(t, report.Problems, "the database contradicts itself")
	}
}

func databaseName(name string) string {
	letters := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(name))
	return "test-" + letters
}
