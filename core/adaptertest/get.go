package adaptertest

import (
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
)

// conflicted is a document with three living leaves and a deleted one: 3-c wins, then 2-d and 2-b; 4-t is the tombstone.
var conflicted = []string{
	`{"_id":"d","_rev":"2-b","_revisions":{"start":2,"ids":["b","a"]},"v":"b"}`,
	`{"_id":"d","_rev":"3-c","_revisions":{"start":3,"ids":["c","x","a"]},"v":"c"}`,
	`{"_id":"d","_rev":"2-d","_revisions":{"start":2,"ids":["d","a"]},"v":"d"}`,
	`{"_id":"d","_rev":"4-t","_revisions":{"start":4,"ids":["t","s","y","a"]},"_deleted":true,"v":"t"}`,
}

var getCases = []testCase{
	{"winner", nil, func(f *fixture) {
		first := f.put("a", `{"v":1,"text":"é \u0001 \\ \" /","list":[1,2.5,null,true,{}]}`)
		doc := f.get("a", core.GetOptions{})
		f.requireBody(`{"v":1,"text":"é \u0001 \\ \" /","list":[1,2.5,null,true,{}]}`, doc)
		assert.Equal(f, first, doc.Rev)
		assert.False(f, doc.Deleted)
		assert.Nil(f, doc.Revisions)
		assert.Nil(f, doc.RevsInfo)
		second := f.put("a", `{}`, first)
		doc = f.get("a", core.GetOptions{})
		f.requireBody(`{}`, doc)
		assert.Equal(f, second, doc.Rev)
		assert.Equal(f, uint64(2), second.Generation)
	}},
	{"missing and deleted", nil, func(f *fixture) {
		f.requireGone(core.ErrMissing, "nope", core.GetOptions{})
		first := f.put("a", `{"v":1}`)
		tombstone := f.delete("a", first)
		f.requireGone(core.ErrDeleted, "a", core.GetOptions{})
		doc := f.get("a", core.GetOptions{Rev: tombstone})
		assert.True(f, doc.Deleted)
		f.requireBody(`{}`, doc)
		if f.has(InnerBodies) {
			f.requireBody(`{"v":1}`, f.get("a", core.GetOptions{Rev: first}))
		}
	}},
	{"unknown revisions", nil, func(f *fixture) {
		f.put("a", `{}`)
		for _, text := range []string{"1-abc", "2-0123456789abcdef0123456789abcdef", "99-x"} {
			f.requireGone(core.ErrMissing, "a", core.GetOptions{Rev: rev(text)})
			f.requireGone(core.ErrMissing, "nope", core.GetOptions{Rev: rev(text)})
		}
		f.replicate(conflicted...)
		f.requireGone(core.ErrMissing, "d", core.GetOptions{Rev: rev("1-a")}) // known, but without a body
	}},
	{"illegal ids", []Capability{UnusualIDs}, func(f *fixture) {
		for _, docID := range []string{"", "_x", "_design/", "_local/"} {
			_, err := f.db.Get(f.ctx, docID, core.GetOptions{})
			require.Error(f, err, "%q", docID)
			status := core.AsError(err).Status
			assert.True(f, status == 400 || status == 404, "%q: %v", docID, err)
		}
	}},
	{"any leaf", nil, func(f *fixture) {
		f.replicate(conflicted...)
		for text, body := range map[string]string{"2-b": `{"v":"b"}`, "3-c": `{"v":"c"}`, "2-d": `{"v":"d"}`} {
			doc := f.get("d", core.GetOptions{Rev: rev(text)})
			f.requireBody(body, doc)
			assert.Equal(f, text, doc.Rev.String())
		}
		assert.Equal(f, "3-c", f.get("d", core.GetOptions{}).Rev.String())
	}},
	{"revisions", nil, func(f *fixture) {
		f.replicate(conflicted...)
		assert.Equal(f, []string{"3-c", "2-x", "1-a"}, ancestry(f.get("d", core.GetOptions{Revs: true})))
		assert.Equal(f, []string{"2-b", "1-a"}, ancestry(f.get("d", core.GetOptions{Revs: true, Rev: rev("2-b")})))
		first := f.put("e", `{}`)
		second := f.put("e", `{"v":2}`, first)
		assert.Equal(f, []string{second.String(), first.String()}, ancestry(f.get("e", core.GetOptions{Revs: true})))
	}},
	{"conflicts", nil, func(f *fixture) {
		f.replicate(conflicted...)
		doc := f.get("d", core.GetOptions{Conflicts: true, DeletedConflicts: true})
		if f.has(LeafOrder) {
			assert.Equal(f, []string{"2-d", "2-b"}, texts(doc.Conflicts))
		}
		assert.ElementsMatch(f, []string{"2-d", "2-b"}, texts(doc.Conflicts))
		if f.has(DeletedConflicts) {
			assert.Equal(f, []string{"4-t"}, texts(doc.DeletedConflicts))
		}
		doc = f.get("d", core.GetOptions{})
		assert.Empty(f, doc.Conflicts, "conflicts are told only on demand")
		assert.Empty(f, doc.DeletedConflicts)
		f.put("e", `{}`)
		assert.Empty(f, f.get("e", core.GetOptions{Conflicts: true}).Conflicts)
	}},
	{"winners", nil, func(f *fixture) {
		f.replicate(`{"_id":"tie","_rev":"1-a"}`, `{"_id":"tie","_rev":"1-c"}`, `{"_id":"tie","_rev":"1-b"}`)
		assert.Equal(f, "1-c", f.get("tie", core.GetOptions{}).Rev.String())
		f.replicate(`{"_id":"long","_rev":"2-a"}`, `{"_id":"long","_rev":"1-z"}`)
		assert.Equal(f, "2-a", f.get("long", core.GetOptions{}).Rev.String())
		f.replicate(`{"_id":"living","_rev":"1-a"}`, `{"_id":"living","_rev":"9-z","_deleted":true}`)
		assert.Equal(f, "1-a", f.get("living", core.GetOptions{}).Rev.String())
	}},
	{"revs info", []Capability{DeletedStatus, InnerBodies}, func(f *fixture) {
		first := f.put("a", `{"v":1}`)
		second := f.delete("a", first)
		third := f.put("a", `{"v":3}`)
		assert.Equal(f, []core.RevInfo{{Rev: third, Status: "available"}, {Rev: second, Status: "deleted"}, {Rev: first, Status: "available"}},
			f.get("a", core.GetOptions{RevsInfo: true}).RevsInfo)
		f.replicate(conflicted...)
		assert.Equal(f, []core.RevInfo{{Rev: rev("3-c"), Status: "available"}, {Rev: rev("2-x"), Status: "missing"}, {Rev: rev("1-a"), Status: "missing"}},
			f.get("d", core.GetOptions{RevsInfo: true}).RevsInfo)
	}},
	{"latest", []Capability{LatestIsWinner}, func(f *fixture) {
		f.replicate(conflicted...)
		for _, text := range []string{"1-a", "2-b", "3-c"} {
			assert.Equal(f, "3-c", f.get("d", core.GetOptions{Rev: rev(text), Latest: true}).Rev.String())
		}
	}},
	{"local sequence", []Capability{LocalSeq}, func(f *fixture) {
		f.put("a", `{}`)
		f.put("b", `{}`)
		changes, _ := f.changes(core.ChangesOptions{})
		assert.Equal(f, changes[0].Seq, f.get("a", core.GetOptions{LocalSeq: true}).LocalSeq)
		assert.Equal(f, changes[1].Seq, f.get("b", core.GetOptions{LocalSeq: true}).LocalSeq)
		assert.Empty(f, f.get("a", core.GetOptions{}).LocalSeq)
	}},
}

