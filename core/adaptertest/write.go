package adaptertest

import (
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
)

// Recorded from CouchDB: what successive edits of one document are called.
var recordedEdits = []struct{ body, rev string }{
	{`{"v":713}`, "1-7e481842074d79dee86a24b85abc4e03"},
	{`{"v":807}`, "2-f932c21e833aba18b0509442e4658a3d"},
	{`{"v":558}`, "3-db38e2371bfecc9ba510f5138e736dc6"},
}

var editCases = []testCase{
	{"revision ids", []Capability{RevisionIDs}, func(f *fixture) {
		var parent core.Rev
		for _, edit := range recordedEdits {
			parent = f.put("a", edit.body, parent)
			require.Equal(f, edit.rev, parent.String())
		}
	}},
	{"conflicts", nil, func(f *fixture) {
		first := f.put("a", `{"v":1}`)
		second := f.put("a", `{"v":2}`, first)
		for _, parent := range []core.Rev{first, {}, rev("2-abc"), rev("3-0123456789abcdef0123456789abcdef")} {
			_, err := f.tryPut("a", `{"v":3}`, parent)
			require.ErrorIs(f, err, core.ErrConflict, "edit of %s", parent)
			_, err = core.Delete(f.ctx, f.db, "a", parent)
			require.ErrorIs(f, err, core.ErrConflict, "delete of %s", parent)
		}
		doc := f.get("a", core.GetOptions{})
		assert.Equal(f, second, doc.Rev)
		f.requireBody(`{"v":2}`, doc)
		_, err := f.tryPut("nope", `{}`, rev("1-abc"))
		require.ErrorIs(f, err, core.ErrConflict, "edit of an unknown document")
		f.requireCounts(1, 0)
	}},
	{"recreate after delete", nil, func(f *fixture) {
		first := f.put("a", `{"v":1}`)
		second := f.delete("a", first)
		f.requireCounts(0, 1)
		third := f.put("a", `{"v":1}`) // the same body as the first: it must not become the first again
		assert.Equal(f, uint64(3), third.Generation)
		doc := f.get("a", core.GetOptions{Revs: true})
		f.requireBody(`{"v":1}`, doc)
		assert.Equal(f, []string{third.String(), second.String(), first.String()}, ancestry(doc))
		f.requireCounts(1, 0)
		fourth := f.delete("a", third)
		fifth := f.put("a", `{"v":5}`)
		assert.Equal(f, []string{fifth.String(), fourth.String(), third.String(), second.String(), first.String()}, ancestry(f.get("a", core.GetOptions{Revs: true})))
		f.requireCounts(1, 0)
	}},
	{"edit of a tombstone", []Capability{TombstoneConflict}, func(f *fixture) {
		first := f.put("a", `{"v":1}`)
		tombstone := f.delete("a", first)
		for _, parent := range []core.Rev{tombstone, first} {
			_, err := f.tryPut("a", `{"v":2}`, parent)
			require.ErrorIs(f, err, core.ErrConflict)
			_, err = core.Delete(f.ctx, f.db, "a", parent)
			require.ErrorIs(f, err, core.ErrConflict)
		}
		_, err := core.Put(f.ctx, f.db, &core.Document{ID: "a", Deleted: true, Body: []byte(`{"v":2}`)})
		require.ErrorIs(f, err, core.ErrConflict, "deleting again without a revision")
		f.requireGone(core.ErrDeleted, "a", core.GetOptions{})
	}},
	{"edit of any leaf", nil, func(f *fixture) {
		f.replicate(conflicted...)
		edited := f.put("d", `{"v":"edited"}`, rev("2-b"))
		assert.Equal(f, uint64(3), edited.Generation)
		_, err := f.tryPut("d", `{}`, rev("2-b"))
		require.ErrorIs(f, err, core.ErrConflict, "what was a leaf is none any more")
		_, err = f.tryPut("d", `{}`, rev("1-a"))
		require.ErrorIs(f, err, core.ErrConflict)
		assert.ElementsMatch(f, []string{"3-c", edited.String(), "2-d", "4-t"}, f.leaves("d"))
		f.requireBody(`{"v":"edited"}`, f.get("d", core.GetOptions{Rev: edited}))
	}},
	{"delete of any leaf", nil, func(f *fixture) {
		f.replicate(conflicted...)
		t1 := f.delete("d", rev("2-d"))
		assert.Equal(f, "3-c", f.get("d", core.GetOptions{}).Rev.String())
		t2 := f.delete("d", rev("3-c"))
		doc := f.get("d", core.GetOptions{Conflicts: true, DeletedConflicts: true})
		assert.Equal(f, "2-b", doc.Rev.String())
		assert.Empty(f, doc.Conflicts)
		if f.has(DeletedConflicts) {
			assert.ElementsMatch(f, []string{"4-t", t1.String(), t2.String()}, texts(doc.DeletedConflicts))
		}
		f.requireCounts(1, 0)
		f.delete("d", rev("2-b"))
		f.requireGone(core.ErrDeleted, "d", core.GetOptions{})
		f.requireCounts(0, 1)
	}},
	{"born deleted", []Capability{BornDeleted}, func(f *fixture) {
		first, err := core.Put(f.ctx, f.db, &core.Document{ID: "a", Deleted: true, Body: []byte(`{"why":"never was"}`)})
		require.NoError(f, err)
		f.requireGone(core.ErrDeleted, "a", core.GetOptions{})
		doc := f.get("a", core.GetOptions{Rev: first})
		assert.True(f, doc.Deleted)
		f.requireBody(`{"why":"never was"}`, doc)
		f.requireCounts(0, 1)
		assert.Equal(f, uint64(2), f.put("a", `{}`).Generation)
		f.requireCounts(1, 0)
	}},
	{"what reads add is no body", nil, func(f *fixture) {
		first := f.put("a", `{"v":1}`)
		doc := f.get("a", core.GetOptions{Revs: true, RevsInfo: true, Conflicts: true})
		doc.Body = []byte(`{"v":2}`)
		second, err := core.Put(f.ctx, f.db, doc)
		require.NoError(f, err, "a document that was read with all its options can be written")
		assert.Equal(f, []string{second.String(), first.String()}, ancestry(f.get("a", core.GetOptions{Revs: true})))
		f.requireBody(`{"v":2}`, f.get("a", core.GetOptions{}))
	}},
}

