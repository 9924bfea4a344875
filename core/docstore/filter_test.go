package docstore_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/adapters/memory"
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/internal/goscripts"
)

var goFunctions = goscripts.Functions{
	"function (d) { return !!d.upd; }": func(doc, _ map[string]any) (bool, error) { return doc["upd"] != nil, nil },
	"min": func(doc, query map[string]any) (bool, error) {
		n, _ := doc["n"].(float64)
		return n >= query["min"].(float64), nil
	},
	"even": func(doc, _ map[string]any) (bool, error) {
		n, is := doc["n"].(float64)
		return is && int(n)%2 == 0, nil
	},
	"fail": func(map[string]any, map[string]any) (bool, error) { return false, errFunction },
}

var errFunction = errors.New("the function threw")

func openFilterable(t *testing.T) *docstore.DB {
	db, err := memory.OpenWith(t.Context(), docstore.Options{Scripts: goFunctions})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func putJSON(t *testing.T, db core.Adapter, text string) core.Rev {
	t.Helper()
	doc, err := core.ParseDocument([]byte(text))
	require.NoError(t, err)
	rev, err := core.Put(t.Context(), db, doc)
	require.NoError(t, err)
	return rev
}

const designDocument = `{"_id":"_design/d","filters":{"min":"min","fail":"fail","unknown":"unknown"},"views":{"even":{"map":"even"},"fail":{"map":"fail"}}}`

// fillNumbered writes n000, n001, ... with {"n": i}.
func fillNumbered(t *testing.T, db core.Adapter, count int) {
	var docs []*core.Document
	for i := range count {
		docs = append(docs, &core.Document{ID: fmt.Sprintf("n%03d", i), Body: fmt.Appendf(nil, `{"n":%d}`, i)})
	}
	_, err := db.BulkDocs(t.Context(), docs, core.BulkDocsOptions{})
	require.NoError(t, err)
}

func changedIDs(t *testing.T, db core.Adapter, options core.ChangesOptions) ([]string, core.ChangesSummary) {
	t.Helper()
	changes, summary, err := core.ListChanges(t.Context(), db, options)
	require.NoError(t, err)
	var ids []string
	for _, change := range changes {
		ids = append(ids, change.ID)
	}
	return ids, summary
}

// Every kind of filter, read in pages of every size, shows the same; sequences and what is pending tell the truth on the way.
func TestFiltersInPages(t *testing.T) {
	t.Parallel()
	db := openFilterable(t)
	fillNumbered(t, db, 300)
	putJSON(t, db, designDocument)
	even := func(n int) bool { return n%2 == 0 }
	for name, test := range map[string]struct {
		filter core.ChangesFilter
		want   func(n int) bool
	}{
		"selector": {core.ChangesFilter{Selector: []byte(`{"n":{"$mod":[2,0]}}`)}, even},
		"view":     {core.ChangesFilter{View: "d/even"}, even},
		"function": {core.ChangesFilter{DesignFilter: "_design/d/min", QueryParams: []byte(`{"min":290}`)}, func(n int) bool { return n >= 290 }},
		"predicate": {core.ChangesFilter{Predicate: func(_ context.Context, docs []*core.Document) ([]bool, error) {
			pass := make([]bool, len(docs))
			for i, doc := range docs {
				pass[i] = strings.HasPrefix(doc.ID, "n00")
			}
			return pass, nil
		}}, func(n int) bool { return n < 10 }},
		"view and predicate": {core.ChangesFilter{View: "d/even", Predicate: func(_ context.Context, docs []*core.Document) ([]bool, error) {
			pass := make([]bool, len(docs))
			for i, doc := range docs {
				assert.Contains(t, "02468", doc.ID[3:], "it is asked about what the other lets pass")
				pass[i] = doc.ID > "n250"
			}
			return pass, nil
		}}, func(n int) bool { return even(n) && n > 250 }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var want []string
			for n := range 300 {
				if test.want(n) {
					want = append(want, fmt.Sprintf("n%03d", n))
				}
			}
			for _, limit := range []int{0, 1, 7, 100, 1000} {
				var got []string
				since := core.Seq("")
				for {
					page, summary := changedIDs(t, db, core.ChangesOptions{Since: since, Limit: limit, Filter: test.filter})
					got = append(got, page...)
					after, _ := changedIDs(t, db, core.ChangesOptions{Since: summary.LastSeq})
					require.Len(t, after, int(summary.Pending), "pending after %s", summary.LastSeq)
					since = summary.LastSeq
					if limit == 0 || len(page) < limit {
						break
					}
				}
				require.Equal(t, want, got, "limit %d", limit)
				assert.Equal(t, core.Seq("301"), since)
			}
			slices.Reverse(want)
			down, _ := changedIDs(t, db, core.ChangesOptions{Descending: true, Filter: test.filter})
			assert.Equal(t, want, down)
			none, summary := changedIDs(t, db, core.ChangesOptions{Limit: core.NoRows, Filter: test.filter})
			assert.Empty(t, none)
			assert.Equal(t, core.ChangesSummary{LastSeq: "0", Pending: 301, Purges: "0"}, summary)
		})
	}
}

