package mapreduce_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/collation"
	"github.com/gouchdb/gouchdb/core/mapreduce"
)

func rowKey(key, docID string) []byte {
	return mapreduce.Entries(docID, emitted(key, "null"))[0].Key
}

func TestRanges(t *testing.T) {
	t.Parallel()
	rows := []struct{ key, docID string }{{"1", "a"}, {"1", "b"}, {"2", "a"}, {"2", "b"}, {"[]", "a"}, {"[1]", "a"}}
	for _, test := range []struct {
		want    string
		options core.ViewOptions
	}{
		{"012345", core.ViewOptions{}},
		{"23", core.ViewOptions{Key: []byte("2")}},
		{"23", core.ViewOptions{Key: []byte("2"), Descending: true}},
		{"2345", core.ViewOptions{StartKey: []byte("2")}},
		{"0123", core.ViewOptions{EndKey: []byte("2")}},
		{"01", core.ViewOptions{EndKey: []byte("2"), ExclusiveEnd: true}},
		{"012", core.ViewOptions{EndKey: []byte("2"), ExclusiveEnd: true, EndKeyDocID: "b"}},
		{"0123", core.ViewOptions{EndKey: []byte("2"), EndKeyDocID: "b"}},
		{"345", core.ViewOptions{StartKey: []byte("2"), StartKeyDocID: "b"}},
		{"012345", core.ViewOptions{StartKeyDocID: "b", EndKeyDocID: "a"}},
		{"0123", core.ViewOptions{StartKey: []byte("2"), Descending: true}},
		{"012", core.ViewOptions{StartKey: []byte("2"), StartKeyDocID: "a", Descending: true}},
		{"2345", core.ViewOptions{EndKey: []byte("2"), Descending: true}},
		{"45", core.ViewOptions{EndKey: []byte("2"), ExclusiveEnd: true, Descending: true}},
		{"345", core.ViewOptions{EndKey: []byte("2"), EndKeyDocID: "b", Descending: true}},
		{"", core.ViewOptions{StartKey: []byte("1.5"), EndKey: []byte("1.7")}},
	} {
		query, err := mapreduce.Check(&test.options, false)
		require.NoError(t, err)
		require.Len(t, query.Ranges, 1)
		got := ""
		for i, row := range rows {
			key, r := rowKey(row.key, row.docID), query.Ranges[0]
			if bytes.Compare(key, r.From) >= 0 && (r.To == nil || bytes.Compare(key, r.To) < 0) {
				got += string(rune('0' + i))
			}
		}
		assert.Equal(t, test.want, got, "%+v", test.options)
		if got != "" {
			assert.False(t, query.Ranges[0].Empty())
		}
	}
}

func TestKeysMakeRangesInTheirOrder(t *testing.T) {
	t.Parallel()
	keys := [][]byte{[]byte("3"), []byte("1")}
	first := func(options core.ViewOptions, hasReduce bool) byte {
		query, err := mapreduce.Check(&options, hasReduce)
		require.NoError(t, err)
		require.Len(t, query.Ranges, 2)
		text, _, err := collation.DecodeKey(nil, query.Ranges[0].From)
		require.NoError(t, err)
		return text[0]
	}
	assert.Equal(t, byte('3'), first(core.ViewOptions{Keys: keys}, false))
	assert.Equal(t, byte('1'), first(core.ViewOptions{Keys: keys, Descending: true}, false))
	assert.Equal(t, byte('3'), first(core.ViewOptions{Keys: keys, Descending: true, Group: true}, true))
	query, err := mapreduce.Check(&core.ViewOptions{Keys: [][]byte{}}, false)
	require.NoError(t, err)
	assert.Empty(t, query.Ranges)
}

