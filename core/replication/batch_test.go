package replication

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gouchdb/gouchdb/core"
)

func TestSplit(t *testing.T) {
	t.Parallel()
	doc := func(size int) *core.Document {
		doc := &core.Document{ID: "id"}
		doc.Body = []byte(strings.Repeat("x", size-docSize(doc)))
		return doc
	}
	for _, test := range []struct {
		name     string
		sizes    []int
		maxCount int
		maxBytes int
		want     []int // documents in each group
	}{
		{"none", nil, 10, 1000, nil},
		{"all in one", []int{200, 200, 200}, 10, 600, []int{3}},
		{"one byte too many", []int{200, 200, 201}, 10, 600, []int{2, 1}},
		{"by count", []int{200, 200, 200, 200, 200}, 2, 10000, []int{2, 2, 1}},
		{"a single one may be larger", []int{200, 5000, 200, 200}, 10, 600, []int{1, 1, 2}},
		{"larger ones only", []int{5000, 5000}, 10, 600, []int{1, 1}},
		{"one at a time", []int{200, 200}, 1, 1, []int{1, 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var docs, joined []*core.Document
			for _, size := range test.sizes {
				docs = append(docs, doc(size))
			}
			var got []int
			for _, group := range split(docs, test.maxCount, test.maxBytes) {
				got = append(got, len(group))
				joined = append(joined, group...)
			}
			assert.Equal(t, test.want, got)
			assert.Equal(t, docs, joined)
		})
	}
}

func TestProgress(t *testing.T) {
	t.Parallel()
	rows := func(text string) (rows []row) {
		for part := range strings.FieldsSeq(text) {
			id, seq, _ := strings.Cut(part, ":")
			rows = append(rows, row{id: id, seq: core.Seq(seq)})
		}
		return rows
	}
	first := &batch{rows: rows("a:1 b:2 c:3"), lastSeq: "3"}
	for _, test := range []struct {
		name   string
		second *batch
		failed string
		seq    core.Seq
		pinned bool
	}{
		{"all written", &batch{rows: rows("d:4 e:5"), lastSeq: "5"}, "", "5", false},
		{"no rows, filtered feed moved on", &batch{lastSeq: "9"}, "", "9", false},
		{"before the first failed one", &batch{rows: rows("d:4 e:5 f:6"), lastSeq: "6"}, "f e", "4", true},
		{"the first of the batch failed", &batch{rows: rows("d:4 e:5"), lastSeq: "5"}, "d", "3", true},
		{"sequences left out by the source", &batch{rows: rows("d e f:6"), lastSeq: "6"}, "e", "3", true},
		{"the last known sequence", &batch{rows: rows("d:4 e f g"), lastSeq: "7"}, "g", "4", true},
		{"a document that comes twice", &batch{rows: rows("d:4 e:5 d:6"), lastSeq: "6"}, "d", "3", true},
		{"failed, but not among the rows", &batch{rows: rows("d:4 e:5"), lastSeq: "5"}, "z", "3", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			var p progress
			p.pass(first, nil)
			failed := map[string]bool{}
			for id := range strings.FieldsSeq(test.failed) {
				failed[id] = true
			}
			p.pass(test.second, failed)
			assert.Equal(t, progress{test.seq, test.pinned}, p)
			p.pass(&batch{rows: rows("y:20"), lastSeq: "20"}, nil)
			if test.pinned {
				assert.Equal(t, test.seq, p.seq, "later batches do not free it")
			} else {
				assert.Equal(t, core.Seq("20"), p.seq)
			}
		})
	}
}

func TestRepeatedRowsAreJoined(t *testing.T) {
	t.Parallel()
	r1, r2, r3 := core.Rev{Generation: 1, Hash: "a"}, core.Rev{Generation: 2, Hash: "a"}, core.Rev{Generation: 1, Hash: "b"}
	b := &batch{rows: []row{{id: "x", revs: []core.Rev{r1}}, {id: "y", revs: []core.Rev{r3}}, {id: "x", revs: []core.Rev{r2, r1}}}}
	assert.Equal(t, []core.DocRevs{{ID: "x", Revs: []core.Rev{r1, r2}}, {ID: "y", Revs: []core.Rev{r3}}}, b.revsByID())
	assert.Equal(t, []core.Rev{r1}, b.rows[0].revs, "rows stay as they came")
}