func TestFilterJudgesLeavesByThemselves(t *testing.T) {
	t.Parallel()
	db := openFilterable(t)
	var docs []*core.Document
	for _, text := range []string{
		`{"_id":"a","_rev":"1-b","n":1}`, `{"_id":"a","_rev":"1-a","n":2}`, `{"_id":"a","_rev":"1-c","n":4,"_deleted":true}`,
		`{"_id":"b","_rev":"1-b","n":2}`, `{"_id":"b","_rev":"1-a","n":1}`, `{"_id":"c","_rev":"1-a","n":1}`,
	} {
		doc, err := core.ParseDocument([]byte(text))
		require.NoError(t, err)
		docs = append(docs, doc)
	}
	_, err := db.BulkDocs(t.Context(), docs, core.BulkDocsOptions{Replicated: true})
	require.NoError(t, err)
	options := core.ChangesOptions{Filter: core.ChangesFilter{Selector: []byte(`{"n":{"$mod":[2,0]}}`)}, IncludeDocs: true, Conflicts: true}
	changes, _, err := core.ListChanges(t.Context(), db, options)
	require.NoError(t, err)
	require.Len(t, changes, 1, "only the winners count")
	assert.Equal(t, "b", changes[0].ID)
	assert.Len(t, changes[0].Doc.Conflicts, 1)

	options.AllLeaves = true
	changes, _, err = core.ListChanges(t.Context(), db, options)
	require.NoError(t, err)
	require.Len(t, changes, 2)
	assert.Equal(t, []string{"1-a", "1-c"}, []string{changes[0].Revs[0].String(), changes[0].Revs[1].String()})
	assert.Equal(t, "1-b", changes[0].Doc.Rev.String(), "the document is the winner all the same")
	assert.Equal(t, []string{"1-b"}, []string{changes[1].Revs[0].String()})
}

func TestSelectorSeesDeletedAndDesignDocuments(t *testing.T) {
	t.Parallel()
	db := openFilterable(t)
	rev := putJSON(t, db, `{"_id":"a"}`)
	putJSON(t, db, designDocument)
	_, err := core.Delete(t.Context(), db, "a", rev)
	require.NoError(t, err)
	for selector, want := range map[string][]string{
		`{}`:                           {"_design/d", "a"},
		`{"_deleted":true}`:            {"a"},
		`{"_id":{"$beginsWith":"_d"}}`: {"_design/d"},
	} {
		got, _ := changedIDs(t, db, core.ChangesOptions{Filter: core.ChangesFilter{Selector: []byte(selector)}})
		assert.Equal(t, want, got, selector)
	}
}

func TestDesignDocuments(t *testing.T) {
	t.Parallel()
	db := openFilterable(t)
	for i := range 4 {
		putJSON(t, db, fmt.Sprintf(`{"_id":"_design/d%d"}`, 3-i))
		putJSON(t, db, fmt.Sprintf(`{"_id":"plain%d"}`, i))
	}
	filter := core.ChangesFilter{DesignDocs: true}
	ids, summary := changedIDs(t, db, core.ChangesOptions{Limit: 2, Filter: filter})
	assert.Equal(t, []string{"_design/d3", "_design/d2"}, ids)
	assert.Equal(t, core.ChangesSummary{LastSeq: "3", Pending: 6, Purges: "0"}, summary)
	ids, summary = changedIDs(t, db, core.ChangesOptions{Since: summary.LastSeq, Filter: filter})
	assert.Equal(t, []string{"_design/d1", "_design/d0"}, ids)
	assert.Equal(t, core.ChangesSummary{LastSeq: "8", Pending: 3, Purges: "0"}, summary, "as in CouchDB, all others are pending")
}

