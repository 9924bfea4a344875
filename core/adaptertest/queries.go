package adaptertest

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
)

// queryCases are about Mango. What selectors match is tested where they are run; here it is about indexes that follow the documents, and about pages.
var queryCases = []testCase{
	{"without an index", []Capability{Queries}, func(f *fixture) {
		f.people()
		docs, summary := f.find(`{"selector":{"age":{"$gt":30}},"fields":["_id","age"]}`)
		assert.Equal(f, []string{`{"_id":"bea","age":41}`, `{"_id":"dan","age":41}`}, docs)
		assert.Contains(f, summary.Warning, "No matching index found")
		docs, _ = f.find(`{"selector":{"_id":{"$in":["ada","cem","_design/x","nobody"]}},"fields":["_id"]}`)
		assert.Equal(f, []string{`{"_id":"ada"}`, `{"_id":"cem"}`}, docs)
	}},
	{"an index made before the documents", []Capability{Queries}, func(f *fixture) {
		f.index(`{"index":{"fields":["age"]},"ddoc":"people","name":"age"}`)
		f.people()
		f.requirePeopleByAge()
	}},
	{"an index made after the documents", []Capability{Queries}, func(f *fixture) {
		f.people()
		f.index(`{"index":{"fields":["age"]},"ddoc":"people","name":"age"}`)
		f.requirePeopleByAge()
	}},
	{"an index made in between, of many documents", []Capability{Queries}, func(f *fixture) {
		count := f.rounds(2500)
		numbered := func(from, to int) {
			var texts []string
			for i := from; i < to; i++ {
				texts = append(texts, `{"_id":"`+strconv.Itoa(i)+`","n":`+strconv.Itoa(i%10)+`}`)
			}
			f.bulk(false, texts...)
		}
		numbered(0, count/2)
		f.index(`{"index":{"fields":["n"]}}`)
		numbered(count/2, count)
		docs, summary := f.find(`{"selector":{"n":3},"limit":100000,"fields":["_id"],"execution_stats":true}`)
		assert.Len(f, docs, (count+6)/10)
		if f.has(WholeMango) {
			require.NotNil(f, summary.Stats)
			assert.Equal(f, len(docs), summary.Stats.ResultsReturned)
		}
	}},
	{"writes move documents in an index", []Capability{Queries, WholeMango}, func(f *fixture) {
		f.index(`{"index":{"fields":["age"]},"ddoc":"people","name":"age"}`)
		f.index(`{"index":{"fields":["age"],"partial_filter_selector":{"old":true}},"ddoc":"people","name":"old"}`)
		aged := func(age string) string {
			docs, _ := f.find(`{"selector":{"age":` + age + `},"fields":["_id"]}`)
			old, _ := f.find(`{"selector":{"age":` + age + `},"fields":["_id"],"use_index":["people","old"]}`)
			return strings.Join(docs, "") + "/" + strings.Join(old, "")
		}
		one := f.put("a", `{"age":1}`)
		assert.Equal(f, `{"_id":"a"}/`, aged("1"))
		two := f.put("a", `{"age":2,"old":true}`, one)
		assert.Equal(f, `/`, aged("1"))
		assert.Equal(f, `{"_id":"a"}/{"_id":"a"}`, aged("2"))
		three := f.put("a", `{"age":2,"old":false}`, two)
		assert.Equal(f, `{"_id":"a"}/`, aged("2"))
		four := f.put("a", `{"old":true}`, three)
		assert.Equal(f, `/`, aged("2"), "without the field it is in no index")
		five := f.put("a", `{"age":1.0}`, four)
		six := f.put("a", `{"age":1,"old":true}`, five)
		assert.Equal(f, `{"_id":"a"}/{"_id":"a"}`, aged("1"), "1.0 has the same key as 1")
		docs, _ := f.find(`{"selector":{"age":1},"fields":["age"]}`)
		assert.Equal(f, []string{`{"age":1}`}, docs, "and another text")
		f.delete("a", six)
		assert.Equal(f, `/`, aged("1"))
	}},
	{"the winner is what an index holds", []Capability{Queries, WholeMango}, func(f *fixture) {
		f.index(`{"index":{"fields":["v"]}}`)
		find := func() string {
			docs, _ := f.find(`{"selector":{"v":{"$gt":null}},"conflicts":true}`)
			return strings.Join(docs, "\n")
		}
		f.replicate(`{"_id":"d","_rev":"2-b","_revisions":{"start":2,"ids":["b","r"]},"v":"b"}`)
		assert.Equal(f, `{"_id":"d","_rev":"2-b","v":"b"}`, find())
		f.replicate(`{"_id":"d","_rev":"2-a","_revisions":{"start":2,"ids":["a","r"]},"v":"a"}`)
		assert.Equal(f, `{"_id":"d","_rev":"2-b","v":"b","_conflicts":["2-a"]}`, find())
		f.replicate(`{"_id":"d","_rev":"2-c","_revisions":{"start":2,"ids":["c","r"]},"v":"c"}`)
		assert.Equal(f, `{"_id":"d","_rev":"2-c","v":"c","_conflicts":["2-b","2-a"]}`, find())
		f.delete("d", rev("2-c"))
		assert.Equal(f, `{"_id":"d","_rev":"2-b","v":"b","_conflicts":["2-a"]}`, find())
	}},
	{"a purge takes documents out of an index", []Capability{Queries, Purge}, func(f *fixture) {
		f.index(`{"index":{"fields":["v"]}}`)
		f.replicate(`{"_id":"d","_rev":"2-b","v":"b"}`, `{"_id":"d","_rev":"2-c","v":"c"}`, `{"_id":"e","_rev":"1-e","v":"e"}`)
		_, err := f.db.Purge(f.ctx, []core.DocRevs{{ID: "d", Revs: revs("2-c")}, {ID: "e", Revs: revs("1-e")}})
		require.NoError(f, err)
		docs, _ := f.find(`{"selector":{"v":{"$gt":null}},"fields":["_id","v"]}`)
		assert.Equal(f, []string{`{"_id":"d","v":"b"}`}, docs)
	}},
	{"indexes come with their design documents", []Capability{Queries}, func(f *fixture) {
		f.people()
		f.index(`{"index":{"fields":["age"]},"ddoc":"people","name":"age"}`)
		ddoc := f.get("_design/people", core.GetOptions{})
		rev := f.put("_design/people", strings.ReplaceAll(string(ddoc.Body), `"age"`, `"size"`), ddoc.Rev)
		_, summary := f.find(`{"selector":{"age":{"$gt":30}}}`)
		assert.Contains(f, summary.Warning, "No matching index found")
		docs, summary := f.find(`{"selector":{"size":{"$gt":1}},"fields":["_id"]}`)
		assert.Equal(f, []string{`{"_id":"cem"}`}, docs)
		assert.NotContains(f, summary.Warning, "No matching index found")
		f.delete("_design/people", rev)
		_, summary = f.find(`{"selector":{"size":{"$gt":1}}}`)
		assert.Contains(f, summary.Warning, "No matching index found")
	}},
	{"an index can be removed and made again", []Capability{Queries, WholeMango}, func(f *fixture) {
		f.people()
		definition := `{"index":{"fields":["age"]},"ddoc":"people","name":"age"}`
		assert.False(f, f.index(definition).Existed)
		assert.True(f, f.index(definition).Existed)
		f.index(`{"index":{"fields":["age"]},"ddoc":"others","name":"equal"}`)
		f.index(`{"index":{"fields":["name","age"]},"ddoc":"people","name":"name"}`)
		assert.Equal(f, []string{"/_all_docs", "_design/others/equal", "_design/people/age", "_design/people/name"}, f.indexes())
		require.NoError(f, f.finder().DeleteIndex(f.ctx, "people", "age"))
		require.ErrorIs(f, f.finder().DeleteIndex(f.ctx, "people", "age"), core.ErrMissing)
		assert.Equal(f, []string{"/_all_docs", "_design/others/equal", "_design/people/name"}, f.indexes())
		f.requirePeopleByAge()
		require.NoError(f, f.finder().DeleteIndex(f.ctx, "_design/others", "equal"))
		require.NoError(f, f.finder().DeleteIndex(f.ctx, "_design/people", "name"))
		f.requireGone(core.ErrDeleted, "_design/people", core.GetOptions{})
		assert.Equal(f, []string{"/_all_docs"}, f.indexes())
		assert.False(f, f.index(definition).Existed)
		f.requirePeopleByAge()
	}},
	{"a removed index is not used", []Capability{Queries}, func(f *fixture) {
		f.people()
		f.index(`{"index":{"fields":["age"]},"ddoc":"people","name":"age"}`)
		f.requirePeopleByAge()
		require.NoError(f, f.finder().DeleteIndex(f.ctx, "people", "age"))
		assert.Equal(f, []string{"/_all_docs"}, f.indexes())
		docs, summary := f.find(`{"selector":{"age":{"$gt":30}},"fields":["_id"]}`)
		assert.Equal(f, []string{`{"_id":"bea"}`, `{"_id":"dan"}`}, docs)
		assert.Contains(f, summary.Warning, "No matching index found")
	}},
	{"the winner is what an index finds", []Capability{Queries}, func(f *fixture) {
		f.index(`{"index":{"fields":["v"]}}`)
		find := func() string {
			docs, _ := f.find(`{"selector":{"v":{"$gt":null}},"fields":["v"]}`)
			return strings.Join(docs, "")
		}
		f.replicate(`{"_id":"d","_rev":"1-bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","v":"b"}`)
		assert.Equal(f, `{"v":"b"}`, find())
		f.replicate(`{"_id":"d","_rev":"1-cccccccccccccccccccccccccccccccc","v":"c"}`)
		assert.Equal(f, `{"v":"c"}`, find())
		f.delete("d", rev("1-cccccccccccccccccccccccccccccccc"))
		assert.Equal(f, `{"v":"b"}`, find())
		f.delete("d", rev("1-bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"))
		assert.Equal(f, ``, find())
	}},
	{"sorted, in pages", []Capability{Queries, WholeMango}, func(f *fixture) {
		f.people()
		f.index(`{"index":{"fields":["age"]},"ddoc":"people","name":"age"}`)
		for _, sort := range []string{`[{"age":"desc"}]`, `[{"name":"desc"}]`} { // from the index, and in memory
			whole, summary := f.find(`{"selector":{"age":{"$gt":0}},"sort":` + sort + `,"fields":["_id"]}`)
			require.Len(f, whole, 4)
			assert.Equal(f, strings.Contains(sort, "name"), strings.Contains(summary.Warning, "sorted in memory"), summary.Warning)
			var paged []string
			for bookmark := ""; len(paged) < len(whole); {
				docs, summary := f.find(`{"selector":{"age":{"$gt":0}},"sort":` + sort + `,"fields":["_id"],"limit":1,"bookmark":` + strconv.Quote(bookmark) + `}`)
				require.Len(f, docs, 1)
				paged = append(paged, docs...)
				bookmark = summary.Bookmark
			}
			assert.Equal(f, whole, paged)
			skipped, _ := f.find(`{"selector":{"age":{"$gt":0}},"sort":` + sort + `,"fields":["_id"],"skip":1,"limit":2}`)
			assert.Equal(f, whole[1:3], skipped)
		}
	}},
	{"either of two indexes", []Capability{Queries}, func(f *fixture) {
		f.people()
		f.index(`{"index":{"fields":["age"]}}`)
		f.index(`{"index":{"fields":["size"]}}`)
		docs, _ := f.find(`{"selector":{"$or":[{"age":41},{"size":2},{"age":{"$lt":1}}]},"fields":["_id"]}`)
		assert.Equal(f, []string{`{"_id":"bea"}`, `{"_id":"cem"}`, `{"_id":"dan"}`}, docs)
	}},
	{"patterns", []Capability{Queries}, func(f *fixture) {
		f.people()
		docs, _ := f.find(`{"selector":{"name":{"$regex":"^(?!Ada).a"}},"fields":["_id"]}`)
		assert.Equal(f, []string{`{"_id":"dan"}`}, docs)
	}},
	{"explained", []Capability{Queries, WholeMango}, func(f *fixture) {
		f.index(`{"index":{"fields":["age"]},"ddoc":"people","name":"age"}`)
		text, err := f.finder().Explain(f.ctx, []byte(`{"selector":{"age":{"$gte":1}}}`))
		require.NoError(f, err)
		var explained struct {
			Index struct{ DDoc, Name string }
			Args  struct {
				Start json.RawMessage `json:"start_key"`
			} `json:"mrargs"`
		}
		require.NoError(f, json.Unmarshal(text, &explained))
		assert.Equal(f, "_design/people", explained.Index.DDoc)
		assert.Equal(f, "age", explained.Index.Name)
		assert.JSONEq(f, "[1]", string(explained.Args.Start))
	}},
	{"refused requests", []Capability{Queries, WholeMango}, func(f *fixture) {
		for request, name := range map[string]string{
			`{`:                           "bad_request",
			`{}`:                          "missing_required_key",
			`{"selector":{"a":{"$x":1}}}`: "invalid_operator",
			`{"selector":{},"limit":-1}`:  "invalid_non_neg_integer",
			`{"selector":{"a":1},"use_index":"nope","allow_fallback":false}`: "invalid_index",
		} {
			_, err := f.finder().Find(f.ctx, []byte(request), func([]byte) error { return nil })
			require.Error(f, err, request)
			assert.Equal(f, 400, core.AsError(err).Status, request)
			assert.Equal(f, name, core.AsError(err).Name, request)
		}
		_, err := f.finder().CreateIndex(f.ctx, []byte(`{"index":{"fields":[]},"x":1}`))
		require.Error(f, err)
		assert.Equal(f, 400, core.AsError(err).Status)
		f.put("_design/js", `{"language":"javascript","views":{}}`)
		_, err = f.finder().CreateIndex(f.ctx, []byte(`{"index":{"fields":["a"]},"ddoc":"js"}`))
		require.Error(f, err)
		require.ErrorIs(f, f.finder().DeleteIndex(f.ctx, "nope", "x"), core.ErrMissing)
	}},
	{"the consumer's error ends a find", []Capability{Queries}, func(f *fixture) {
		f.people()
		calls := 0
		_, err := f.finder().Find(f.ctx, []byte(`{"selector":{}}`), func([]byte) error {
			calls++
			return core.ErrForbidden
		})
		require.ErrorIs(f, err, core.ErrForbidden)
		assert.Equal(f, 1, calls)
	}},
	{"indexes persist", []Capability{Queries, Persistence}, func(f *fixture) {
		f.people()
		f.index(`{"index":{"fields":["age"]},"ddoc":"people","name":"age"}`)
		f.db = f.harness.Reopen(f.T, f.db, f.name)
		f.requirePeopleByAge()
		f.db = f.harness.Reopen(f.T, f.db, f.name)
		f.put("eve", `{"name":"Eve","age":99}`)
		docs, _ := f.find(`{"selector":{"age":99},"fields":["_id"]}`)
		assert.Equal(f, []string{`{"_id":"eve"}`}, docs)
	}},
	{"compaction leaves indexes alone", []Capability{Queries, Compaction}, func(f *fixture) {
		f.index(`{"index":{"fields":["age"]},"ddoc":"people","name":"age"}`)
		f.index(`{"index":{"fields":["size"]},"ddoc":"people","name":"size"}`)
		first := f.put("ada", `{"age":7}`)
		f.delete("ada", f.put("ada", `{"age":8}`, first))
		f.people()
		require.NoError(f, f.finder().DeleteIndex(f.ctx, "people", "size"))
		require.NoError(f, f.db.Compact(f.ctx))
		f.requirePeopleByAge()
	}},
}

