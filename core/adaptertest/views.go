package adaptertest

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
)

// viewCases are about indexes that follow the documents. What a query can ask for is the subject of viewOptionCases, and of the recorded queries.
var viewCases = []testCase{
	{"rows follow the documents", []Capability{Views}, func(f *fixture) {
		f.design("d", `{"v":{"map":"function (doc) { emit(doc.n, doc._id); if (doc.twice) emit(doc.n, 0); }","reduce":"_count"}}`)
		requireRows := func(want ...string) {
			f.Helper()
			f.requireView(want, "d", "v", noReduce)
			require.Equal(f, []string{"null " + strconv.Itoa(len(want))}, f.viewed("d", "v", core.ViewOptions{}))
		}
		one := f.put("a", `{"n":1}`)
		f.put("b", `{"n":2}`)
		requireRows(`1 "a"`, `2 "b"`)
		two := f.put("a", `{"n":3}`, one)
		requireRows(`2 "b"`, `3 "a"`)
		three := f.put("a", `{"n":3,"twice":true}`, two)
		requireRows(`2 "b"`, `3 0`, `3 "a"`)
		f.delete("a", three)
		requireRows(`2 "b"`)
		f.put("a", `{"n":"again"}`)
		requireRows(`2 "b"`, `"again" "a"`)
	}},
	{"the winner is what a view shows", []Capability{Views}, func(f *fixture) {
		f.design("d", `{"v":{"map":"function (doc) { emit(doc.v, doc._conflicts); }"}}`)
		f.replicate(`{"_id":"a","_rev":"1-11111111111111111111111111111111","v":"one"}`)
		f.requireView([]string{`"one" null`}, "d", "v", core.ViewOptions{})
		f.replicate(`{"_id":"a","_rev":"1-22222222222222222222222222222222","v":"two"}`)
		f.requireView([]string{`"two" ["1-11111111111111111111111111111111"]`}, "d", "v", core.ViewOptions{})
		f.replicate(`{"_id":"a","_rev":"2-33333333333333333333333333333333","_deleted":true,"_revisions":{"start":2,"ids":["33333333333333333333333333333333","22222222222222222222222222222222"]}}`)
		f.requireView([]string{`"one" null`}, "d", "v", core.ViewOptions{})
	}},
	{"purged documents leave", []Capability{Views, Purge}, func(f *fixture) {
		f.design("d", `{"v":{"map":"function (doc) { emit(doc._id); }"}}`)
		rev := f.put("a", `{}`)
		f.put("b", `{}`)
		f.requireView([]string{`"a" null`, `"b" null`}, "d", "v", core.ViewOptions{})
		_, err := f.db.Purge(f.ctx, []core.DocRevs{{ID: "a", Revs: []core.Rev{rev}}})
		require.NoError(f, err)
		f.requireView([]string{`"b" null`}, "d", "v", core.ViewOptions{})
		f.put("a", `{}`)
		f.requireView([]string{`"a" null`, `"b" null`}, "d", "v", core.ViewOptions{})
	}},
	{"many documents", []Capability{Views}, func(f *fixture) {
		count := f.rounds(4500)
		write := func(from, to int) {
			for from < to {
				var texts []string
				for ; from < to && len(texts) < 500; from++ {
					texts = append(texts, `{"_id":"`+strconv.Itoa(from)+`","n":`+strconv.Itoa(from)+`,"even":`+strconv.FormatBool(from%2 == 0)+`}`)
				}
				f.bulk(false, texts...)
			}
		}
		write(0, count/2)
		f.design("d", `{
			"n":{"map":"function (doc) { emit(doc.n, 1); }","reduce":"_sum"},
			"js":{"map":"function (doc) { emit(doc.n, 1); }","reduce":"function (keys, values) { return sum(values); }"},
			"even":{"map":"function (doc) { emit([doc.even, doc.n % 10], doc.n); }","reduce":"_stats"}}`)
		f.requireView([]string{"null " + strconv.Itoa(count/2)}, "d", "n", core.ViewOptions{})
		write(count/2, count)
		for _, view := range []string{"n", "js"} {
			f.requireView([]string{"null " + strconv.Itoa(count)}, "d", view, core.ViewOptions{})
			for from := 0; from < count; from += count/4 + 1 {
				options := core.ViewOptions{StartKey: []byte(strconv.Itoa(from)), EndKey: []byte(strconv.Itoa(count - 10)), ExclusiveEnd: true}
				f.requireView([]string{"null " + strconv.Itoa(count-10-from)}, "d", view, options)
			}
		}
		groups := f.viewed("d", "even", core.ViewOptions{GroupLevel: 1})
		require.Len(f, groups, 2)
		assert.Contains(f, groups[1], `[true] {"sum":`)
		assert.Contains(f, groups[1], `"count":`+strconv.Itoa((count+1)/2)+`,`)
		assert.Contains(f, groups[1], `"min":0,`)
		rows, summary := f.view("d", "n", core.ViewOptions{Reduce: new(bool), StartKey: []byte(strconv.Itoa(count / 3)), Limit: 1})
		require.Len(f, rows, 1)
		assert.Equal(f, uint64(count), summary.TotalRows)
		if f.has(Offsets) {
			assert.Equal(f, int64(count/3), summary.Offset)
		}
	}},
	{"an update on demand only", []Capability{Views, WholeViews}, func(f *fixture) {
		f.design("d", `{"v":{"map":"function (doc) { emit(doc._id); }"}}`)
		f.put("a", `{}`)
		f.requireView(nil, "d", "v", core.ViewOptions{Update: core.UpdateNever})
		f.requireView([]string{`"a" null`}, "d", "v", core.ViewOptions{})
		f.put("b", `{}`)
		f.requireView([]string{`"a" null`}, "d", "v", core.ViewOptions{Update: core.UpdateNever})
		f.requireView([]string{`"a" null`}, "d", "v", core.ViewOptions{Update: core.UpdateAfter})
		require.Eventually(f, func() bool {
			return len(f.viewed("d", "v", core.ViewOptions{Update: core.UpdateNever})) == 2
		}, 20*time.Second, 2*time.Millisecond)
	}},
	{"a design document that changes", []Capability{Views, WholeViews}, func(f *fixture) {
		first := f.design("d", `{"v":{"map":"function (doc) { emit(1, doc._id); }"}}`)
		f.put("a", `{}`)
		f.requireView([]string{`1 "a"`}, "d", "v", core.ViewOptions{})
		second := f.put("_design/d", `{"views":{"v":{"map":"function (doc) { emit(2, doc._id); }"}}}`, first)
		f.requireView([]string{`2 "a"`}, "d", "v", core.ViewOptions{})
		require.NoError(f, f.viewer().ViewCleanup(f.ctx))
		f.requireView([]string{`2 "a"`}, "d", "v", core.ViewOptions{Update: core.UpdateNever})
		f.delete("_design/d", second)
		_, err := f.tryView("d", "v", core.ViewOptions{})
		require.ErrorIs(f, err, core.ErrDeleted)
		require.NoError(f, f.viewer().ViewCleanup(f.ctx))
		f.design("d", `{"v":{"map":"function (doc) { emit(1, doc._id); }"}}`)
		f.requireView(nil, "d", "v", core.ViewOptions{Update: core.UpdateNever})
		f.requireView([]string{`1 "a"`}, "d", "v", core.ViewOptions{})
	}},
	{"map functions that fail", []Capability{Views}, func(f *fixture) {
		f.design("d", `{
			"throws":{"map":"function (doc) { emit('before', 1); if (doc.n == 1) doc.x.y.z; emit(doc.n); }"},
			"odd":{"map":"function (doc) { emit(undefined, function () {}); emit(NaN, [undefined]); emit(doc, {a: undefined}); }","reduce":"_count"}}`)
		f.bulk(false, `{"_id":"a","n":1}`, `{"_id":"b","n":2}`)
		f.requireView([]string{`2 null`, `"before" 1`}, "d", "throws", core.ViewOptions{})
		f.requireView([]string{"null 6"}, "d", "odd", core.ViewOptions{})
		f.requireView([]string{`null null`, `null [null]`}, "d", "odd", core.ViewOptions{Reduce: new(bool), Limit: 2})
	}},
	{"what is not a function", []Capability{Views, WholeViews}, func(f *fixture) {
		f.put("a", `{}`)
		for name, want := range map[string]string{
			"1 + 1":           "Compilation of the map function in the 'v' view failed: Expression does not eval to a function. (1 + 1)",
			"function (doc {": "Compilation of the map function in the 'v' view failed: SyntaxError",
		} {
			rev := f.design("bad", `{"good":{"map":"function (doc) {}"},"v":{"map":"`+name+`"}}`)
			_, err := f.tryView("bad", "v", core.ViewOptions{})
			require.Error(f, err)
			assert.Equal(f, "compilation_error", core.AsError(err).Name)
			assert.Equal(f, 400, core.AsError(err).Status)
			assert.Contains(f, core.AsError(err).Reason, want)
			f.delete("_design/bad", rev)
		}
		f.design("reduce", `{"v":{"map":"function (doc) { emit(1) }","reduce":"function ("}}`)
		_, err := f.tryView("reduce", "v", core.ViewOptions{})
		assert.Contains(f, core.AsError(err).Reason, "Compilation of the reduce function in the 'v' view failed: SyntaxError")
		f.design("builtin", `{"v":{"map":"function (doc) { emit(1) }","reduce":"_nope"}}`)
		_, err = f.tryView("builtin", "v", core.ViewOptions{})
		assert.Equal(f, "`_nope` is not a supported reduce function.", core.AsError(err).Reason)
	}},
	{"views that are not there", []Capability{Views, WholeViews}, func(f *fixture) {
		_, err := f.tryView("none", "v", core.ViewOptions{})
		require.ErrorIs(f, err, core.ErrMissing)
		f.design("d", `{"v":{"map":"function (doc) {}"},"lib":{"code":"exports.x = 1"}}`)
		for _, view := range []string{"none", "lib", ""} {
			_, err = f.tryView("d", view, core.ViewOptions{})
			require.ErrorIs(f, err, core.ErrMissing)
			assert.Equal(f, "missing_named_view", core.AsError(err).Reason)
		}
		f.put("_design/other", `{"language":"cobol","views":{"v":{"map":"x"}}}`)
		_, err = f.tryView("other", "v", core.ViewOptions{})
		assert.Equal(f, "unknown_query_language", core.AsError(err).Name)
		_, err = f.viewer().ViewInfo(f.ctx, "none")
		require.ErrorIs(f, err, core.ErrMissing)
	}},
	{"info", []Capability{Views, WholeViews}, func(f *fixture) {
		f.design("d", `{"v":{"map":"function (doc) { emit(doc._id) }"}}`)
		f.put("a", `{}`)
		f.viewed("d", "v", core.ViewOptions{})
		info, err := f.viewer().ViewInfo(f.ctx, "d")
		require.NoError(f, err)
		for _, want := range []string{`"name":"d"`, `"view_index":{`, `"language":"javascript"`, `"updater_running":false`, `"signature":"`, `"sizes":{`} {
			assert.Contains(f, string(info), want)
		}
	}},
	{"reopening", []Capability{Views, Persistence}, func(f *fixture) {
		f.design("d", `{"v":{"map":"function (doc) { emit(doc.n, 1) }","reduce":"function (keys, values) { return sum(values) }"}}`)
		f.putMany(f.rounds(200))
		want := f.viewed("d", "v", noReduce)
		total := f.viewed("d", "v", core.ViewOptions{})
		f.db = f.harness.Reopen(f.T, f.db, f.name)
		never := core.ViewOptions{Update: core.UpdateNever}
		assert.Equal(f, total, f.viewed("d", "v", never))
		never.Reduce = new(bool)
		assert.Equal(f, want, f.viewed("d", "v", never))
	}},
	{"queries while others write", []Capability{Views}, func(f *fixture) {
		f.design("d", `{"v":{"map":"function (doc) { emit(doc._id.slice(0, 1), 1) }","reduce":"_sum"}}`)
		writers, each := 4, f.rounds(40)
		failed := make(chan error, writers)
		for w := range writers {
			go func() {
				failed <- func() error {
					letter := string(rune('a' + w))
					for i := range each {
						if _, err := f.tryPut(fmt.Sprint(letter, i), `{}`); err != nil {
							return err
						}
						rows, err := f.tryView("d", "v", core.ViewOptions{Key: []byte(`"` + letter + `"`)})
						if err != nil {
							return err
						}
						if want := "null " + strconv.Itoa(i+1); len(rows) != 1 || rows[0] != want {
							return fmt.Errorf("after %d documents the view says %v", i+1, rows)
						}
					}
					return nil
				}()
			}()
		}
		for range writers {
			assert.NoError(f, <-failed)
		}
	}},
	{"functions of no design document", []Capability{TemporaryViews}, func(f *fixture) {
		f.bulk(false, `{"_id":"a","n":1}`, `{"_id":"b","n":2}`)
		ask := func(mapSource, reduce string, options core.ViewOptions) []string {
			var rows []string
			_, err := f.db.(core.TemporaryViewer).TemporaryView(f.ctx, mapSource, reduce, options, func(row *core.ViewRow) error {
				rows = append(rows, string(row.Key)+" "+string(row.Value))
				return nil
			})
			require.NoError(f, err)
			return rows
		}
		byN := "function (doc) { emit(doc.n, doc.n * 2) }"
		assert.Equal(f, []string{"1 2", "2 4"}, ask(byN, "", core.ViewOptions{}))
		assert.Equal(f, []string{"null 6"}, ask(byN, "_sum", core.ViewOptions{}))
		f.put("c", `{"n":0}`)
		assert.Equal(f, []string{"0 0", "1 2", "2 4"}, ask(byN, "", core.ViewOptions{}))
		require.NoError(f, f.viewer().ViewCleanup(f.ctx))
		assert.Empty(f, ask(byN, "", core.ViewOptions{Update: core.UpdateNever}))
		assert.Equal(f, []string{"0 0", "1 2", "2 4"}, ask(byN, "", core.ViewOptions{}))
		_, err := f.db.(core.TemporaryViewer).TemporaryView(f.ctx, "1", "", core.ViewOptions{}, func(*core.ViewRow) error { return nil })
		assert.Equal(f, "compilation_error", core.AsError(err).Name)
	}},
}

