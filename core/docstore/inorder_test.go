package docstore_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/kv/memkv"
)

func TestSequencesInTheOrderOfTheDocuments(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name        string
		docIDs, fed []string
		options     core.BulkDocsOptions
	}{
		{"by id, as CouchDB does", []string{"c", "a", "b"}, []string{"a", "b", "c"}, core.BulkDocsOptions{}},
		{"as they come", []string{"c", "_local/x", "a", "b", "_local/a"}, []string{"c", "a", "b"}, core.BulkDocsOptions{InOrder: true}},
		{"by id, when one comes twice", []string{"c", "a", "c"}, []string{"a", "c"}, core.BulkDocsOptions{InOrder: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			db, err := docstore.Open(t.Context(), memkv.New(), docstore.Options{})
			require.NoError(t, err)
			defer db.Close()
			var docs []*core.Document
			for _, docID := range test.docIDs {
				docs = append(docs, &core.Document{ID: docID, Body: []byte(`{"n":1}`)})
			}
			results, err := db.BulkDocs(t.Context(), docs, test.options)
			require.NoError(t, err)
			for i, result := range results {
				assert.Equal(t, test.docIDs[i], result.ID)
			}
			changes, _, err := core.ListChanges(t.Context(), db, core.ChangesOptions{})
			require.NoError(t, err)
			var fed []string
			for _, change := range changes {
				fed = append(fed, change.ID)
			}
			assert.Equal(t, test.fed, fed)
			report, err := db.Check(t.Context())
			require.NoError(t, err)
			assert.Empty(t, report.Problems)
		})
	}
}
