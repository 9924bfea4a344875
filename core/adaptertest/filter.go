package adaptertest

import (
	"context"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
)

// evenOnly is a filter in three languages: of the documents of fixture.numbers, those with an even number.
var evenOnly = map[string]core.ChangesFilter{
	"selector": {Selector: []byte(`{"n":{"$mod":[2,0]}}`)},
	"predicate": {Predicate: func(_ context.Context, docs []*core.Document) ([]bool, error) {
		pass := make([]bool, len(docs))
		for i, doc := range docs {
			pass[i] = doc.Body[len(doc.Body)-2]%2 == 0
		}
		return pass, nil
	}},
}

// numbers writes a0 to a9 with their numbers.
func (f *fixture) numbers() {
	for _, n := range "0123456789" {
		f.put("a"+string(n), `{"n":`+string(n)+`}`)
	}
}

var filterCases = []testCase{
	{"by selector", []Capability{ServerFilters}, filtered("selector")},
	{"by predicate", nil, filtered("predicate")},
	{"selector, what is left", []Capability{ServerFilters, Pending}, func(f *fixture) {
		f.numbers()
		_, summary := f.changes(core.ChangesOptions{Limit: 2, Filter: evenOnly["selector"]})
		after, _ := f.changes(core.ChangesOptions{Since: summary.LastSeq})
		assert.Len(f, after, int(summary.Pending))
		_, summary = f.changes(core.ChangesOptions{Filter: core.ChangesFilter{Selector: []byte(`{"n":{"$lt":3}}`)}})
		assert.Zero(f, summary.Pending)
		assert.Empty(f, f.changed(core.ChangesOptions{Since: summary.LastSeq}), "what was left out does not come again")
	}},
	{"selector and deletions", []Capability{ServerFilters}, func(f *fixture) {
		f.numbers()
		f.delete("a4", f.get("a4", core.GetOptions{}).Rev)
		assert.Equal(f, []string{"a4"}, f.changed(core.ChangesOptions{Filter: core.ChangesFilter{Selector: []byte(`{"_deleted":true}`)}}))
		assert.Equal(f, []string{"a0", "a2", "a6", "a8"}, f.changed(core.ChangesOptions{Filter: evenOnly["selector"]}))
	}},
	{"leaves", []Capability{ServerFilters}, func(f *fixture) {
		f.replicate(conflicted...)
		for docs, want := range map[string][]string{`"c"`: {"3-c"}, `"d"`: {"2-d"}, `"nobody"`: nil} {
			changes, _ := f.changes(core.ChangesOptions{AllLeaves: true, Filter: core.ChangesFilter{Selector: []byte(`{"v":` + docs + `}`)}})
			if want == nil {
				assert.Empty(f, changes)
				continue
			}
			require.Len(f, changes, 1, docs)
			assert.Equal(f, want, texts(changes[0].Revs), "only the leaves that pass")
		}
	}},
	{"design documents", []Capability{ServerFilters}, func(f *fixture) {
		f.put("a", `{}`)
		f.put("_design/d", `{}`)
		f.put("b", `{}`)
		assert.Equal(f, []string{"_design/d"}, f.changed(core.ChangesOptions{Filter: core.ChangesFilter{DesignDocs: true}}))
	}},
	{"not a filter", []Capability{ServerFilters}, func(f *fixture) {
		for _, options := range []core.ChangesOptions{
			{Filter: core.ChangesFilter{Selector: []byte(`{"$nope":1}`)}},
			{Filter: core.ChangesFilter{Selector: []byte(`1`)}},
			{Filter: core.ChangesFilter{DesignFilter: "x"}},
			{Filter: core.ChangesFilter{DesignDocs: true}, DocIDs: []string{"a"}},
		} {
			_, _, err := core.ListChanges(f.ctx, f.db, options)
			require.ErrorIs(f, err, core.ErrBadRequest)
		}
		_, _, err := core.ListChanges(f.ctx, f.db, core.ChangesOptions{Filter: core.ChangesFilter{DesignFilter: "no/such"}})
		require.ErrorIs(f, err, core.ErrMissing)
	}},
	{"wait for what passes", []Capability{ServerFilters, WaitingFeed}, func(f *fixture) {
		for _, filter := range evenOnly {
			answers := f.await(f.ctx, core.ChangesOptions{Since: f.end(), Wait: time.Minute, Filter: filter})
			f.put("b"+f.name, `{"n":1}`, f.revsOf("b"+f.name)...)
			f.put("c"+f.name, `{"n":2}`, f.revsOf("c"+f.name)...)
			got := f.receive(answers)
			require.NoError(f, got.err)
			require.Len(f, got.changes, 1)
			assert.Equal(f, "c"+f.name, got.changes[0].ID)
			assert.Nil(f, got.changes[0].Doc)
		}
	}},
}

// filtered reads with one of evenOnly, whole, in pages and backwards.
func filtered(name string) func(f *fixture) {
	return func(f *fixture) {
		f.numbers()
		filter := evenOnly[name]
		assert.Equal(f, []string{"a0", "a2", "a4", "a6", "a8"}, f.changed(core.ChangesOptions{Filter: filter}))
		assert.Equal(f, []string{"a8", "a6"}, f.changed(core.ChangesOptions{Filter: filter, Descending: true, Limit: 2}))
		changes, summary := f.changes(core.ChangesOptions{Filter: filter, Limit: 3, IncludeDocs: true})
		require.Len(f, changes, 3)
		f.requireBody(`{"n":4}`, changes[2].Doc)
		assert.Equal(f, []string{"a6", "a8"}, f.changed(core.ChangesOptions{Filter: filter, Since: summary.LastSeq}))
		if f.has(Pending) {
			assert.Empty(f, f.changed(core.ChangesOptions{Filter: filter, Limit: core.NoRows}))
		}
	}
}

// revsOf returns the revision that an edit of a document follows, none when it is not there.
func (f *fixture) revsOf(docID string) []core.Rev {
	doc, err := f.db.Get(f.ctx, docID, core.GetOptions{})
	if err != nil {
		return nil
	}
	return []core.Rev{doc.Rev}
}
