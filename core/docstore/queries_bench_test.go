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

// queryDocs are documents of about 600 bytes, of which each group of "kind" is a hundredth.
func queryDocs(count int) []*core.Document {
	docs := make([]*core.Document, count)
	for i := range docs {
		body := fmt.Sprintf(`{"title":"document %d","done":false,"tags":["a","b"],"text":"%s","kind":%d,"score":%d.5}`,
			i, strings.Repeat("some words ", 46), i%100, i*7919%1000)
		docs[i] = &core.Document{ID: fmt.Sprintf("doc-%08d", i), Body: []byte(body)}
	}
	return docs
}

func benchQueries(b *testing.B) *docstore.DB {
	db, err := docstore.Open(context.Background(), memkv.New(), docstore.Options{})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, db.Close()) })
	_, err = db.BulkDocs(context.Background(), queryDocs(10_000), core.BulkDocsOptions{})
	require.NoError(b, err)
	return db
}

func benchFind(b *testing.B, db *docstore.DB, request string, want int) {
	count := 0
	_, err := db.Find(context.Background(), []byte(request), func([]byte) error {
		count++
		return nil
	})
	require.NoError(b, err)
	require.Equal(b, want, count)
}

const indexOfKind = `{"index":{"fields":["kind"]},"ddoc":"d","name":"kind"}`

func BenchmarkBuildIndex10000(b *testing.B) {
	db := benchQueries(b)
	for b.Loop() {
		_, err := db.CreateIndex(context.Background(), []byte(indexOfKind))
		require.NoError(b, err)
		benchFind(b, db, `{"selector":{"kind":7},"limit":1}`, 1)
		b.StopTimer()
		require.NoError(b, db.DeleteIndex(context.Background(), "d", "kind"))
		require.NoError(b, db.Compact(context.Background()))
		b.StartTimer()
	}
}

func BenchmarkFindIndexed(b *testing.B) {
	db := benchQueries(b)
	_, err := db.CreateIndex(context.Background(), []byte(indexOfKind))
	require.NoError(b, err)
	for name, c := range map[string]struct {
		request string
		want    int
	}{
		"1 of 10000":      {`{"selector":{"kind":%d},"limit":1}`, 1},
		"100 of 10000":    {`{"selector":{"kind":%d},"limit":1000}`, 100},
		"covered 100":     {`{"selector":{"kind":%d},"limit":1000,"fields":["_id","kind"]}`, 100},
		"sorted in place": {`{"selector":{"kind":%d},"limit":1000,"sort":["score"]}`, 100},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				n++
				benchFind(b, db, fmt.Sprintf(c.request, n%100), c.want)
			}
		})
	}
}

func BenchmarkFindUnindexed(b *testing.B) {
	db := benchQueries(b)
	b.ReportAllocs()
	for b.Loop() {
		benchFind(b, db, `{"selector":{"kind":7},"limit":1000}`, 100)
	}
}

// What an index costs those who write.
func BenchmarkBulkInsertIndexed1000(b *testing.B) {
	docs := queryDocs(1000)
	for b.Loop() {
		db, err := docstore.Open(context.Background(), memkv.New(), docstore.Options{})
		require.NoError(b, err)
		_, err = db.CreateIndex(context.Background(), []byte(indexOfKind))
		require.NoError(b, err)
		benchFind(b, db, `{"selector":{"kind":7}}`, 0)
		_, err = db.BulkDocs(context.Background(), docs, core.BulkDocsOptions{})
		require.NoError(b, err)
		require.NoError(b, db.Close())
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(docs)), "ns/doc")
}
