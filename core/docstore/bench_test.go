package docstore_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/kv/memkv"
)

func benchDocs(count int) []*core.Document {
	docs := make([]*core.Document, count)
	for i := range docs {
		body := fmt.Sprintf(`{"title":"document %d","done":false,"tags":["a","b"],"text":"%s"}`, i, strings.Repeat("some words ", 48))
		docs[i] = &core.Document{ID: fmt.Sprintf("doc-%08d", i), Body: []byte(body)}
	}
	return docs
}

func benchDB(b *testing.B, docs []*core.Document) (*docstore.DB, []core.Rev) {
	db, err := docstore.Open(context.Background(), memkv.New(), docstore.Options{})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, db.Close()) })
	results, err := db.BulkDocs(context.Background(), docs, core.BulkDocsOptions{})
	require.NoError(b, err)
	revs := make([]core.Rev, len(results))
	for i, result := range results {
		require.Nil(b, result.Err)
		revs[i] = result.Rev
	}
	return db, revs
}

func BenchmarkBulkInsert1000(b *testing.B) {
	docs := benchDocs(1000)
	b.ReportAllocs()
	for b.Loop() {
		db, err := docstore.Open(context.Background(), memkv.New(), docstore.Options{})
		require.NoError(b, err)
		_, err = db.BulkDocs(context.Background(), docs, core.BulkDocsOptions{})
		require.NoError(b, err)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(docs)), "ns/doc")
}

func BenchmarkBulkReplicated1000(b *testing.B) {
	docs := benchDocs(1000)
	for i, doc := range docs {
		doc.Revisions = &core.Revisions{Start: 2, Hashes: []string{fmt.Sprintf("%016d", i), "0123456789abcdef"}}
	}
	b.ReportAllocs()
	for b.Loop() {
		db, err := docstore.Open(context.Background(), memkv.New(), docstore.Options{})
		require.NoError(b, err)
		_, err = db.BulkDocs(context.Background(), docs, core.BulkDocsOptions{Replicated: true})
		require.NoError(b, err)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(docs)), "ns/doc")
}

func BenchmarkPut(b *testing.B) {
	db, _ := benchDB(b, benchDocs(10_000))
	body := benchDocs(1)[0].Body
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		n++
		_, err := core.Put(context.Background(), db, &core.Document{ID: fmt.Sprintf("new-%d", n), Body: body})
		require.NoError(b, err)
	}
}

func BenchmarkEditOfLongHistory(b *testing.B) {
	db, revs := benchDB(b, benchDocs(1))
	parent := revs[0]
	edit := func() {
		var err error
		parent, err = core.Put(context.Background(), db, &core.Document{ID: "doc-00000000", Rev: parent, Body: core.EmptyBody})
		require.NoError(b, err)
	}
	for range 1000 {
		edit()
	}
	b.ReportAllocs()
	for b.Loop() {
		edit()
	}
}

func BenchmarkGet(b *testing.B) {
	docs := benchDocs(10_000)
	db, _ := benchDB(b, docs)
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		n = (n + 7919) % len(docs)
		_, err := db.Get(context.Background(), docs[n].ID, core.GetOptions{})
		require.NoError(b, err)
	}
}

func BenchmarkAllDocs10000(b *testing.B) {
	for _, includeDocs := range []bool{false, true} {
		b.Run(fmt.Sprintf("docs=%v", includeDocs), func(b *testing.B) {
			db, _ := benchDB(b, benchDocs(10_000))
			b.ReportAllocs()
			for b.Loop() {
				rows := 0
				_, err := db.AllDocs(context.Background(), core.AllDocsOptions{IncludeDocs: includeDocs}, func(*core.AllDocsRow) error {
					rows++
					return nil
				})
				require.NoError(b, err)
				require.Equal(b, 10_000, rows)
			}
		})
	}
}

func BenchmarkChanges10000(b *testing.B) {
	for _, limit := range []int{0, 100} {
		b.Run(fmt.Sprintf("limit=%d", limit), func(b *testing.B) {
			db, _ := benchDB(b, benchDocs(10_000))
			b.ReportAllocs()
			for b.Loop() {
				rows, since := 0, core.Seq("")
				for {
					summary, err := db.Changes(context.Background(), core.ChangesOptions{Since: since, Limit: limit, AllLeaves: true}, func(*core.Change) error {
						rows++
						return nil
					})
					require.NoError(b, err)
					since = summary.LastSeq
					if summary.Pending == 0 {
						break
					}
				}
				require.Equal(b, 10_000, rows)
			}
		})
	}
}

func BenchmarkRevsDiff1000(b *testing.B) {
	docs := benchDocs(1000)
	db, revs := benchDB(b, docs)
	requests := make([]core.DocRevs, len(docs))
	for i := range requests {
		requests[i] = core.DocRevs{ID: docs[i].ID, Revs: []core.Rev{revs[i]}}
	}
	b.ReportAllocs()
	for b.Loop() {
		diffs, err := db.RevsDiff(context.Background(), requests)
		require.NoError(b, err)
		require.Empty(b, diffs)
	}
}
