package adaptertest

import (
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
)

var replicatedCases = []testCase{
	{"as they come", nil, func(f *fixture) {
		f.replicate(`{"_id":"a","_rev":"3-c","_revisions":{"start":3,"ids":["c","b","a"]},"v":3}`)
		doc := f.get("a", core.GetOptions{Revs: true})
		assert.Equal(f, []string{"3-c", "2-b", "1-a"}, ancestry(doc))
		f.requireBody(`{"v":3}`, doc)
		next := f.put("a", `{"v":4}`, rev("3-c"))
		assert.Equal(f, []string{next.String(), "3-c", "2-b", "1-a"}, ancestry(f.get("a", core.GetOptions{Revs: true})))
	}},
	{"known revisions", nil, func(f *fixture) {
		text := `{"_id":"a","_rev":"2-b","_revisions":{"start":2,"ids":["b","a"]},"v":"first"}`
		f.replicate(text)
		before := f.end()
		f.replicate(text)
		f.replicate(`{"_id":"a","_rev":"2-b","_revisions":{"start":2,"ids":["b","a"]},"v":"second"}`)
		f.requireBody(`{"v":"first"}`, f.get("a", core.GetOptions{}))
		if f.has(KnownIsIgnored) {
			assert.Equal(f, before, f.end(), "what is known takes no sequence")
		}
		f.requireCounts(1, 0)
	}},
	{"several of one document", nil, func(f *fixture) {
		f.replicate(conflicted...)
		assert.ElementsMatch(f, []string{"3-c", "2-b", "2-d", "4-t"}, f.leaves("d"))
		changes, _ := f.changes(core.ChangesOptions{AllLeaves: true})
		require.Len(f, changes, 1)
		if f.has(LeafOrder) {
			assert.Equal(f, []string{"3-c", "2-d", "2-b", "4-t"}, texts(changes[0].Revs))
		}
		assert.ElementsMatch(f, []string{"3-c", "2-d", "2-b", "4-t"}, texts(changes[0].Revs))
		f.requireCounts(1, 0)
	}},
	{"same revision twice", nil, func(f *fixture) {
		f.replicate(`{"_id":"a","_rev":"1-a","v":1}`, `{"_id":"a","_rev":"1-a","v":2}`)
		f.requireBody(`{"v":1}`, f.get("a", core.GetOptions{}))
		assert.Equal(f, []string{"1-a"}, f.leaves("a"))
	}},
	{"tombstones", nil, func(f *fixture) {
		f.replicate(`{"_id":"a","_rev":"2-b","_revisions":{"start":2,"ids":["b","a"]},"_deleted":true,"last":"words"}`)
		f.requireGone(core.ErrDeleted, "a", core.GetOptions{})
		doc := f.get("a", core.GetOptions{Rev: rev("2-b")})
		assert.True(f, doc.Deleted)
		f.requireBody(`{"last":"words"}`, doc)
		f.requireCounts(0, 1)
		f.replicate(`{"_id":"a","_rev":"1-z","v":"alive"}`)
		f.requireCounts(1, 0)
		assert.Equal(f, "1-z", f.get("a", core.GetOptions{}).Rev.String())
	}},
	{"descendants first", nil, func(f *fixture) {
		f.replicate(`{"_id":"a","_rev":"3-c","_revisions":{"start":3,"ids":["c","b","a"]},"v":3}`)
		f.replicate(`{"_id":"a","_rev":"2-b","_revisions":{"start":2,"ids":["b","a"]},"v":2}`)
		assert.Equal(f, []string{"3-c"}, f.leaves("a"))
		assert.Equal(f, "3-c", f.get("a", core.GetOptions{}).Rev.String())
	}},
	{"older ancestors later", []Capability{OldEndedEarly}, func(f *fixture) {
		f.replicate(`{"_id":"a","_rev":"5-e","_revisions":{"start":5,"ids":["e","d"]},"v":5}`)
		f.replicate(`{"_id":"a","_rev":"6-f","_revisions":{"start":6,"ids":["f","e","d","c","b"]},"v":6}`)
		assert.Equal(f, []string{"6-f", "5-e", "4-d", "3-c", "2-b"}, ancestry(f.get("a", core.GetOptions{Revs: true})))
		assert.Equal(f, []string{"6-f"}, f.leaves("a"))
	}},
	{"spelling of hashes", nil, func(f *fixture) {
		f.replicate(`{"_id":"a","_rev":"1-ABABABABABABABABABABABABABABABAB"}`)
		assert.Equal(f, "1-abababababababababababababababab", f.get("a", core.GetOptions{}).Rev.String())
	}},
}

var revsDiffCases = []testCase{
	{"missing", nil, func(f *fixture) {
		f.replicate(conflicted...)
		f.put("a", `{}`)
		diffs, err := f.db.RevsDiff(f.ctx, []core.DocRevs{
			{ID: "d", Revs: revs("9-z", "3-c", "2-x", "1-a", "2-q")},
			{ID: "nope", Revs: revs("2-b", "1-a")},
			{ID: "a", Revs: nil},
		})
		require.NoError(f, err)
		got := map[string][]string{}
		for _, diff := range diffs {
			got[diff.ID] = texts(diff.Missing)
		}
		assert.Len(f, got, 2, "a document with nothing missing is left out")
		if f.has(InnerKnown) {
			assert.ElementsMatch(f, []string{"2-q", "9-z"}, got["d"])
		}
		assert.ElementsMatch(f, []string{"1-a", "2-b"}, got["nope"])
	}},
	{"possible ancestors", []Capability{LeafOrder}, func(f *fixture) {
		f.replicate(conflicted...)
		diffs, err := f.db.RevsDiff(f.ctx, []core.DocRevs{{ID: "d", Revs: revs("9-z", "2-q")}, {ID: "nope", Revs: revs("1-a")}})
		require.NoError(f, err)
		assert.ElementsMatch(f, []core.RevsDiff{
			{ID: "d", Missing: revs("2-q", "9-z"), PossibleAncestors: revs("3-c", "2-d", "2-b", "4-t")},
			{ID: "nope", Missing: revs("1-a")},
		}, diffs)
		diffs, err = f.db.RevsDiff(f.ctx, []core.DocRevs{{ID: "d", Revs: revs("1-q")}})
		require.NoError(f, err)
		assert.Equal(f, []core.RevsDiff{{ID: "d", Missing: revs("1-q")}}, diffs)
	}},
	{"nothing missing", []Capability{InnerKnown}, func(f *fixture) {
		f.replicate(conflicted...)
		diffs, err := f.db.RevsDiff(f.ctx, []core.DocRevs{{ID: "d", Revs: revs("3-c", "1-a")}})
		require.NoError(f, err)
		assert.Empty(f, diffs)
	}},
}
