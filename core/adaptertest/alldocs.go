package adaptertest

import (
	"context"
	"errors"
	"fmt"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
)

// fill writes documents that listings are made of: those that filled names, and "c", which is deleted.
func (f *fixture) fill() {
	f.Helper()
	for _, docID := range []string{"b", "a", "é", "c", "B", f.last(), "a/b"} {
		f.put(docID, `{"id":"`+docID+`"}`)
	}
	f.delete("c", f.get("c", core.GetOptions{}).Rev)
}

// filled are the ids that fill leaves, in the order of their bytes.
func (f *fixture) filled() []string { return []string{"B", "a", "a/b", "b", "é", f.last()} }

// last is the last id in the order of bytes.
func (f *fixture) last() string {
	if f.has(WideIDs) {
		return "😀"
	}
	return "ü"
}

var errStop = errors.New("the caller has enough")

var allDocsCases = []testCase{
	{"everything", nil, func(f *fixture) {
		rows, summary := f.rows(core.AllDocsOptions{})
		assert.Empty(f, rows)
		assert.Zero(f, summary.TotalRows)
		f.fill()
		f.put("_local/x", `{}`)
		assert.Equal(f, f.filled(), f.listed(core.AllDocsOptions{}))
		rows, summary = f.rows(core.AllDocsOptions{})
		assert.Equal(f, uint64(6), summary.TotalRows)
		for _, row := range rows {
			assert.Equal(f, f.get(row.Key, core.GetOptions{}).Rev, row.Rev)
			assert.Nil(f, row.Doc)
			assert.False(f, row.Deleted || row.Missing)
		}
	}},
	{"ranges", nil, func(f *fixture) {
		f.fill()
		filled := f.filled()
		key := pointer[string]
		cases := []struct {
			options core.AllDocsOptions
			want    []string
			offset  int64
		}{
			{core.AllDocsOptions{StartKey: key("a")}, filled[1:], 1},
			{core.AllDocsOptions{EndKey: key("b")}, filled[:4], 0},
			{core.AllDocsOptions{EndKey: key("b"), ExclusiveEnd: true}, filled[:3], 0},
			{core.AllDocsOptions{StartKey: key("a"), EndKey: key("b")}, filled[1:4], 1},
			{core.AllDocsOptions{StartKey: key("a"), EndKey: key("a")}, filled[1:2], 1},
			{core.AllDocsOptions{StartKey: key("a"), EndKey: key("a"), ExclusiveEnd: true}, nil, 1},
			{core.AllDocsOptions{StartKey: key("c"), EndKey: key("c")}, nil, 4},
			{core.AllDocsOptions{StartKey: key("b"), EndKey: key("a")}, nil, 3},
			{core.AllDocsOptions{StartKey: key("zz")}, filled[4:], 4},
			{core.AllDocsOptions{StartKey: key("")}, filled, 0},
			{core.AllDocsOptions{Descending: true}, reversed(filled), 0},
			{core.AllDocsOptions{Descending: true, StartKey: key("b")}, reversed(filled[:4]), 2},
			{core.AllDocsOptions{Descending: true, StartKey: key("b"), EndKey: key("a")}, reversed(filled[1:4]), 2},
			{core.AllDocsOptions{Descending: true, StartKey: key("b"), EndKey: key("a"), ExclusiveEnd: true}, reversed(filled[2:4]), 2},
			{core.AllDocsOptions{Descending: true, StartKey: key("a"), EndKey: key("b")}, nil, 4},
			{core.AllDocsOptions{Skip: 2}, filled[2:], 2},
			{core.AllDocsOptions{Skip: 2, Limit: 2}, filled[2:4], 2},
			{core.AllDocsOptions{Skip: 100}, nil, 6},
			{core.AllDocsOptions{Limit: 3}, filled[:3], 0},
			{core.AllDocsOptions{Limit: 100}, filled, 0},
			{core.AllDocsOptions{Limit: core.NoRows}, nil, 0},
			{core.AllDocsOptions{Descending: true, Skip: 1, Limit: 2}, reversed(filled[3:5]), 1},
		}
		for i, c := range cases {
			rows, summary := f.rows(c.options)
			got := []string{}
			for _, row := range rows {
				got = append(got, row.Key)
			}
			assert.Equal(f, append([]string{}, c.want...), got, "case %d", i)
			assert.Equal(f, uint64(6), summary.TotalRows, "case %d", i)
			if f.has(Offsets) {
				assert.Equal(f, c.offset, summary.Offset, "case %d", i)
			}
			c.options.NoOffset = true
			quick, _ := f.rows(c.options)
			assert.Equal(f, rows, quick, "case %d", i)
		}
	}},
	{"keys", nil, func(f *fixture) {
		f.fill()
		rows, _ := f.rows(core.AllDocsOptions{Keys: []string{"b", "nope", "a", "c", "a"}, IncludeDocs: true})
		require.Len(f, rows, 5)
		for i, docID := range []string{"b", "nope", "a", "c", "a"} {
			assert.Equal(f, docID, rows[i].Key)
		}
		f.requireBody(`{"id":"b"}`, rows[0].Doc)
		assert.True(f, rows[1].Missing)
		assert.Nil(f, rows[1].Doc)
		assert.True(f, rows[3].Deleted)
		assert.False(f, rows[3].Rev.IsZero())
		assert.Nil(f, rows[3].Doc)
		f.requireBody(`{"id":"a"}`, rows[4].Doc)
		assert.Empty(f, f.listed(core.AllDocsOptions{Keys: []string{}}))
		assert.Equal(f, []string{"nope", "a"}, f.listed(core.AllDocsOptions{Keys: []string{"b", "nope", "a", "c"}, Skip: 1, Limit: 2}))
		assert.Equal(f, []string{"a", "b"}, f.listed(core.AllDocsOptions{Keys: []string{"b", "a"}, Descending: true}))
	}},
	{"with documents", nil, func(f *fixture) {
		f.fill()
		f.replicate(conflicted...)
		rows, _ := f.rows(core.AllDocsOptions{IncludeDocs: true, Conflicts: true})
		require.Len(f, rows, 7)
		for _, row := range rows {
			require.NotNil(f, row.Doc, row.Key)
			assert.Equal(f, row.Key, row.Doc.ID)
			assert.Equal(f, row.Rev, row.Doc.Rev)
			if row.Key == "d" {
				f.requireBody(`{"v":"c"}`, row.Doc)
				assert.ElementsMatch(f, []string{"2-d", "2-b"}, texts(row.Doc.Conflicts))
			} else {
				f.requireBody(`{"id":"`+row.Key+`"}`, row.Doc)
				assert.Empty(f, row.Doc.Conflicts)
			}
		}
		rows, _ = f.rows(core.AllDocsOptions{IncludeDocs: true, Keys: []string{"d"}})
		assert.Empty(f, rows[0].Doc.Conflicts, "conflicts are told only on demand")
	}},
	{"update sequence", []Capability{Snapshots}, func(f *fixture) {
		f.fill()
		_, summary := f.rows(core.AllDocsOptions{UpdateSeq: true, Limit: core.NoRows})
		assert.Equal(f, f.info().UpdateSeq, summary.UpdateSeq)
		_, summary = f.rows(core.AllDocsOptions{})
		assert.Empty(f, summary.UpdateSeq)
	}},
	{"many rows", nil, func(f *fixture) {
		count := f.rounds(1500)
		f.putMany(count)
		next := 0
		_, err := f.db.AllDocs(f.ctx, core.AllDocsOptions{IncludeDocs: true}, func(row *core.AllDocsRow) error {
			require.Equal(f, fmt.Sprintf("doc%05d", next), row.Key)
			requireSameJSON(f, fmt.Sprintf(`{"n":%d}`, next), string(row.Doc.Body))
			next++
			return nil
		})
		require.NoError(f, err)
		assert.Equal(f, count, next)
	}},
	{"stopped by the caller", nil, func(f *fixture) {
		f.fill()
		seen := 0
		_, err := f.db.AllDocs(f.ctx, core.AllDocsOptions{}, func(*core.AllDocsRow) error {
			seen++
			return errStop
		})
		require.ErrorIs(f, err, errStop)
		assert.Equal(f, 1, seen)
	}},
	{"cancelled", []Capability{Snapshots}, func(f *fixture) {
		f.putMany(1000)
		ctx, cancel := context.WithCancel(f.ctx)
		defer cancel()
		seen := 0
		_, err := f.db.AllDocs(ctx, core.AllDocsOptions{}, func(*core.AllDocsRow) error {
			seen++
			cancel()
			return nil
		})
		require.ErrorIs(f, err, context.Canceled)
		assert.Less(f, seen, 1000)
	}},
	{"snapshot", []Capability{Snapshots}, func(f *fixture) {
		f.fill()
		var got []string
		_, err := f.db.AllDocs(f.ctx, core.AllDocsOptions{IncludeDocs: true}, func(row *core.AllDocsRow) error {
			if len(got) == 0 { // while the first row is out, others change, go and come
				f.put("b", `{"changed":true}`, f.get("b", core.GetOptions{}).Rev)
				f.delete("é", f.get("é", core.GetOptions{}).Rev)
				f.put("bb", `{}`)
				require.NoError(f, f.db.Compact(f.ctx))
			}
			got = append(got, row.Key)
			requireSameJSON(f, `{"id":"`+row.Key+`"}`, string(row.Doc.Body))
			return nil
		})
		require.NoError(f, err)
		assert.Equal(f, f.filled(), got)
		assert.Equal(f, []string{"B", "a", "a/b", "b", "bb", f.last()}, f.listed(core.AllDocsOptions{}))
	}},
}

// putMany writes documents doc00000 and on, {"n":0} and on, in batches.
func (f *fixture) putMany(count int) {
	f.Helper()
	for from := 0; from < count; from += 500 {
		var docs []*core.Document
		for n := from; n < min(from+500, count); n++ {
			docs = append(docs, newDoc(fmt.Sprintf("doc%05d", n), fmt.Sprintf(`{"n":%d}`, n)))
		}
		results, err := f.db.BulkDocs(f.ctx, docs, core.BulkDocsOptions{})
		require.NoError(f, err)
		for _, result := range results {
			require.Nil(f, result.Err)
		}
	}
}

func reversed(list []string) []string {
	var turned []string
	for i := len(list) - 1; i >= 0; i-- {
		turned = append(turned, list[i])
	}
	return turned
}
