package mango_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/mango"
)

func newIndexes(t *testing.T, definitions map[string]string) []*mango.Index {
	var indexes []*mango.Index
	for name, fields := range definitions {
		index, err := mango.ParseIndexRequest([]byte(`{"index":{"fields":`+fields+`},"ddoc":"`+name+`","name":"`+name+`"}`), nil)
		require.NoError(t, err)
		indexes = append(indexes, index)
	}
	return indexes
}

func newPlan(t *testing.T, body string, indexes []*mango.Index) *mango.Plan {
	request, err := mango.ParseRequest([]byte(body), nil)
	require.NoError(t, err, body)
	plan, err := mango.NewPlan(request, indexes)
	require.NoError(t, err, body)
	return plan
}

// What CouchDB does not do.
func TestBetterPlans(t *testing.T) {
	t.Parallel()
	indexes := newIndexes(t, map[string]string{"a": `["a"]`, "b": `["b"]`, "ab": `["a","b"]`, "abc": `["a","b","c"]`})
	tests := []struct {
		body      string
		index     string // "" for the documents, "b+a" for parts
		ranges    int
		entryTest string
		covering  bool
		inMemory  bool
	}{
		{body: `{"selector":{"a":{"$in":[1,2,3]},"b":5},"fields":["a","_id"]}`, index: "ab", ranges: 4, entryTest: `{"$and":[{"a":{"$in":[1,2,3]}},{"b":{"$eq":5}}]}`, covering: true},
		{body: `{"selector":{"$or":[{"a":1},{"a":{"$gt":5}}]}}`, index: "a", ranges: 2},
		{body: `{"selector":{"$or":[{"a":{"$lt":7}},{"a":{"$gt":5}}]}}`, index: "a", ranges: 1},
		{body: `{"selector":{"$or":[{"a":1,"b":2},{"a":3,"b":{"$gt":4}}]}}`, index: "ab", ranges: 4, entryTest: `{"$or":[{"$and":[{"a":{"$eq":1}},{"b":{"$eq":2}}]},{"$and":[{"a":{"$eq":3}},{"b":{"$gt":4}}]}]}`},
		{body: `{"selector":{"$or":[{"a":1},{"b":2}]}}`, index: "a+b"},
		{body: `{"selector":{"$or":[{"a":1},{"b":2}],"z":1},"sort":["z"]}`, index: "a+b", inMemory: true},
		{body: `{"selector":{"$or":[{"a":1},{"_id":"x"}]}}`, index: "a+"},
		{body: `{"selector":{"$or":[{"a":1},{"z":2}]}}`, ranges: 1},
		{body: `{"selector":{"$or":[{"a":1},{"b":{"$exists":true}}]}}`, ranges: 1},
		{body: `{"selector":{"a":{"$ne":1}}}`, index: "a", ranges: 2},
		{body: `{"selector":{"a":{"$type":"number"}}}`, index: "a", ranges: 1},
		{body: `{"selector":{"a":{"$mod":[2,1]}}}`, index: "a", ranges: 1, entryTest: `{"a":{"$mod":[2,1]}}`},
		{body: `{"selector":{"a":{"$type":"nonsense"}}}`, index: "a", ranges: 0},
		{body: `{"selector":{"_id":{"$in":["x","y"]},"a":1}}`, ranges: 2},
		{body: `{"selector":{"_id":{"$beginsWith":"x"}}}`, ranges: 1},
		{body: `{"selector":{"a":1,"z":{"$gt":0}},"sort":["z"]}`, index: "a", ranges: 1, inMemory: true},
		{body: `{"selector":{"a":1,"b":{"$gt":0}},"sort":["b","_id"]}`, index: "ab", ranges: 1},
		{body: `{"selector":{"a":1,"b":{"$gt":0}},"sort":["_id"]}`, index: "a", ranges: 1},
		{body: `{"selector":{"a":1,"b":2},"sort":["_id"]}`, index: "ab", ranges: 1},
		{body: `{"selector":{},"sort":[{"_id":"desc"}]}`, ranges: 1},
		{body: `{"selector":{"a":{"$gt":1},"b":{"$gt":2}}}`, index: "ab", ranges: 1, entryTest: `{"b":{"$gt":2}}`},
	}
	for _, test := range tests {
		plan := newPlan(t, test.body, indexes)
		var names []string
		for _, part := range plan.Parts {
			names = append(names, nameOf(part.Index))
		}
		if len(names) == 0 {
			names = append(names, nameOf(plan.Index))
		}
		assert.Equal(t, test.index, strings.Join(names, "+"), test.body)
		assert.Len(t, plan.Ranges, test.ranges, test.body)
		assert.Equal(t, test.covering, plan.Covering, test.body)
		assert.Equal(t, test.inMemory, plan.SortInMemory, test.body)
		entryTest := ""
		if plan.EntryTest != nil {
			entryTest = plan.EntryTest.String()
		}
		assert.Equal(t, test.entryTest, entryTest, test.body)
		require.True(t, json.Valid(plan.AppendExplain(nil, "db")))
	}
}

