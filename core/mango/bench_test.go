package mango_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/mango"
	"github.com/gouchdb/gouchdb/internal/regexps"
)

// benchmarkDocs are 10,000 documents of about 600 bytes.
func benchmarkDocs(b *testing.B) (docs []*core.Document, size int64) {
	text := strings.Repeat("lorem ipsum dolor sit amet ", 13)
	for i := range 10_000 {
		doc, err := core.ParseDocument(fmt.Appendf(nil, `{"_id":"doc-%05d","type":"%s","title":"Entry number %d","text":"%s","tags":["red","green","n%d"],`+
			`"address":{"city":"Oslo","zip":"%04d","geo":{"lat":%d.5,"lon":10.25}},"score":%d,"active":%t}`,
			i, []string{"user", "order", "note"}[i%3], i, text, i%10, i%1000, i%90, i*7919%10_000, i%2 == 0))
		require.NoError(b, err)
		docs = append(docs, doc)
		size += int64(len(doc.Body))
	}
	return docs, size
}

func BenchmarkMatches(b *testing.B) {
	docs, size := benchmarkDocs(b)
	for _, selector := range []struct{ name, text string }{
		{"one field", `{"score":{"$gte":5000,"$lt":5100}}`},
		{"first field", `{"type":"user"}`},
		{"three fields", `{"type":"user","active":true,"address.city":{"$gt":"M"}}`},
		{"missing field", `{"nothing":1}`},
		{"array", `{"tags":{"$elemMatch":{"$eq":"n7"}}}`},
		{"or", `{"$or":[{"score":17},{"address.zip":"0017"},{"title":"Entry number 17"}]}`},
		{"regex", `{"title":{"$regex":"17$"}}`},
	} {
		b.Run(selector.name, func(b *testing.B) {
			program, err := mango.Parse([]byte(selector.text), regexps.Compile)
			require.NoError(b, err)
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				for _, doc := range docs {
					if _, err := program.Matches(doc); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

func BenchmarkEntries(b *testing.B) {
	docs, size := benchmarkDocs(b)
	index, err := mango.ParseIndexRequest([]byte(`{"index":{"fields":["type","score"]}}`), nil)
	require.NoError(b, err)
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		for _, doc := range docs {
			if _, ok, err := index.Entry(doc); err != nil || !ok {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkPlan(b *testing.B) {
	request, err := mango.ParseRequest([]byte(`{"selector":{"type":"user","age":{"$gt":20},"name":{"$in":["Ada","Bob"]}},"sort":["age"]}`), nil)
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := mango.NewPlan(request, recordedIndexes()); err != nil {
			b.Fatal(err)
		}
	}
}
