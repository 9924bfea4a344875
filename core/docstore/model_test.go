package docstore_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/internal/model"
	"github.com/gouchdb/gouchdb/core/kv/memkv"
	"github.com/gouchdb/gouchdb/internal/seeds"
)

// TestRandomScripts runs random scripts on the database and on the model. A failure names its seed, which is the name of the subtest.
func TestRandomScripts(t *testing.T) {
	t.Parallel()
	for seed := range seeds.Rounds(40) {
		t.Run(fmt.Sprintf("seed %d", seed+1), func(t *testing.T) { runScript(t, uint64(seed+1)) })
	}
}

func FuzzRandomScripts(f *testing.F) {
	f.Add(uint64(1000))
	f.Fuzz(func(t *testing.T, seed uint64) { runScript(t, seed) })
}

// script is a random history of a handful of documents.
type script struct {
	t      *testing.T
	ctx    context.Context
	random *rand.Rand
	db     *docstore.DB
	model  *model.DB
	// foreign holds the revisions that replicated writes bring: for each document a tree in which everyone agrees who descends from whom.
	foreign map[string][]foreignRev
	steps   []string
}

type foreignRev struct {
	path    []core.Rev // newest first
	deleted bool
	body    string
}

var scriptIDs = []string{"a", "b", "é", "_design/x"}

func runScript(t *testing.T, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 0))
	autoCompaction := random.IntN(3) == 0
	db, err := docstore.Open(t.Context(), memkv.New(), docstore.Options{AutoCompaction: autoCompaction})
	require.NoError(t, err)
	s := &script{t: t, ctx: t.Context(), random: random, db: db, model: model.New(), foreign: map[string][]foreignRev{}}
	s.model.AutoCompaction = autoCompaction
	for _, docID := range scriptIDs {
		s.grow(docID)
	}
	defer func() {
		if t.Failed() {
			t.Logf("auto compaction: %v, after\n%s\nthe model has\n%s", autoCompaction, strings.Join(s.steps, "\n"), s.model)
		}
	}()
	for range 50 {
		s.step()
		s.compare()
	}
}

// grow makes the tree of revisions that others have of a document.
func (s *script) grow(docID string) {
	for n := range 14 {
		rev := core.Rev{Generation: 1, Hash: string(rune('a'+n)) + strconv.Itoa(n)}
		var parent []core.Rev
		if n > 0 && s.random.IntN(6) > 0 {
			parent = s.foreign[docID][max(0, n-1-s.random.IntN(3))].path
			rev.Generation = parent[0].Generation + 1
		}
		s.foreign[docID] = append(s.foreign[docID], foreignRev{
			path: append([]core.Rev{rev}, parent...), deleted: s.random.IntN(4) == 0, body: s.body(),
		})
	}
}

func (s *script) body() string {
	if s.random.IntN(4) == 0 {
		return "{}"
	}
	return fmt.Sprintf(`{"v":%d}`, s.random.IntN(5))
}

func (s *script) step() {
	switch s.random.IntN(20) {
	case 0:
		limit := 1 + s.random.IntN(6)
		s.log("SetRevsLimit(%d)", limit)
		s.model.SetLimit(limit)
		require.NoError(s.t, s.db.SetRevsLimit(s.ctx, limit))
	case 1, 2:
		s.log("Compact()")
		s.model.Compact()
		require.NoError(s.t, s.db.Compact(s.ctx))
	case 3, 4:
		s.purge()
	case 5, 6, 7, 8, 9, 10:
		s.batch(true)
	default:
		s.batch(false)
	}
}

func (s *script) log(format string, args ...any) {
	s.steps = append(s.steps, fmt.Sprintf(format, args...))
}

func (s *script) pickID() string { return scriptIDs[s.random.IntN(len(scriptIDs))] }

// pickRev finds a revision of a document, often a leaf.
func (s *script) pickRev(docID string) core.Rev {
	leaves := s.model.Leaves(docID)
	if len(leaves) == 0 || s.random.IntN(8) == 0 {
		if s.random.IntN(2) == 0 {
			return core.Rev{}
		}
		return s.foreign[docID][s.random.IntN(len(s.foreign[docID]))].path[0]
	}
	leaf := leaves[s.random.IntN(len(leaves))]
	if s.random.IntN(5) == 0 {
		return leaf.Ancestry[s.random.IntN(len(leaf.Ancestry))]
	}
	if leaf.Deleted && s.random.IntN(2) == 0 {
		return core.Rev{}
	}
	return leaf.Rev
}

func (s *script) purge() {
	docID := s.pickID()
	var revs []core.Rev
	for range 1 + s.random.IntN(3) {
		revs = append(revs, s.pickRev(docID))
	}
	s.log("Purge(%q, %v)", docID, revs)
	result, err := s.db.Purge(s.ctx, []core.DocRevs{{ID: docID, Revs: revs}})
	require.NoError(s.t, err)
	require.Equal(s.t, []core.DocRevs{{ID: docID, Revs: s.model.Purge(docID, revs)}}, result.Purged)
	require.Equal(s.t, strconv.Itoa(s.model.PurgeSeq), string(result.PurgeSeq))
}