func nameOf(index *mango.Index) string {
	if index == nil {
		return ""
	}
	return index.Name
}

// The combinations of several $in are bounded: beyond, the later fields are tested instead.
func TestRangesAreBounded(t *testing.T) {
	t.Parallel()
	var many []string
	for i := range 50 {
		many = append(many, string(mustMarshal(t, i)))
	}
	in := `{"$or":[{"$eq":` + strings.Join(many, `},{"$eq":`) + `}]}`
	plan := newPlan(t, `{"selector":{"a":`+in+`,"b":`+in+`,"c":`+in+`}}`, newIndexes(t, map[string]string{"abc": `["a","b","c"]`}))
	assert.Len(t, plan.Ranges, 50)
	assert.NotNil(t, plan.EntryTest)
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	indexes := newIndexes(t, map[string]string{"a": `["a"]`})
	plan := newPlan(t, `{"selector":{"a":1},"sort":["z"],"use_index":"other"}`, indexes)
	warning := plan.Warning(11, 1)
	for _, part := range []string{"_design/other was not used", `sorted in memory, because no index gives this order: create an index on ["z"]`, "The number of documents examined is high"} {
		assert.Contains(t, warning, part)
	}
	assert.NotContains(t, plan.Warning(10, 1), "examined")
	assert.Empty(t, newPlan(t, `{"selector":{"a":1},"sort":["a"],"use_index":["_design/a","a"]}`, indexes).Warning(5, 5))
}

func TestBookmarksBelongToAQuery(t *testing.T) {
	t.Parallel()
	indexes := newIndexes(t, map[string]string{"a": `["a"]`, "b": `["b"]`})
	plan := newPlan(t, `{"selector":{"a":{"$gt":1}}}`, indexes)
	bookmark := plan.Bookmark(plan.Ranges[0].Start)
	next := newPlan(t, `{"selector":{"a":{"$gt":1}},"limit":3,"skip":1,"bookmark":"`+bookmark+`"}`, indexes)
	assert.Greater(t, string(next.Ranges[0].Start), string(plan.Ranges[0].Start))
	for _, body := range []string{
		`{"selector":{"a":{"$gt":2}},"bookmark":"` + bookmark + `"}`,
		`{"selector":{"a":{"$gt":1}},"sort":["a"],"bookmark":"` + bookmark + `"}`,
	} {
		request, err := mango.ParseRequest([]byte(body), nil)
		require.NoError(t, err)
		_, err = mango.NewPlan(request, indexes)
		assert.Equal(t, "invalid_bookmark", core.AsError(err).Name, body)
	}
}

// The sorter drops what cannot be on the page while it goes, and finds the page all the same.
func TestSorterKeepsThePage(t *testing.T) {
	t.Parallel()
	plan := newPlan(t, `{"selector":{},"sort":[{"n":"desc"}],"skip":2,"limit":3}`, nil)
	sorter := mango.NewSorter(plan)
	for i := range 1000 {
		doc, err := core.ParseDocument([]byte(`{"_id":"x` + string(mustMarshal(t, i)) + `","n":` + string(mustMarshal(t, i*7919%1000)) + `}`))
		require.NoError(t, err)
		sorter.Add(doc)
	}
	var bodies []string
	for _, sorted := range sorter.Documents() {
		bodies = append(bodies, string(sorted.Doc.Body))
	}
	assert.Equal(t, []string{`{"n":997}`, `{"n":996}`, `{"n":995}`}, bodies)
}
