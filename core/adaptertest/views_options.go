package adaptertest

import (
	"errors"
	"strings"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
)

// viewOptionCases are about what a query of a view can ask for. The recorded queries have more of it.
var viewOptionCases = []testCase{
	{"ranges", []Capability{Views}, func(f *fixture) {
		f.letters()
		key := func(text string) []byte { return []byte(text) }
		for _, test := range []struct {
			want    string
			options core.ViewOptions
		}{
			{"a1 a2 b1 c1 c2", core.ViewOptions{}},
			{"c2 c1 b1 a2 a1", core.ViewOptions{Descending: true}},
			{"b1", core.ViewOptions{Key: key(`"b"`)}},
			{"", core.ViewOptions{Key: key(`"bb"`)}},
			{"b1 c1 c2", core.ViewOptions{StartKey: key(`"b"`)}},
			{"a1 a2 b1", core.ViewOptions{EndKey: key(`"b"`)}},
			{"a1 a2", core.ViewOptions{EndKey: key(`"b"`), ExclusiveEnd: true}},
			{"b1 a2 a1", core.ViewOptions{StartKey: key(`"b"`), Descending: true}},
			{"c2 c1", core.ViewOptions{EndKey: key(`"b"`), ExclusiveEnd: true, Descending: true}},
			{"a2 b1 c1", core.ViewOptions{StartKey: key(`"a"`), StartKeyDocID: "a2", EndKey: key(`"c"`), EndKeyDocID: "c1"}},
			{"c1 b1 a2", core.ViewOptions{StartKey: key(`"c"`), StartKeyDocID: "c1", EndKey: key(`"a"`), EndKeyDocID: "a2", Descending: true}},
			{"a2 b1", core.ViewOptions{Skip: 1, Limit: 2}},
			{"b1 a2", core.ViewOptions{Skip: 2, Limit: 2, Descending: true}},
			{"", core.ViewOptions{Limit: core.NoRows}},
			{"", core.ViewOptions{Skip: 9}},
			{"c1 c2 a1 a2 c1 c2", core.ViewOptions{Keys: [][]byte{key(`"c"`), key(`"x"`), key(`"a"`), key(`"c"`)}}},
			{"c2 a1", core.ViewOptions{Keys: [][]byte{key(`"c"`), key(`"a"`)}, Skip: 1, Limit: 2}},
			{"", core.ViewOptions{Keys: [][]byte{}}},
		} {
			if test.options.StartKeyDocID != "" && !f.has(WholeViews) {
				continue
			}
			test.options.Reduce = new(bool)
			var ids []string
			rows, summary := f.view("d", "v", test.options)
			for _, row := range rows {
				ids = append(ids, row.ID)
			}
			assert.Equal(f, test.want, strings.Join(ids, " "), "%+v", test.options)
			assert.Equal(f, uint64(5), summary.TotalRows)
			assert.False(f, summary.Reduced)
		}
	}},
	{"groups", []Capability{Views}, func(f *fixture) {
		f.letters()
		requireGroups := func(want string, options core.ViewOptions) {
			f.Helper()
			assert.Equal(f, want, strings.Join(f.viewed("d", "v", options), ", "))
		}
		requireGroups(`null 5`, core.ViewOptions{})
		requireGroups(`"a" 2, "b" 1, "c" 2`, core.ViewOptions{Group: true})
		requireGroups(`"c" 2, "b" 1, "a" 2`, core.ViewOptions{Group: true, Descending: true})
		requireGroups(`"b" 1`, core.ViewOptions{Group: true, Skip: 1, Limit: 1})
		requireGroups(`"c" 2, "a" 2, "c" 2`, core.ViewOptions{Group: true, Keys: [][]byte{[]byte(`"c"`), []byte(`"a"`), []byte(`"c"`)}})
		requireGroups(`null 3`, core.ViewOptions{StartKey: []byte(`"b"`)})
		requireGroups(``, core.ViewOptions{StartKey: []byte(`"x"`)})
		requireGroups(``, core.ViewOptions{Limit: core.NoRows})
		assert.Equal(f, []string{`["a"] 2`, `["b"] 1`, `["c"] 2`}, f.viewed("d", "array", core.ViewOptions{GroupLevel: 1}))
		assert.Equal(f, []string{`["a","1"] 1`, `["a","2"] 1`}, f.viewed("d", "array", core.ViewOptions{GroupLevel: 2, EndKey: []byte(`["a",{}]`)}))
		assert.Equal(f, []string{`"a" 2`, `"b" 1`, `"c" 2`}, f.viewed("d", "js", core.ViewOptions{Group: true}))
		_, summary := f.view("d", "v", core.ViewOptions{})
		assert.True(f, summary.Reduced)
	}},
	{"options that contradict each other", []Capability{Views, WholeViews}, func(f *fixture) {
		f.letters()
		yes := true
		for _, test := range []struct {
			view, reason string
			options      core.ViewOptions
		}{
			{"plain", "Reduce is invalid for map-only views.", core.ViewOptions{Reduce: &yes}},
			{"plain", "Invalid use of grouping on a map view.", core.ViewOptions{Group: true}},
			{"v", "Invalid use of grouping on a map view.", core.ViewOptions{GroupLevel: 1, Reduce: new(bool)}},
			{"v", "`include_docs` is invalid for reduce", core.ViewOptions{IncludeDocs: true}},
			{"v", "Multi-key fetches for reduce views must use `group=true`", core.ViewOptions{Keys: [][]byte{[]byte("1"), []byte("2")}}},
			{"v", "No rows can match your key range", core.ViewOptions{StartKey: []byte("2"), EndKey: []byte("1")}},
			{"v", "No rows can match your key range", core.ViewOptions{StartKey: []byte("1"), EndKey: []byte("2"), Descending: true}},
		} {
			_, err := f.tryView("d", test.view, test.options)
			require.ErrorIs(f, err, core.ErrQueryParse, test.reason)
			assert.Contains(f, core.AsError(err).Reason, test.reason)
		}
	}},
	{"documents beside rows", []Capability{Views}, func(f *fixture) {
		f.design("d", `{
			"own":{"map":"function (doc) { emit(doc._id, doc.other ? {x: 1} : null) }"},
			"linked":{"map":"function (doc) { if (doc.other !== undefined) emit(doc._id, {_id: doc.other, _rev: doc.rev}) }"}}`)
		old := f.put("a", `{"v":1}`)
		f.put("a", `{"v":2}`, old)
		f.bulk(false, `{"_id":"l1","other":"a"}`, `{"_id":"l2","other":"a","rev":"`+old.String()+`"}`, `{"_id":"l3","other":"none"}`, `{"_id":"l4","other":5}`)
		joined := func(view string) (docs []string) {
			rows, _ := f.view("d", view, core.ViewOptions{IncludeDocs: true})
			for _, row := range rows {
				text := row.ID + ": none"
				if row.Doc != nil {
					text = row.ID + ": " + row.Doc.ID + " " + string(row.Doc.Body)
				}
				docs = append(docs, text)
			}
			return docs
		}
		assert.Equal(f, []string{
			`a: a {"v":2}`, `l1: l1 {"other":"a"}`, `l2: l2 {"other":"a","rev":"` + old.String() + `"}`, `l3: l3 {"other":"none"}`, `l4: l4 {"other":5}`,
		}, joined("own"))
		linked := []string{`l1: a {"v":2}`, `l2: a {"v":1}`, `l3: none`, `l4: none`}
		switch {
		case !f.has(WholeViews):
			linked[1] = `l2: a {"v":2}`
		case !f.has(InnerBodies):
			linked[1] = "l2: none"
		}
		assert.Equal(f, linked, joined("linked"))
	}},
	{"conflicts and attachments beside rows", []Capability{Views}, func(f *fixture) {
		f.design("d", `{"v":{"map":"function (doc) { emit(Object.keys(doc._attachments || {})) }"}}`)
		f.replicate(`{"_id":"a","_rev":"1-11111111111111111111111111111111"}`, `{"_id":"a","_rev":"1-22222222222222222222222222222222"}`)
		f.bulk(false, `{"_id":"b","_attachments":{"note":{"content_type":"text/plain","data":"aGVsbG8="}}}`)
		rows, _ := f.view("d", "v", core.ViewOptions{IncludeDocs: true, Conflicts: true, Attachments: true})
		require.Len(f, rows, 2)
		assert.Equal(f, "1-11111111111111111111111111111111", rows[0].Doc.Conflicts[0].String())
		assert.Equal(f, `["note"]`, string(rows[1].Key))
		require.Len(f, rows[1].Doc.Attachments, 1)
		f.requireContent("hello", &rows[1].Doc.Attachments[0])
		rows, _ = f.view("d", "v", core.ViewOptions{IncludeDocs: true})
		assert.Empty(f, rows[0].Doc.Conflicts)
		assert.True(f, rows[1].Doc.Attachments[0].Stub)
	}},
	{"the sequence", []Capability{Views}, func(f *fixture) {
		f.letters()
		_, summary := f.view("d", "v", core.ViewOptions{UpdateSeq: true})
		require.NotEmpty(f, summary.UpdateSeq)
		after, _ := f.changes(core.ChangesOptions{Since: summary.UpdateSeq})
		assert.Empty(f, after, "the view knows all changes")
		_, summary = f.view("d", "v", core.ViewOptions{})
		assert.Empty(f, summary.UpdateSeq)
	}},
	{"a reader that has enough", []Capability{Views}, func(f *fixture) {
		f.letters()
		seen := 0
		_, err := f.viewer().View(f.ctx, "d", "v", core.ViewOptions{Reduce: new(bool)}, func(*core.ViewRow) error {
			seen++
			return errEnough
		})
		require.ErrorIs(f, err, errEnough)
		assert.Equal(f, 1, seen)
	}},
}

// errEnough ends a reading.
var errEnough = errors.New("enough")

// letters writes five documents and views of their first letters.
func (f *fixture) letters() {
	f.Helper()
	f.bulk(false, `{"_id":"c2"}`, `{"_id":"a1"}`, `{"_id":"b1"}`, `{"_id":"a2"}`, `{"_id":"c1"}`)
	f.design("d", `{
		"v":{"map":"function (doc) { emit(doc._id[0], 1) }","reduce":"_sum"},
		"js":{"map":"function (doc) { emit(doc._id[0], 1) }","reduce":"function (keys, values, rereduce) { return rereduce ? sum(values) : keys.length }"},
		"array":{"map":"function (doc) { emit(doc._id.split(''), null) }","reduce":"_count"},
		"plain":{"map":"function (doc) { emit(doc._id) }"}}`)
}
