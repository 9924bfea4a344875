package docstore_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/core/kv/logkv/memdevice"
	"github.com/gouchdb/gouchdb/javascript"
)

const benchViews = `{"views":{
	"group":{"map":"function (doc) { emit([doc.kind, doc.n % 10], doc.n) }","reduce":"_sum"},
	"js":{"map":"function (doc) { emit([doc.kind, doc.n % 10], doc.n) }","reduce":"function (keys, values) { return sum(values) }"},
	"n":{"map":"function (doc) { emit(doc.n) }"}}}`

// viewBenchDB holds 10,000 documents of about 600 bytes.
func viewBenchDB(b *testing.B) *docstore.DB {
	store, err := logkv.Open(b.Context(), memdevice.New().Open(nil), logkv.Options{Durability: logkv.Relaxed})
	require.NoError(b, err)
	db, err := docstore.Open(b.Context(), store, docstore.Options{Scripts: javascript.New(javascript.Options{})})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, db.Close()) })
	for first := 0; first < 10_000; first += 1000 {
		var docs []*core.Document
		for n := first; n < first+1000; n++ {
			body := fmt.Sprintf(`{"n":%d,"kind":"kind%d","title":"Title %d","text":"%s"}`, n, n%20, n, strings.Repeat("lorem ipsum ", 45))
			docs = append(docs, &core.Document{ID: fmt.Sprintf("doc%06d", n), Body: []byte(body)})
		}
		_, err := db.BulkDocs(b.Context(), docs, core.BulkDocsOptions{})
		require.NoError(b, err)
	}
	return db
}

func benchQuery(b *testing.B, db *docstore.DB, view string, options core.ViewOptions) (rows int) {
	_, err := db.View(b.Context(), "bench", view, options, func(*core.ViewRow) error {
		rows++
		return nil
	})
	require.NoError(b, err)
	return rows
}

func putBenchViews(b *testing.B, db *docstore.DB, version int) {
	doc := &core.Document{ID: "_design/bench", Body: []byte(strings.Replace(benchViews, "doc.n %", strconv.Itoa(version)+" * 10 + doc.n %", -1))}
	if old, err := db.Get(b.Context(), doc.ID, core.GetOptions{}); err == nil {
		doc.Rev = old.Rev
	}
	_, err := core.Put(b.Context(), db, doc)
	require.NoError(b, err)
}

func BenchmarkViewBuild(b *testing.B) {
	db := viewBenchDB(b)
	version := 0
	for b.Loop() {
		version++
		b.StopTimer()
		putBenchViews(b, db, version)
		require.NoError(b, db.ViewCleanup(b.Context()))
		b.StartTimer()
		require.Equal(b, 1, benchQuery(b, db, "group", core.ViewOptions{}))
	}
}

func BenchmarkViewQuery(b *testing.B) {
	db := viewBenchDB(b)
	putBenchViews(b, db, 0)
	benchQuery(b, db, "n", core.ViewOptions{})
	n := 0
	next := func() []byte { n = (n + 7919) % 10_000; return []byte(strconv.Itoa(n)) }
	for _, bench := range []struct {
		name    string
		view    string
		rows    int
		options func() core.ViewOptions
	}{
		{"total", "group", 1, func() core.ViewOptions { return core.ViewOptions{} }},
		{"by group", "group", 20, func() core.ViewOptions { return core.ViewOptions{GroupLevel: 1} }},
		{"by key", "group", 20, func() core.ViewOptions { return core.ViewOptions{Group: true} }},
		{"by group in JavaScript", "js", 20, func() core.ViewOptions { return core.ViewOptions{GroupLevel: 1} }},
		{"one row with its document", "n", 1, func() core.ViewOptions { return core.ViewOptions{Key: next(), IncludeDocs: true} }},
		{"fifty rows", "n", 50, func() core.ViewOptions { return core.ViewOptions{StartKey: []byte(strconv.Itoa(n % 9000)), Limit: 50} }},
		{"all rows", "n", 10_000, func() core.ViewOptions { return core.ViewOptions{} }},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				require.Equal(b, bench.rows, benchQuery(b, db, bench.view, bench.options()))
			}
		})
	}
}

// One document is edited, and the views are asked again.
func BenchmarkViewUpdate(b *testing.B) {
	db := viewBenchDB(b)
	putBenchViews(b, db, 0)
	benchQuery(b, db, "n", core.ViewOptions{})
	rev, n := core.Rev{}, 0
	for b.Loop() {
		n++
		var err error
		rev, err = core.Put(b.Context(), db, &core.Document{ID: "edited", Rev: rev, Body: []byte(`{"kind":"kind7","n":` + strconv.Itoa(n) + `}`)})
		require.NoError(b, err)
		require.Equal(b, 1, benchQuery(b, db, "group", core.ViewOptions{}))
	}
}
