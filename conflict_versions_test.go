package gouchdb_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb"
	"github.com/gouchdb/gouchdb/core"
)

// graft writes revisions as a replication does. Each is its history, the newest first, after an x if it is deleted: "x 2-b 1-a".
func graft(t *testing.T, db *gouchdb.DB, docID string, histories ...string) {
	t.Helper()
	for _, history := range histories {
		history, deleted := strings.CutPrefix(history, "x ")
		document := &core.Document{ID: docID, Deleted: deleted, Body: core.EmptyBody, Revisions: &core.Revisions{}}
		for i, text := range strings.Fields(history) {
			rev, err := core.ParseRev(text)
			require.NoError(t, err)
			if i == 0 {
				document.Rev, document.Revisions.Start = rev, rev.Generation
			}
			document.Revisions.Hashes = append(document.Revisions.Hashes, rev.Hash)
		}
		results, err := db.Adapter().BulkDocs(t.Context(), []*core.Document{document}, core.BulkDocsOptions{Replicated: true})
		require.NoError(t, err)
		for _, result := range results {
			require.Nil(t, result.Err)
		}
	}
}

// A live list tells each state of a conflict once, and of nothing else.
func TestLiveConflictsTellWhatIsNew(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, db *gouchdb.DB) {
		ctx := t.Context()
		graft(t, db, "calm", "1-a")
		graft(t, db, "deleted branch", "2-b 1-a", "x 2-c 1-a")
		graft(t, db, "deleted", "x 2-b 1-a", "x 2-c 1-a")
		graft(t, db, "doc", "2-b 1-a", "2-c 1-a")
		steps := []struct {
			does func()
			want gouchdb.Conflict
		}{
			{func() { graft(t, db, "doc", "2-e 1-a") }, gouchdb.Conflict{Rev: "2-c", Others: []string{"2-b"}}},
			{func() { graft(t, db, "doc", "3-f 2-e 1-a") }, gouchdb.Conflict{Rev: "2-e", Others: []string{"2-c", "2-b"}}},
			{func() {
				graft(t, db, "doc", "x 2-0 1-a") // changes nothing of the conflict
				graft(t, db, "calm", "2-b 1-a")
				graft(t, db, "doc", "3-a 2-b 1-a")
			}, gouchdb.Conflict{Rev: "3-f", Others: []string{"2-c", "2-b"}}},
			{func() { graft(t, db, "doc", "x 3-b 2-c 1-a") }, gouchdb.Conflict{Rev: "3-f", Others: []string{"3-a", "2-c"}}},
			{func() { graft(t, db, "doc", "x 4-b 3-a 2-b 1-a") }, gouchdb.Conflict{Rev: "3-f", Others: []string{"3-a"}}},
			{func() {
				graft(t, db, "doc", "4-a 3-f 2-e 1-a") // is no conflict any more, and none again
				graft(t, db, "other", "1-a", "1-b")
			}, gouchdb.Conflict{Rev: "3-f"}},
			{func() {
				_, err := db.Purge(ctx, "other", "1-b")
				require.NoError(t, err)
			}, gouchdb.Conflict{ID: "other", Rev: "1-b", Others: []string{"1-a"}}},
			{func() { graft(t, db, "gone", "1-a", "1-b") }, gouchdb.Conflict{ID: "other", Rev: "1-a"}},
			{func() { graft(t, db, "gone", "x 2-a 1-a", "x 2-b 1-b") }, gouchdb.Conflict{ID: "gone", Rev: "1-b", Others: []string{"1-a"}}},
			{func() {}, gouchdb.Conflict{ID: "gone"}},
		}
		step := 0
		for conflict, err := range db.Conflicts(ctx, true) {
			require.NoError(t, err)
			want := steps[step].want
			if want.ID == "" {
				want.ID = "doc"
			}
			require.Equal(t, want, *conflict, "step %d", step)
			steps[step].does()
			if step++; step == len(steps) {
				break
			}
		}
		assert.Equal(t, len(steps), step)
		assert.Empty(t, conflicts(t, db))
	})
}

