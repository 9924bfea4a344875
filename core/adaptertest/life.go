package adaptertest

import (
	"context"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
)

var lifeCases = []testCase{
	{"info", nil, func(f *fixture) {
		info := f.info()
		assert.NotEmpty(f, info.Name)
		assert.NotEmpty(f, info.Adapter)
		f.requireCounts(0, 0)
		f.put("a", `{}`)
		f.put("_design/x", `{}`)
		f.put("_local/x", `{}`)
		gone := f.put("b", `{}`)
		f.delete("b", gone)
		f.requireCounts(2, 1)
		assert.Equal(f, f.end(), f.info().UpdateSeq)
	}},
	{"identity", nil, func(f *fixture) {
		identity, err := f.db.Identity(f.ctx)
		require.NoError(f, err)
		assert.NotEmpty(f, identity)
		again, err := f.db.Identity(f.ctx)
		require.NoError(f, err)
		assert.Equal(f, identity, again)
		other := newFixture(f.T, f.harness, "life-identity-of-another")
		otherIdentity, err := other.db.Identity(f.ctx)
		require.NoError(f, err)
		assert.NotEqual(f, identity, otherIdentity)
	}},
	{"flush", nil, func(f *fixture) {
		f.put("a", `{}`)
		require.NoError(f, f.db.Flush(f.ctx))
	}},
	{"cancelled before", nil, func(f *fixture) {
		first := f.put("a", `{}`)
		ctx, cancel := context.WithCancel(f.ctx)
		cancel()
		for name, call := range f.calls(ctx, first) {
			require.ErrorIs(f, call(), context.Canceled, name)
		}
		assert.Equal(f, first, f.get("a", core.GetOptions{}).Rev)
		assert.Equal(f, []string{"a"}, f.listed(core.AllDocsOptions{}))
	}},
	{"closed", []Capability{ClosedErrors}, func(f *fixture) {
		first := f.put("a", `{}`)
		f.closed = true
		require.NoError(f, f.db.Close())
		require.NoError(f, f.db.Close(), "closing twice does no harm")
		for name, call := range f.calls(f.ctx, first) {
			require.ErrorIs(f, call(), core.ErrClosed, name)
		}
	}},
	{"destroyed", []Capability{ClosedErrors}, func(f *fixture) {
		first := f.put("a", `{}`)
		f.closed = true
		require.NoError(f, f.db.Destroy(f.ctx))
		for name, call := range f.calls(f.ctx, first) {
			require.ErrorIs(f, call(), core.ErrClosed, name)
		}
	}},
	{"reopened", []Capability{Persistence}, func(f *fixture) {
		f.replicate(conflicted...)
		f.fill()
		f.put("_local/x", `{"v":1}`)
		if f.has(RevsLimit) {
			require.NoError(f, f.db.SetRevsLimit(f.ctx, 77))
		}
		identity, err := f.db.Identity(f.ctx)
		require.NoError(f, err)
		before := f.everything()
		f.db = f.harness.Reopen(f.T, f.db, f.name)
		assert.Equal(f, before, f.everything())
		again, err := f.db.Identity(f.ctx)
		require.NoError(f, err)
		assert.Equal(f, identity, again)
		if f.has(RevsLimit) {
			limit, err := f.db.RevsLimit(f.ctx)
			require.NoError(f, err)
			assert.Equal(f, 77, limit)
		}
		f.requireBody(`{"v":1}`, f.get("_local/x", core.GetOptions{}))
		f.put("new", `{}`)
		changes, _ := f.changes(core.ChangesOptions{})
		assert.Equal(f, "new", changes[len(changes)-1].ID, "sequences go on where they were")
	}},
	{"destroyed and reopened", []Capability{Persistence}, func(f *fixture) {
		f.put("a", `{}`)
		identity, err := f.db.Identity(f.ctx)
		require.NoError(f, err)
		require.NoError(f, f.db.Destroy(f.ctx))
		f.db = f.harness.Reopen(f.T, f.db, f.name)
		f.requireGone(core.ErrMissing, "a", core.GetOptions{})
		f.requireCounts(0, 0)
		other, err := f.db.Identity(f.ctx)
		require.NoError(f, err)
		if f.has(NewIdentity) {
			assert.NotEqual(f, identity, other, "a new database is another, so no checkpoint of the old one counts")
		}
	}},
}

// calls are all calls that an adapter has, but for those that end it.
func (f *fixture) calls(ctx context.Context, known core.Rev) map[string]func() error {
	db := f.db
	ignored := func(_ any, err error) error { return err }
	return map[string]func() error{
		"Info":     func() error { return ignored(db.Info(ctx)) },
		"Get":      func() error { return ignored(db.Get(ctx, "a", core.GetOptions{})) },
		"OpenRevs": func() error { return ignored(db.OpenRevs(ctx, "a", core.OpenRevsOptions{All: true})) },
		"BulkGet": func() error {
			return ignored(db.BulkGet(ctx, []core.DocRev{{ID: "a", Rev: known}}, core.BulkGetOptions{}))
		},
		"AllDocs": func() error {
			return ignored(db.AllDocs(ctx, core.AllDocsOptions{}, func(*core.AllDocsRow) error { return nil }))
		},
		"Changes": func() error {
			return ignored(db.Changes(ctx, core.ChangesOptions{}, func(*core.Change) error { return nil }))
		},
		"RevsDiff": func() error {
			return ignored(db.RevsDiff(ctx, []core.DocRevs{{ID: "a", Revs: revs("1-a")}}))
		},
		"BulkDocs": func() error {
			return ignored(db.BulkDocs(ctx, []*core.Document{newDoc("b", `{}`)}, core.BulkDocsOptions{}))
		},
		"RevsLimit":    func() error { return ignored(db.RevsLimit(ctx)) },
		"SetRevsLimit": func() error { return db.SetRevsLimit(ctx, 500) },
		"Compact":      func() error { return db.Compact(ctx) },
		"Purge": func() error {
			return ignored(db.Purge(ctx, []core.DocRevs{{ID: "a", Revs: []core.Rev{known}}}))
		},
		"Flush": func() error { return db.Flush(ctx) },
	}
}

// everything is all that can be read of all documents, as text.
func (f *fixture) everything() []string {
	f.Helper()
	changes, _ := f.changes(core.ChangesOptions{AllLeaves: true})
	var lines []string
	for _, change := range changes {
		found, err := f.db.OpenRevs(f.ctx, change.ID, core.OpenRevsOptions{All: true, WithRevisions: true})
		require.NoError(f, err)
		for _, open := range found {
			lines = append(lines, string(change.Seq)+" "+string(open.Doc.AppendJSON(nil)))
		}
	}
	return lines
}