// people writes the documents that the cases ask for.
func (f *fixture) people() {
	f.bulk(false, `{"_id":"ada","name":"Ada","age":12}`, `{"_id":"bea","name":"Bea","age":41}`, `{"_id":"cem","name":"Cem","age":30,"size":2}`,
		`{"_id":"dan","name":"Dan","age":41}`, `{"_id":"_design/x","name":"No","age":99}`, `{"_id":"eli","name":"Eli"}`)
}

// requirePeopleByAge asks what takes the index, and tells that it was taken.
func (f *fixture) requirePeopleByAge() {
	f.Helper()
	docs, summary := f.find(`{"selector":{"age":{"$gte":30}},"fields":["_id","age"],"sort":["age"]}`)
	assert.Equal(f, []string{`{"_id":"cem","age":30}`, `{"_id":"bea","age":41}`, `{"_id":"dan","age":41}`}, docs)
	assert.Empty(f, summary.Warning)
	docs, _ = f.find(`{"selector":{"age":12}}`)
	require.Len(f, docs, 1)
	assert.Contains(f, docs[0], `"name":"Ada"`)
}

func (f *fixture) finder() core.Finder {
	f.Helper()
	finder, ok := f.db.(core.Finder)
	require.True(f, ok, "the adapter is no core.Finder, and does not say so")
	return finder
}

func (f *fixture) find(request string) ([]string, core.FindSummary) {
	f.Helper()
	docs := []string{}
	summary, err := f.finder().Find(f.ctx, []byte(request), func(doc []byte) error {
		docs = append(docs, string(doc))
		return nil
	})
	require.NoError(f, err, request)
	return docs, summary
}

func (f *fixture) index(request string) core.CreatedIndex {
	f.Helper()
	created, err := f.finder().CreateIndex(f.ctx, []byte(request))
	require.NoError(f, err, request)
	return created
}

// indexes lists the indexes as "design document/name".
func (f *fixture) indexes() []string {
	f.Helper()
	list, err := f.finder().Indexes(f.ctx)
	require.NoError(f, err)
	var names []string
	for _, index := range list {
		names = append(names, index.DesignDoc+"/"+index.Name)
	}
	slices.Sort(names)
	return names
}
