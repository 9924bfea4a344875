package adaptertest

import (
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
)

var localCases = []testCase{
	{"apart from the others", nil, func(f *fixture) {
		f.put("a", `{}`)
		before := f.end()
		first := f.put("_local/x", `{"v":1}`)
		doc := f.get("_local/x", core.GetOptions{})
		f.requireBody(`{"v":1}`, doc)
		assert.Equal(f, first, doc.Rev)
		second := f.put("_local/x", `{"v":2}`, first)
		assert.NotEqual(f, first, second)
		f.requireBody(`{"v":2}`, f.get("_local/x", core.GetOptions{}))
		assert.Equal(f, before, f.end(), "the feed knows nothing of them")
		assert.Equal(f, []string{"a"}, f.listed(core.AllDocsOptions{}))
		f.requireCounts(1, 0)
		f.delete("_local/x", second)
		f.requireGone(core.ErrMissing, "_local/x", core.GetOptions{})
		f.requireCounts(1, 0)
	}},
	{"unknown", nil, func(f *fixture) {
		f.requireGone(core.ErrMissing, "_local/nope", core.GetOptions{})
	}},
	{"in a batch", nil, func(f *fixture) {
		results := f.bulk(false, `{"_id":"z"}`, `{"_id":"_local/x","v":1}`, `{"_id":"A"}`)
		for i, docID := range []string{"z", "_local/x", "A"} {
			require.Nil(f, results[i].Err)
			assert.Equal(f, docID, results[i].ID)
		}
		f.requireBody(`{"v":1}`, f.get("_local/x", core.GetOptions{}))
		assert.ElementsMatch(f, []string{"A", "z"}, f.changed(core.ChangesOptions{}))
	}},
	{"revisions", []Capability{LocalRevisions}, func(f *fixture) {
		put := func(text string) string {
			results := f.bulk(false, text)
			require.Nil(f, results[0].Err, text)
			return results[0].Rev.String()
		}
		assert.Equal(f, "0-1", put(`{"_id":"_local/x"}`))
		assert.Equal(f, "0-1", put(`{"_id":"_local/x","v":2}`), "the revision is not compared")
		assert.Equal(f, "0-2", put(`{"_id":"_local/x","_rev":"0-1"}`))
		assert.Equal(f, "0-100", put(`{"_id":"_local/x","_rev":"0-99","v":100}`))
		doc := f.get("_local/x", core.GetOptions{Revs: true})
		assert.Equal(f, "0-100", doc.Rev.String())
		assert.Equal(f, []string{"0-100"}, ancestry(doc))
		f.requireGone(core.ErrMissing, "_local/x", core.GetOptions{Rev: rev("0-1")})
		f.get("_local/x", core.GetOptions{Rev: rev("0-100")})
		assert.Equal(f, "0-0", put(`{"_id":"_local/x","_deleted":true}`))
		results := f.bulk(true, `{"_id":"_local/y","_rev":"0-7"}`)
		require.Nil(f, results[0].Err)
		assert.Equal(f, "0-8", f.get("_local/y", core.GetOptions{}).Rev.String())
	}},
	{"impossible revisions", []Capability{LocalRevisions, BatchRefusal}, func(f *fixture) {
		for _, text := range []string{"1-abc", "0-abc", "0--1", "1-1"} {
			results, err := f.db.BulkDocs(f.ctx, []*core.Document{{ID: "_local/x", Rev: rev(text), Body: core.EmptyBody}}, core.BulkDocsOptions{})
			if err == nil {
				require.NotNil(f, results[0].Err, text)
				err = results[0].Err
			}
			require.Equal(f, core.ErrBadRev.Reason, core.AsError(err).Reason, text)
		}
		f.requireGone(core.ErrMissing, "_local/x", core.GetOptions{})
	}},
}