func (s *script) batch(replicated bool) {
	var writes []model.Write
	var docs []*core.Document
	for range 1 + s.random.IntN(5) {
		w := model.Write{ID: s.pickID(), Deleted: s.random.IntN(4) == 0, Body: s.body()}
		doc := &core.Document{ID: w.ID}
		if replicated {
			foreign := s.foreign[w.ID][s.random.IntN(len(s.foreign[w.ID]))]
			w.Path, w.Deleted, w.Body = foreign.path, foreign.deleted, foreign.body
			if s.random.IntN(4) == 0 { // the writer knows only a part of the ancestry
				w.Path = w.Path[:1+s.random.IntN(len(w.Path))]
			}
			doc.Revisions = &core.Revisions{Start: w.Path[0].Generation}
			for _, rev := range w.Path {
				doc.Revisions.Hashes = append(doc.Revisions.Hashes, rev.Hash)
			}
		} else {
			w.Parent = s.pickRev(w.ID)
			doc.Rev = w.Parent
		}
		doc.Deleted, doc.Body = w.Deleted, []byte(w.Body)
		writes, docs = append(writes, w), append(docs, doc)
		s.log("Batch(replicated %v) %+v", replicated, w)
	}
	want := s.model.Batch(replicated, writes)
	results, err := s.db.BulkDocs(s.ctx, docs, core.BulkDocsOptions{Replicated: replicated})
	require.NoError(s.t, err)
	for i, result := range results {
		require.Equal(s.t, want[i], result.Rev, "document %d of the batch", i)
		require.Equal(s.t, want[i].IsZero(), result.Err != nil, "document %d of the batch", i)
		if result.Err != nil {
			require.ErrorIs(s.t, result.Err, core.ErrConflict)
		}
	}
}

// compare asks both everything.
func (s *script) compare() {
	t := s.t
	report, err := s.db.Check(s.ctx)
	require.NoError(t, err)
	require.Empty(t, report.Problems)

	docIDs, seqs := s.model.Feed()
	changes, summary, err := core.ListChanges(s.ctx, s.db, core.ChangesOptions{AllLeaves: true, IncludeDocs: true, Conflicts: true})
	require.NoError(t, err)
	require.Equal(t, strconv.Itoa(s.model.Seq), string(summary.LastSeq))
	require.Len(t, changes, len(docIDs))
	living := 0
	for i, change := range changes {
		leaves := s.model.Leaves(docIDs[i])
		require.Equal(t, docIDs[i], change.ID)
		require.Equal(t, strconv.Itoa(seqs[i]), string(change.Seq))
		require.Equal(t, leaves[0].Deleted, change.Deleted)
		var revs, conflicts []core.Rev
		for n, leaf := range leaves {
			revs = append(revs, leaf.Rev)
			if n > 0 && !leaf.Deleted {
				conflicts = append(conflicts, leaf.Rev)
			}
		}
		require.Equal(t, revs, change.Revs)
		require.Equal(t, conflicts, change.Doc.Conflicts)
		require.Equal(t, leaves[0].Body, string(change.Doc.Body))
		if !leaves[0].Deleted {
			living++
		}
		s.compareDocument(change.ID, leaves)
	}
	info, err := s.db.Info(s.ctx)
	require.NoError(t, err)
	require.Equal(t, uint64(living), info.DocCount)
	require.Equal(t, uint64(len(docIDs)-living), info.DocDelCount)

	rows, _, err := core.ListAllDocs(s.ctx, s.db, core.AllDocsOptions{Keys: s.model.IDs()})
	require.NoError(t, err)
	for _, row := range rows {
		require.Equal(t, s.model.Leaves(row.Key)[0].Rev, row.Rev)
	}
}

func (s *script) compareDocument(docID string, leaves []model.Leaf) {
	t := s.t
	open, err := s.db.OpenRevs(s.ctx, docID, core.OpenRevsOptions{All: true, WithRevisions: true})
	require.NoError(t, err)
	require.Len(t, open, len(leaves))
	ascending := slices.Clone(leaves)
	slices.SortFunc(ascending, func(a, b model.Leaf) int { return a.Rev.Compare(b.Rev) })
	for i, leaf := range ascending {
		require.Equal(t, leaf.Rev, open[i].Rev)
		require.Equal(t, leaf.Deleted, open[i].Doc.Deleted)
		require.Equal(t, leaf.Body, string(open[i].Doc.Body))
		var ancestry []core.Rev
		for n := range open[i].Doc.Revisions.Hashes {
			ancestry = append(ancestry, open[i].Doc.Revisions.Rev(n))
		}
		require.Equal(t, leaf.Ancestry, ancestry)
	}
	doc, err := s.db.Get(s.ctx, docID, core.GetOptions{})
	if leaves[0].Deleted {
		require.ErrorIs(t, err, core.ErrDeleted)
	} else {
		require.NoError(t, err)
		require.Equal(t, leaves[0].Rev, doc.Rev)
	}
	for _, foreign := range s.foreign[docID] {
		rev := foreign.path[0]
		known, hasBody, body := s.model.Known(docID, rev)
		diffs, err := s.db.RevsDiff(s.ctx, []core.DocRevs{{ID: docID, Revs: []core.Rev{rev}}})
		require.NoError(t, err)
		require.Equal(t, known, len(diffs) == 0, "%s of %s", rev, docID)
		doc, err := s.db.Get(s.ctx, docID, core.GetOptions{Rev: rev})
		require.Equal(t, hasBody, err == nil, "%s of %s", rev, docID)
		if hasBody {
			require.Equal(t, body, string(doc.Body), "%s of %s", rev, docID)
		}
	}
}