// A long poll is not ended by changes that do not pass, and goes on behind them.
func TestFilteredLongPoll(t *testing.T) {
	t.Parallel()
	for name, filter := range map[string]core.ChangesFilter{
		"selector": {Selector: []byte(`{"n":{"$gte":100}}`)},
		"design":   {DesignDocs: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := openFilterable(t)
			fillNumbered(t, db, 10)
			seen := make(chan int, 1)
			watched := filter
			watched.Predicate = func(_ context.Context, docs []*core.Document) ([]bool, error) {
				seen <- len(docs)
				return slices.Repeat([]bool{true}, len(docs)), nil
			}
			type outcome struct {
				changes []*core.Change
				summary core.ChangesSummary
				err     error
			}
			done := make(chan outcome, 1)
			go func() {
				changes, summary, err := core.ListChanges(t.Context(), db, core.ChangesOptions{Wait: time.Minute, Filter: watched})
				done <- outcome{changes, summary, err}
			}()
			putJSON(t, db, `{"_id":"x","n":1}`)
			putJSON(t, db, `{"_id":"_design/signal","n":100}`)
			got := <-done
			require.NoError(t, got.err)
			require.Len(t, got.changes, 1)
			assert.Equal(t, "_design/signal", got.changes[0].ID)
			assert.Equal(t, core.Seq("12"), got.summary.LastSeq)
			assert.Equal(t, 1, <-seen)

			_, summary, err := core.ListChanges(t.Context(), db, core.ChangesOptions{Wait: time.Millisecond, Filter: core.ChangesFilter{Selector: []byte(`{"n":-1}`)}})
			require.NoError(t, err)
			assert.Equal(t, core.ChangesSummary{LastSeq: "12", Purges: "0"}, summary, "what was left out need not be asked again")
		})
	}
}

func TestFiltersThatCannotBe(t *testing.T) {
	t.Parallel()
	db := openFilterable(t)
	fillNumbered(t, db, 3)
	rev := putJSON(t, db, `{"_id":"_design/gone"}`)
	_, err := core.Delete(t.Context(), db, "_design/gone", rev)
	require.NoError(t, err)
	putJSON(t, db, designDocument)
	putJSON(t, db, `{"_id":"_design/query","language":"query","views":{"v":{"map":{"fields":{}}}}}`)
	putJSON(t, db, `{"_id":"_design/empty"}`)
	for name, test := range map[string]struct {
		filter core.ChangesFilter
		err    error
		text   string
	}{
		"two":                   {core.ChangesFilter{View: "d/even", Selector: []byte(`{}`)}, core.ErrBadRequest, "not both Selector and View"},
		"no slash":              {core.ChangesFilter{DesignFilter: "min"}, core.ErrBadRequest, "designname/filtername"},
		"two slashes":           {core.ChangesFilter{View: "d/even/x"}, core.ErrBadRequest, "designname/viewname"},
		"params":                {core.ChangesFilter{DesignFilter: "d/min", QueryParams: []byte(`[]`)}, core.ErrBadRequest, "query parameters"},
		"selector":              {core.ChangesFilter{Selector: []byte(`1`)}, core.ErrBadRequest, "expected a JSON object"},
		"operator":              {core.ChangesFilter{Selector: []byte(`{"$nope":1}`)}, core.ErrBadRequest, "Invalid operator: $nope"},
		"no design document":    {core.ChangesFilter{DesignFilter: "nope/min"}, core.ErrMissing, "missing"},
		"deleted":               {core.ChangesFilter{DesignFilter: "gone/min"}, core.ErrMissing, "deleted"},
		"no filter":             {core.ChangesFilter{DesignFilter: "d/nope"}, core.ErrMissing, "missing json key: nope"},
		"no filters":            {core.ChangesFilter{DesignFilter: "empty/nope"}, core.ErrMissing, "missing json key: filters"},
		"no view":               {core.ChangesFilter{View: "d/nope"}, core.ErrMissing, "missing json key: nope"},
		"other language":        {core.ChangesFilter{View: "query/v"}, core.ErrBadRequest, "JavaScript"},
		"no function":           {core.ChangesFilter{DesignFilter: "d/unknown"}, core.NewError(400, "compilation_error", ""), "unknown"},
		"failing function":      {core.ChangesFilter{DesignFilter: "d/fail"}, errFunction, "threw"},
		"failing map":           {core.ChangesFilter{View: "d/fail"}, errFunction, "document n000"},
		"answers of a stranger": {core.ChangesFilter{Predicate: func(context.Context, []*core.Document) ([]bool, error) { return nil, nil }}, core.ErrBadRequest, "0 answers"},
	} {
		_, _, err := core.ListChanges(t.Context(), db, core.ChangesOptions{Filter: test.filter})
		require.ErrorIs(t, err, test.err, name)
		assert.ErrorContains(t, err, test.text, name)
	}
	_, _, err = core.ListChanges(t.Context(), db, core.ChangesOptions{DocIDs: []string{"a"}, Filter: core.ChangesFilter{DesignDocs: true}})
	require.ErrorIs(t, err, core.ErrBadRequest)

	plain, err := memory.Open(t.Context(), "plain")
	require.NoError(t, err)
	putJSON(t, plain, designDocument)
	_, _, err = core.ListChanges(t.Context(), plain, core.ChangesOptions{Filter: core.ChangesFilter{View: "d/even"}})
	require.ErrorIs(t, err, core.ErrNotImplemented)
}