var openRevsCases = []testCase{
	{"all leaves", nil, func(f *fixture) {
		f.replicate(conflicted...)
		found, err := f.db.OpenRevs(f.ctx, "d", core.OpenRevsOptions{All: true, WithRevisions: true})
		require.NoError(f, err)
		require.Len(f, found, 4)
		got := map[string][]string{}
		for _, open := range found {
			require.NotNil(f, open.Doc)
			assert.Equal(f, open.Rev, open.Doc.Rev)
			assert.Equal(f, open.Rev.String() == "4-t", open.Doc.Deleted)
			got[open.Rev.String()] = ancestry(open.Doc)
		}
		assert.Equal(f, map[string][]string{
			"2-b": {"2-b", "1-a"}, "2-d": {"2-d", "1-a"}, "3-c": {"3-c", "2-x", "1-a"}, "4-t": {"4-t", "3-s", "2-y", "1-a"},
		}, got)
		if f.has(LeafOrder) {
			assert.Equal(f, "2-b 2-d 3-c 4-t", spellOpen(found))
		}
	}},
	{"a list", nil, func(f *fixture) {
		f.replicate(conflicted...)
		found, err := f.db.OpenRevs(f.ctx, "d", core.OpenRevsOptions{Revs: revs("9-z", "3-c", "1-a", "2-b")})
		require.NoError(f, err)
		require.Len(f, found, 4)
		if f.has(LeafOrder) {
			assert.Equal(f, "2-b 3-c !1-a !9-z", spellOpen(found))
		}
		for _, open := range found {
			if open.Doc != nil {
				assert.Nil(f, open.Doc.Revisions, "the ancestry was not asked for")
				f.requireBody(`{"v":"`+open.Rev.Hash+`"}`, open.Doc)
			}
		}
	}},
	{"latest", []Capability{LeafOrder}, func(f *fixture) {
		f.replicate(conflicted...)
		open := func(list ...string) string {
			found, err := f.db.OpenRevs(f.ctx, "d", core.OpenRevsOptions{Revs: revs(list...), Latest: true})
			require.NoError(f, err)
			return spellOpen(found)
		}
		assert.Equal(f, "2-b 2-d 3-c 4-t", open("1-a"))
		assert.Equal(f, "3-c", open("2-x"))
		assert.Equal(f, "3-c 4-t", open("2-x", "3-c", "3-s"))
		assert.Equal(f, "2-b !7-q", open("2-b", "7-q"))
	}},
	{"unknown document", nil, func(f *fixture) {
		_, err := f.db.OpenRevs(f.ctx, "nope", core.OpenRevsOptions{All: true})
		require.ErrorIs(f, err, core.ErrMissing)
		found, err := f.db.OpenRevs(f.ctx, "nope", core.OpenRevsOptions{Revs: revs("1-a")})
		require.NoError(f, err)
		assert.Equal(f, "!1-a", spellOpen(found))
	}},
}