// leaves lists all leaves of a document.
func (f *fixture) leaves(docID string) []string {
	f.Helper()
	found, err := f.db.OpenRevs(f.ctx, docID, core.OpenRevsOptions{All: true})
	require.NoError(f, err)
	list := make([]string, len(found))
	for i, open := range found {
		require.NotNil(f, open.Doc)
		list[i] = open.Rev.String()
	}
	return list
}

var batchCases = []testCase{
	{"results in order", nil, func(f *fixture) {
		first := f.put("b", `{}`)
		results := f.bulk(false, `{"_id":"c","v":1}`, `{"_id":"b","v":1}`, `{"_id":"a","v":1}`, `{"_id":"b","_rev":"`+first.String()+`","v":2}`)
		for i, docID := range []string{"c", "b", "a", "b"} {
			assert.Equal(f, docID, results[i].ID)
		}
		assert.Nil(f, results[0].Err)
		require.NotNil(f, results[1].Err)
		assert.ErrorIs(f, results[1].Err, core.ErrConflict)
		assert.Nil(f, results[2].Err)
		assert.Nil(f, results[3].Err)
		assert.Equal(f, results[3].Rev, f.get("b", core.GetOptions{}).Rev)
		assert.Equal(f, []string{"a", "b", "c"}, f.listed(core.AllDocsOptions{}))
	}},
	{"duplicates", nil, func(f *fixture) {
		results := f.bulk(false, `{"_id":"a","v":1}`, `{"_id":"a","v":2}`, `{"_id":"b","v":1}`, `{"_id":"b","v":1}`)
		require.Nil(f, results[0].Err)
		require.NotNil(f, results[1].Err)
		assert.ErrorIs(f, results[1].Err, core.ErrConflict)
		require.Nil(f, results[2].Err)
		require.NotNil(f, results[3].Err, "an identical document is a conflict as well")
		f.requireBody(`{"v":1}`, f.get("a", core.GetOptions{}))
		first := results[0].Rev.String()
		results = f.bulk(false, `{"_id":"a","_rev":"`+first+`","v":2}`, `{"_id":"a","_rev":"`+first+`","v":3}`)
		require.Nil(f, results[0].Err)
		require.NotNil(f, results[1].Err)
		f.requireBody(`{"v":2}`, f.get("a", core.GetOptions{}))
		if f.has(CleanRefusals) {
			assert.Equal(f, []string{results[0].Rev.String()}, f.leaves("a"))
		}
	}},
	{"delete and create", []Capability{TombstoneConflict}, func(f *fixture) {
		first := f.put("a", `{"v":1}`)
		results := f.bulk(false, `{"_id":"a","_rev":"`+first.String()+`","_deleted":true}`, `{"_id":"a","v":"new"}`)
		require.Nil(f, results[0].Err)
		require.Nil(f, results[1].Err)
		assert.Equal(f, []string{results[1].Rev.String(), results[0].Rev.String(), first.String()}, ancestry(f.get("a", core.GetOptions{Revs: true})))
		changes, _ := f.changes(core.ChangesOptions{})
		assert.Len(f, changes, 1)
		f.requireCounts(1, 0)
	}},
	{"illegal document", []Capability{BatchRefusal}, func(f *fixture) {
		before := f.end()
		for _, docID := range []string{"_x", "_design/", "_local/", "_"} {
			docs := []*core.Document{newDoc("fine", `{}`), newDoc("_local/fine", `{}`), newDoc(docID, `{}`)}
			_, err := f.db.BulkDocs(f.ctx, docs, core.BulkDocsOptions{})
			require.ErrorIs(f, err, core.ErrIllegalDocID, "%q", docID)
		}
		_, err := f.db.BulkDocs(f.ctx, []*core.Document{newDoc("fine", `{}`)}, core.BulkDocsOptions{Replicated: true})
		require.ErrorIs(f, err, core.ErrBadRequest, "a replicated write without a revision")
		f.requireGone(core.ErrMissing, "fine", core.GetOptions{})
		f.requireGone(core.ErrMissing, "_local/fine", core.GetOptions{})
		assert.Equal(f, before, f.end())
	}},
	{"new ids", []Capability{NewIDs}, func(f *fixture) {
		results := f.bulk(false, `{"v":1}`, `{"v":2}`)
		require.Nil(f, results[0].Err)
		require.NotEmpty(f, results[0].ID)
		require.NotEqual(f, results[0].ID, results[1].ID)
		f.requireBody(`{"v":1}`, f.get(results[0].ID, core.GetOptions{}))
	}},
	{"nothing", nil, func(f *fixture) {
		results, err := f.db.BulkDocs(f.ctx, nil, core.BulkDocsOptions{})
		require.NoError(f, err)
		assert.Empty(f, results)
	}},
	{"arguments stay as they are", nil, func(f *fixture) {
		doc := f.parse(`{"_id":"b","_rev":"2-x","_revisions":{"start":2,"ids":["x","y"]},"v":1}`)
		other := f.parse(`{"_id":"a","_rev":"1-x","v":1}`)
		copied, otherCopied := *doc, *other
		revisions := *doc.Revisions
		docs := []*core.Document{doc, other}
		_, err := f.db.BulkDocs(f.ctx, docs, core.BulkDocsOptions{Replicated: true})
		require.NoError(f, err)
		assert.Equal(f, []*core.Document{&copied, &otherCopied}, docs)
		assert.Equal(f, revisions, *doc.Revisions)
	}},
}