// The base is the last revision that all versions have in common, if it can be read.
func TestBaseOfVersions(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name      string
		histories []string
		versions  []string
		base      string
	}{
		{"the last of several", []string{"1-a", "2-b 1-a", "3-c 2-b 1-a", "3-d 2-b 1-a"}, []string{"3-d", "3-c"}, "2-b"},
		{"of all, not of most", []string{"1-a", "2-b 1-a", "3-c 2-b 1-a", "3-d 2-b 1-a", "2-e 1-a"}, []string{"3-d", "3-c", "2-e"}, "1-a"},
		{"deleted branches do not count", []string{"1-a", "2-b 1-a", "3-c 2-b 1-a", "3-d 2-b 1-a", "x 2-e 1-a"}, []string{"3-d", "3-c"}, "2-b"},
		{"nothing in common", []string{"1-a", "1-b"}, []string{"1-b", "1-a"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			db := open(t, "memory:notes")
			graft(t, db, "doc", test.histories...)
			for _, base := range []string{test.base, ""} {
				_, err := db.Resolve(t.Context(), "doc", func(versions []*gouchdb.Document, common *gouchdb.Document) (any, error) {
					var revs []string
					for _, version := range versions {
						revs = append(revs, version.Rev)
					}
					assert.Equal(t, test.versions, revs)
					if base == "" {
						assert.Nil(t, common)
					} else if assert.NotNil(t, common) {
						assert.Equal(t, base, common.Rev)
					}
					return nil, nil
				})
				require.NoError(t, err)
				require.NoError(t, db.Compact(t.Context())) // then it cannot be read any more
			}
		})
	}
}

// faulty fails where it is told to.
type faulty struct {
	core.Adapter
	at  string
	err error
}

func (f *faulty) fail(at string) error {
	if f.at == at {
		return f.err
	}
	return nil
}

func (f *faulty) Get(ctx context.Context, docID string, options core.GetOptions) (*core.Document, error) {
	if err := f.fail("Get"); err != nil {
		return nil, err
	}
	return f.Adapter.Get(ctx, docID, options)
}

func (f *faulty) OpenRevs(ctx context.Context, docID string, options core.OpenRevsOptions) ([]core.OpenRev, error) {
	if err := f.fail("OpenRevs"); err != nil {
		return nil, err
	}
	return f.Adapter.OpenRevs(ctx, docID, options)
}

func (f *faulty) GetAttachment(ctx context.Context, docID, name string, rev core.Rev) (*core.Attachment, error) {
	if err := f.fail("GetAttachment"); err != nil {
		return nil, err
	}
	return f.Adapter.GetAttachment(ctx, docID, name, rev)
}

func (f *faulty) BulkDocs(ctx context.Context, docs []*core.Document, options core.BulkDocsOptions) ([]core.BulkResult, error) {
	if err := f.fail("BulkDocs"); err != nil {
		return nil, err
	}
	if err := f.fail("a document"); err != nil {
		return []core.BulkResult{{ID: docs[0].ID, Err: core.AsError(err)}}, nil
	}
	return f.Adapter.BulkDocs(ctx, docs, options)
}

func (f *faulty) Changes(ctx context.Context, options core.ChangesOptions, each func(*core.Change) error) (core.ChangesSummary, error) {
	if err := f.fail("Changes"); err != nil {
		return core.ChangesSummary{}, err
	}
	return f.Adapter.Changes(ctx, options, each)
}

// Whatever fails on the way is told, and the conflict stays.
func TestConflictsInFaultyDatabases(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, db *gouchdb.DB) {
		ctx := t.Context()
		disagree(t, db)
		was := conflicts(t, db)
		broken := gouchdb.ErrStorage.Because("it is broken")
		for _, at := range []string{"Changes", "Get"} {
			told := 0
			for conflict, err := range gouchdb.Of(&faulty{db.Adapter(), at, broken}).Conflicts(ctx, true) {
				assert.Nil(t, conflict)
				require.ErrorIs(t, err, broken, at)
				told++
			}
			assert.Equal(t, 1, told, at)
		}
		for _, at := range []string{"OpenRevs", "Get", "GetAttachment", "BulkDocs", "a document"} {
			_, err := gouchdb.Of(&faulty{db.Adapter(), at, broken}).Resolve(ctx, "milk", func(versions []*gouchdb.Document, _ *gouchdb.Document) (any, error) {
				var theirs map[string]any
				err := versions[1].Decode(&theirs)
				return theirs, err
			})
			require.ErrorIs(t, err, broken, at)
		}
		_, err := db.Resolve(ctx, "milk", func([]*gouchdb.Document, *gouchdb.Document) (any, error) { return nil, broken })
		require.ErrorIs(t, err, broken)
		_, err = db.Resolve(ctx, "milk", func([]*gouchdb.Document, *gouchdb.Document) (any, error) { return 1, nil })
		require.ErrorIs(t, err, gouchdb.ErrBadRequest)
		assert.Equal(t, was, conflicts(t, db))

		graft(t, db, "deleted", "x 2-b 1-a", "x 2-c 1-a")
		_, err = db.Resolve(ctx, "deleted", nil)
		require.ErrorIs(t, err, gouchdb.ErrMissing)
	})
}
