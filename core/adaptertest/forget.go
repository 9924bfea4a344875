package adaptertest

import (
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
)

// forgetCases are about what is given up on purpose: old revisions, their bodies, purged leaves.
var forgetCases = []testCase{
	{"revisions limit", []Capability{RevsLimit}, func(f *fixture) {
		limit, err := f.db.RevsLimit(f.ctx)
		require.NoError(f, err)
		assert.Equal(f, 1000, limit)
		require.NoError(f, f.db.SetRevsLimit(f.ctx, 3))
		limit, err = f.db.RevsLimit(f.ctx)
		require.NoError(f, err)
		assert.Equal(f, 3, limit)
		var all []core.Rev
		current := core.Rev{}
		for n := range 10 {
			current = f.put("a", `{"n":`+string(rune('0'+n))+`}`, current)
			all = append(all, current)
		}
		assert.Len(f, f.get("a", core.GetOptions{Revs: true}).Revisions.Hashes, 3)
		for _, forgotten := range all[:7] {
			f.requireGone(core.ErrMissing, "a", core.GetOptions{Rev: forgotten})
		}
		for _, limit := range []int{0, -1} {
			require.Error(f, f.db.SetRevsLimit(f.ctx, limit))
		}
	}},
	{"revisions limit with branches", []Capability{RevsLimit}, func(f *fixture) {
		require.NoError(f, f.db.SetRevsLimit(f.ctx, 3))
		f.replicate(`{"_id":"a","_rev":"2-x","_revisions":{"start":2,"ids":["x","r"]}}`, `{"_id":"a","_rev":"2-y","_revisions":{"start":2,"ids":["y","r"]}}`)
		current := rev("2-y")
		for range 20 { // an early branch must not keep the long path from being cut
			current = f.put("a", `{}`, current)
		}
		doc := f.get("a", core.GetOptions{Revs: true, RevsInfo: true})
		assert.Len(f, doc.Revisions.Hashes, 3)
		assert.Len(f, doc.RevsInfo, 3)
		assert.Equal(f, []string{"2-x", "1-r"}, ancestry(f.get("a", core.GetOptions{Revs: true, Rev: rev("2-x")})))
	}},
	{"compaction", []Capability{Compaction}, func(f *fixture) {
		first := f.put("a", `{"v":1}`)
		second := f.put("a", `{"v":2}`, first)
		f.replicate(conflicted...)
		edited := f.put("d", `{"v":"edited"}`, rev("2-b"))
		before := f.end()
		require.NoError(f, f.db.Compact(f.ctx))
		require.NoError(f, f.db.Compact(f.ctx), "compacting again does no harm")
		f.requireGone(core.ErrMissing, "a", core.GetOptions{Rev: first})
		f.requireGone(core.ErrMissing, "d", core.GetOptions{Rev: rev("2-b")})
		f.requireBody(`{"v":2}`, f.get("a", core.GetOptions{}))
		assert.Equal(f, []core.RevInfo{{Rev: second, Status: "available"}, {Rev: first, Status: "missing"}}, f.get("a", core.GetOptions{RevsInfo: true}).RevsInfo)
		assert.Equal(f, []string{second.String(), first.String()}, ancestry(f.get("a", core.GetOptions{Revs: true})), "the ancestry stays")
		for _, leaf := range []core.Rev{rev("2-d"), rev("3-c"), rev("4-t"), edited} {
			f.get("d", core.GetOptions{Rev: leaf})
		}
		assert.Equal(f, before, f.end())
		diffs, err := f.db.RevsDiff(f.ctx, []core.DocRevs{{ID: "a", Revs: []core.Rev{first}}})
		require.NoError(f, err)
		if f.has(InnerKnown) {
			assert.Empty(f, diffs, "what was compacted is still known")
		}
	}},
	{"compaction of many documents", []Capability{Compaction}, func(f *fixture) {
		f.putMany(450)
		rows, _ := f.rows(core.AllDocsOptions{})
		var docs []*core.Document
		for _, row := range rows {
			docs = append(docs, &core.Document{ID: row.Key, Rev: row.Rev, Body: []byte(`{"v":2}`)})
		}
		_, err := f.db.BulkDocs(f.ctx, docs, core.BulkDocsOptions{})
		require.NoError(f, err)
		require.NoError(f, f.db.Compact(f.ctx))
		for _, row := range rows {
			f.requireGone(core.ErrMissing, row.Key, core.GetOptions{Rev: row.Rev})
		}
		f.requireCounts(450, 0)
	}},
	{"purge of a document", []Capability{Purge}, func(f *fixture) {
		first := f.put("a", `{"v":1}`)
		second := f.put("a", `{"v":2}`, first)
		result, err := f.db.Purge(f.ctx, []core.DocRevs{{ID: "a", Revs: []core.Rev{first, rev("9-z")}}, {ID: "nope", Revs: revs("1-a")}})
		require.NoError(f, err)
		require.Len(f, result.Purged, 2)
		assert.Empty(f, result.Purged[0].Revs, "only leaves are purged")
		assert.Equal(f, "nope", result.Purged[1].ID)
		assert.Equal(f, second, f.get("a", core.GetOptions{}).Rev)
		result, err = f.db.Purge(f.ctx, []core.DocRevs{{ID: "a", Revs: []core.Rev{second}}})
		require.NoError(f, err)
		assert.Equal(f, []core.DocRevs{{ID: "a", Revs: []core.Rev{second}}}, result.Purged)
		f.requireGone(core.ErrMissing, "a", core.GetOptions{})
		f.requireGone(core.ErrMissing, "a", core.GetOptions{Rev: first})
		assert.Empty(f, f.listed(core.AllDocsOptions{}))
		assert.Empty(f, f.changed(core.ChangesOptions{}))
		f.requireCounts(0, 0)
		assert.Equal(f, first, f.put("a", `{"v":1}`), "as if it had never been there")
	}},
	{"purge of a branch", []Capability{Purge}, func(f *fixture) {
		f.replicate(conflicted...)
		f.put("e", `{}`)
		result, err := f.db.Purge(f.ctx, []core.DocRevs{{ID: "d", Revs: revs("3-c", "4-t")}})
		require.NoError(f, err)
		assert.ElementsMatch(f, []string{"3-c", "4-t"}, texts(result.Purged[0].Revs))
		doc := f.get("d", core.GetOptions{Conflicts: true, DeletedConflicts: true})
		assert.Equal(f, "2-d", doc.Rev.String())
		assert.Equal(f, []string{"2-b"}, texts(doc.Conflicts))
		assert.Empty(f, doc.DeletedConflicts)
		f.requireGone(core.ErrMissing, "d", core.GetOptions{Rev: rev("3-c")})
		assert.Equal(f, []string{"e", "d"}, f.changed(core.ChangesOptions{}), "the document has changed")
		f.requireCounts(2, 0)
		_, err = f.db.Purge(f.ctx, []core.DocRevs{{ID: "d", Revs: revs("2-d", "2-b")}})
		require.NoError(f, err)
		f.requireCounts(1, 0)
	}},
	{"purge of a winner above a tombstone", []Capability{Purge}, func(f *fixture) {
		f.replicate(`{"_id":"a","_rev":"1-a"}`, `{"_id":"a","_rev":"2-t","_deleted":true}`)
		f.requireCounts(1, 0)
		_, err := f.db.Purge(f.ctx, []core.DocRevs{{ID: "a", Revs: revs("1-a")}})
		require.NoError(f, err)
		f.requireCounts(0, 1)
		f.requireGone(core.ErrDeleted, "a", core.GetOptions{})
	}},
}