var noReduce = core.ViewOptions{Reduce: new(bool)}

// design writes a design document with views.
func (f *fixture) design(name, views string) core.Rev {
	f.Helper()
	return f.put("_design/"+name, strings.Join(strings.Fields(`{"views":`+views+`}`), " "))
}

func (f *fixture) viewer() core.Viewer {
	viewer, ok := f.db.(core.Viewer)
	require.True(f, ok, "an adapter that answers views is a core.Viewer")
	return viewer
}

func (f *fixture) view(design, view string, options core.ViewOptions) ([]*core.ViewRow, core.ViewSummary) {
	f.Helper()
	var rows []*core.ViewRow
	summary, err := f.viewer().View(f.ctx, design, view, options, func(row *core.ViewRow) error {
		rows = append(rows, row)
		return nil
	})
	require.NoError(f, err)
	return rows, summary
}

// tryView returns the keys and values of rows.
func (f *fixture) tryView(design, view string, options core.ViewOptions) (rows []string, err error) {
	_, err = f.viewer().View(f.ctx, design, view, options, func(row *core.ViewRow) error {
		rows = append(rows, string(row.Key)+" "+string(row.Value))
		return nil
	})
	return rows, err
}

func (f *fixture) viewed(design, view string, options core.ViewOptions) []string {
	f.Helper()
	rows, err := f.tryView(design, view, options)
	require.NoError(f, err)
	return rows
}

func (f *fixture) requireView(want []string, design, view string, options core.ViewOptions) {
	f.Helper()
	require.Equal(f, want, f.viewed(design, view, options))
}