// spellOpen lists revisions, with an exclamation mark before the missing ones.
func spellOpen(found []core.OpenRev) string {
	text := ""
	for i, open := range found {
		if i > 0 {
			text += " "
		}
		if open.Doc == nil {
			text += "!"
		}
		text += open.Rev.String()
	}
	return text
}

var bulkGetCases = []testCase{
	{"revisions", nil, func(f *fixture) {
		f.replicate(conflicted...)
		first := f.put("a", `{"v":1}`)
		second := f.put("a", `{"v":2}`, first)
		requests := []core.DocRev{{ID: "a", Rev: second}, {ID: "d", Rev: rev("2-b")}, {ID: "nope", Rev: rev("1-a")}, {ID: "d", Rev: rev("9-z")}, {ID: "a", Rev: first}}
		results, err := f.db.BulkGet(f.ctx, requests, core.BulkGetOptions{Revs: true})
		require.NoError(f, err)
		require.Len(f, results, len(requests))
		for i, request := range requests {
			require.Equal(f, request.ID, results[i].ID)
			require.Len(f, results[i].Docs, 1)
		}
		f.requireBody(`{"v":2}`, results[0].Docs[0].Doc)
		assert.Equal(f, []string{second.String(), first.String()}, ancestry(results[0].Docs[0].Doc))
		f.requireBody(`{"v":"b"}`, results[1].Docs[0].Doc)
		assert.Equal(f, []string{"2-b", "1-a"}, ancestry(results[1].Docs[0].Doc))
		for _, i := range []int{2, 3} {
			require.NotNil(f, results[i].Docs[0].Err)
			assert.Nil(f, results[i].Docs[0].Doc)
			require.ErrorIs(f, results[i].Docs[0].Err, core.ErrMissing)
			assert.Equal(f, requests[i].Rev, results[i].Docs[0].Rev)
		}
		if f.has(InnerBodies) {
			f.requireBody(`{"v":1}`, results[4].Docs[0].Doc)
		}
	}},
	{"latest", nil, func(f *fixture) {
		f.replicate(conflicted...)
		results, err := f.db.BulkGet(f.ctx, []core.DocRev{{ID: "d", Rev: rev("2-x")}, {ID: "d", Rev: rev("4-t")}}, core.BulkGetOptions{Revs: true, Latest: true})
		require.NoError(f, err)
		require.Len(f, results, 2)
		require.Len(f, results[0].Docs, 1)
		require.NotNil(f, results[0].Docs[0].Doc)
		assert.Equal(f, []string{"3-c", "2-x", "1-a"}, ancestry(results[0].Docs[0].Doc))
		require.NotNil(f, results[1].Docs[0].Doc)
		assert.True(f, results[1].Docs[0].Doc.Deleted)
	}},
	{"nothing", nil, func(f *fixture) {
		results, err := f.db.BulkGet(f.ctx, nil, core.BulkGetOptions{})
		require.NoError(f, err)
		assert.Empty(f, results)
	}},
	{"all leaves", []Capability{LeafOrder}, func(f *fixture) {
		f.replicate(conflicted...)
		results, err := f.db.BulkGet(f.ctx, []core.DocRev{{ID: "d"}, {ID: "nope"}}, core.BulkGetOptions{})
		require.NoError(f, err)
		require.Len(f, results, 2)
		assert.Len(f, results[0].Docs, 4)
		require.Len(f, results[1].Docs, 1)
		require.NotNil(f, results[1].Docs[0].Err)
		assert.ErrorIs(f, results[1].Docs[0].Err, core.ErrMissing)
	}},
}
