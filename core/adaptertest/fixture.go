package adaptertest

import (
	"context"
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/internal/seeds"
)

// fixture is a database with what the cases do to it all the time. A failure ends the case.
type fixture struct {
	*testing.T
	ctx     context.Context
	db      core.Adapter
	harness *Harness
	name    string
	closed  bool // the case has closed the database
}

func (f *fixture) has(c Capability) bool { return !slices.Contains(f.harness.Lacks, c) }

// rounds shortens a long script for a slow adapter.
func (f *fixture) rounds(n int) int {
	if f.harness.Slow {
		return min(n, n/20+1)
	}
	return seeds.Rounds(n)
}

func newDoc(docID, body string) *core.Document {
	return &core.Document{ID: docID, Body: []byte(body)}
}

func (f *fixture) parse(text string) *core.Document {
	f.Helper()
	doc, err := core.ParseDocument([]byte(text))
	require.NoError(f, err, text)
	return doc
}

// put creates a document, or edits the revision that is given.
func (f *fixture) put(docID, body string, parent ...core.Rev) core.Rev {
	f.Helper()
	rev, err := f.tryPut(docID, body, parent...)
	require.NoError(f, err, "put of %q", docID)
	return rev
}

func (f *fixture) tryPut(docID, body string, parent ...core.Rev) (core.Rev, error) {
	doc := newDoc(docID, body)
	if len(parent) > 0 {
		doc.Rev = parent[0]
	}
	return core.Put(f.ctx, f.db, doc)
}

func (f *fixture) delete(docID string, rev core.Rev) core.Rev {
	f.Helper()
	tombstone, err := core.Delete(f.ctx, f.db, docID, rev)
	require.NoError(f, err, "delete of %q", docID)
	return tombstone
}

func (f *fixture) get(docID string, options core.GetOptions) *core.Document {
	f.Helper()
	doc, err := f.db.Get(f.ctx, docID, options)
	require.NoError(f, err, "get of %q", docID)
	require.Equal(f, docID, doc.ID)
	return doc
}

// requireGone asserts what a read of a document that is not there answers: core.ErrMissing or core.ErrDeleted.
func (f *fixture) requireGone(want *core.Error, docID string, options core.GetOptions) {
	f.Helper()
	_, err := f.db.Get(f.ctx, docID, options)
	require.ErrorIs(f, err, want, "get of %q", docID)
	if want.Reason != core.ErrDeleted.Reason || f.has(DeletedReason) {
		require.Equal(f, want.Reason, core.AsError(err).Reason, "get of %q", docID)
	}
}

func (f *fixture) requireBody(want string, doc *core.Document) {
	f.Helper()
	require.NotNil(f, doc)
	requireSameJSON(f, want, string(doc.Body))
}

func requireSameJSON(t require.TestingT, want, got string) {
	if want == got {
		return
	}
	var wanted, found any
	require.NoError(t, json.Unmarshal([]byte(want), &wanted))
	require.NoError(t, json.Unmarshal([]byte(got), &found), got)
	require.Equal(t, wanted, found)
}

// bulk writes documents given as texts.
func (f *fixture) bulk(replicated bool, texts ...string) []core.BulkResult {
	f.Helper()
	docs := make([]*core.Document, len(texts))
	for i, text := range texts {
		docs[i] = f.parse(text)
	}
	results, err := f.db.BulkDocs(f.ctx, docs, core.BulkDocsOptions{Replicated: replicated})
	require.NoError(f, err)
	require.Len(f, results, len(docs))
	return results
}

// replicate writes revisions as they are, all of which must be taken.
func (f *fixture) replicate(texts ...string) {
	f.Helper()
	for i, result := range f.bulk(true, texts...) {
		require.Nil(f, result.Err, texts[i])
	}
}

func (f *fixture) info() core.Info {
	f.Helper()
	info, err := f.db.Info(f.ctx)
	require.NoError(f, err)
	return info
}

// requireCounts asserts how many documents there are, living and deleted.
func (f *fixture) requireCounts(living, deleted uint64) {
	f.Helper()
	info := f.info()
	require.Equal(f, living, info.DocCount, "living documents")
	if f.has(DeletedCount) {
		require.Equal(f, deleted, info.DocDelCount, "deleted documents")
	}
}

func (f *fixture) rows(options core.AllDocsOptions) ([]*core.AllDocsRow, core.AllDocsSummary) {
	f.Helper()
	rows, summary, err := core.ListAllDocs(f.ctx, f.db, options)
	require.NoError(f, err)
	return rows, summary
}

// listed returns the ids of a listing.
func (f *fixture) listed(options core.AllDocsOptions) []string {
	f.Helper()
	rows, _ := f.rows(options)
	docIDs := make([]string, len(rows))
	for i, row := range rows {
		docIDs[i] = row.Key
	}
	return docIDs
}

func (f *fixture) changes(options core.ChangesOptions) ([]*core.Change, core.ChangesSummary) {
	f.Helper()
	changes, summary, err := core.ListChanges(f.ctx, f.db, options)
	require.NoError(f, err)
	return changes, summary
}

// changed returns the ids of a feed.
func (f *fixture) changed(options core.ChangesOptions) []string {
	f.Helper()
	changes, _ := f.changes(options)
	docIDs := make([]string, len(changes))
	for i, change := range changes {
		docIDs[i] = change.ID
	}
	return docIDs
}

// end returns where the feed ends.
func (f *fixture) end() core.Seq {
	f.Helper()
	_, summary := f.changes(core.ChangesOptions{})
	return summary.LastSeq
}

func rev(text string) core.Rev {
	parsed, err := core.ParseRev(text)
	if err != nil {
		panic(err)
	}
	return parsed
}

func revs(texts ...string) []core.Rev {
	parsed := make([]core.Rev, len(texts))
	for i, text := range texts {
		parsed[i] = rev(text)
	}
	return parsed
}

func texts(revisions []core.Rev) []string {
	list := make([]string, len(revisions))
	for i, revision := range revisions {
		list[i] = revision.String()
	}
	return list
}

// ancestry spells a document's revisions, newest first.
func ancestry(doc *core.Document) []string {
	if doc.Revisions == nil {
		return nil
	}
	list := make([]string, len(doc.Revisions.Hashes))
	for i := range list {
		list[i] = doc.Revisions.Rev(i).String()
	}
	return list
}

func pointer[T any](value T) *T { return &value }