func TestBadOptions(t *testing.T) {
	t.Parallel()
	yes := true
	for _, test := range []struct {
		options   core.ViewOptions
		hasReduce bool
		want      *core.Error
	}{
		{core.ViewOptions{Key: []byte("{")}, false, core.ErrBadJSON},
		{core.ViewOptions{Keys: [][]byte{[]byte("1"), nil, []byte("")}}, false, core.ErrBadJSON},
		{core.ViewOptions{Keys: [][]byte{nil}}, false, core.ErrBadJSON},
		{core.ViewOptions{StartKey: []byte("x")}, false, core.ErrBadJSON},
		{core.ViewOptions{EndKey: []byte("1 2")}, false, core.ErrBadJSON},
		{core.ViewOptions{Skip: -1}, false, core.ErrQueryParse},
		{core.ViewOptions{GroupLevel: -1}, true, core.ErrQueryParse},
		{core.ViewOptions{Reduce: &yes}, false, core.ErrQueryParse},
		{core.ViewOptions{Conflicts: true}, true, core.ErrQueryParse},
		{core.ViewOptions{Group: true, Reduce: new(bool)}, true, core.ErrQueryParse},
		{core.ViewOptions{StartKey: []byte("2"), EndKey: []byte("1")}, false, core.ErrQueryParse},
		{core.ViewOptions{StartKey: []byte("1"), EndKey: []byte("2"), Descending: true}, false, core.ErrQueryParse},
	} {
		_, err := mapreduce.Check(&test.options, test.hasReduce)
		assert.ErrorIs(t, err, test.want, "%+v", test.options)
	}
	query, err := mapreduce.Check(&core.ViewOptions{Reduce: new(bool)}, false)
	require.NoError(t, err, "what has no reduce function need not be kept from reducing")
	assert.False(t, query.Reduce)
	query, err = mapreduce.Check(&core.ViewOptions{Group: true, GroupLevel: 2}, true)
	require.NoError(t, err)
	assert.Equal(t, 2, query.Level, "group_level counts more than group")
	query, err = mapreduce.Check(&core.ViewOptions{Group: true}, true)
	require.NoError(t, err)
	assert.Equal(t, mapreduce.GroupExact, query.Level)
}

func TestIntersections(t *testing.T) {
	t.Parallel()
	r := func(from, to string) mapreduce.Range {
		var made mapreduce.Range
		if from != "" {
			made.From = []byte(from)
		}
		if to != "" {
			made.To = []byte(to)
		}
		return made
	}
	for _, test := range []struct {
		a, b, want mapreduce.Range
		empty      bool
	}{
		{r("", ""), r("", ""), r("", ""), false},
		{r("b", "d"), r("", ""), r("b", "d"), false},
		{r("b", "d"), r("a", "e"), r("b", "d"), false},
		{r("b", "d"), r("c", ""), r("c", "d"), false},
		{r("b", "d"), r("", "c"), r("b", "c"), false},
		{r("b", "d"), r("d", "e"), r("d", "d"), true},
		{r("b", ""), r("", "b"), r("b", "b"), true},
		{r("d", ""), r("", "b"), r("d", "b"), true},
	} {
		for _, got := range []mapreduce.Range{test.a.Intersection(test.b), test.b.Intersection(test.a)} {
			assert.Equal(t, test.want, got)
			assert.Equal(t, test.empty, got.Empty())
		}
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		key, exact string
		level      int
		want       string
		others     map[string]bool // whether they are in the same group
	}{
		{"[1,2,3]", "", 2, "[1,2]", map[string]bool{"[1,2]": true, "[1,2,4,5]": true, "[1]": false, "[1,3]": false, "1": false}},
		{"[1]", "", 2, "[1]", map[string]bool{"[1]": true, "[1,2]": false, "[1,null]": false}},
		{"[1,2]", "", mapreduce.GroupExact, "[1,2]", map[string]bool{"[1,2,3]": false, "[1.0,2]": true}},
		{"[1.0,2.0,3]", "[1.0,2.0,3]", 2, "[1.0,2.0]", map[string]bool{"[1,2]": true}},
		{"1.0", "1.0", 3, "1.0", map[string]bool{"1": true, "[1]": false}},
		{`{"a":1}`, "", 1, `{"a":1}`, map[string]bool{`{"a":1}`: true, `{"a":1,"b":2}`: false}},
		{"[[1,2],3]", "", 1, "[[1,2]]", map[string]bool{"[[1,2]]": true, "[[1]]": false}},
		{"[]", "", 1, "[]", map[string]bool{"[]": true, "[1]": false}},
	} {
		key := collation.AppendKey(nil, []byte(test.key))
		var exact []byte
		if test.exact != "" {
			exact = []byte(test.exact)
		}
		shown, err := mapreduce.AppendGroupKey(nil, key, exact, test.level)
		require.NoError(t, err)
		assert.Equal(t, test.want, string(shown), test.key)
		group := mapreduce.GroupRange(mapreduce.Group(key, test.level))
		for other, want := range test.others {
			at := rowKey(other, "id")
			inside := bytes.Compare(at, group.From) >= 0 && bytes.Compare(at, group.To) < 0
			assert.Equal(t, inside, bytes.HasPrefix(at, group.From))
			assert.Equal(t, want, inside, "%s and %s, level %d", test.key, other, test.level)
		}
	}
}
