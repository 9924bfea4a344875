package docstore_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/kv/memkv"
)

// A new edit, one of a deleted document and one with an attachment are named in three places of the code.
func TestRandomRevs(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for _, random := range []bool{true, true, false, false} {
		db, err := docstore.Open(t.Context(), memkv.New(), docstore.Options{RandomRevs: random})
		require.NoError(t, err)
		write := func(doc core.Document) core.Rev {
			doc.ID = "a"
			results, err := db.BulkDocs(t.Context(), []*core.Document{&doc}, core.BulkDocsOptions{})
			require.NoError(t, err)
			require.Nil(t, results[0].Err)
			return results[0].Rev
		}
		first := write(core.Document{Body: []byte(`{"n":1}`)})
		second := write(core.Document{Rev: first, Attachments: []core.Attachment{{Name: "x", ContentType: "text/plain", Data: []byte("x")}}})
		gone := write(core.Document{Rev: second, Deleted: true})
		again := write(core.Document{Body: []byte(`{"n":2}`)})
		for i, rev := range []core.Rev{first, second, gone, again} {
			assert.Equal(t, i+1, int(rev.Generation))
			assert.Len(t, rev.Hash, 16, "bytes, not digits")
			seen[rev.Hash]++
		}
		doc, err := db.Get(t.Context(), "a", core.GetOptions{Rev: again, Revs: true})
		require.NoError(t, err)
		assert.Equal(t, []string{again.Hash, gone.Hash, second.Hash, first.Hash}, doc.Revisions.Hashes)
		report, err := db.Check(t.Context())
		require.NoError(t, err)
		assert.Empty(t, report.Problems)
	}
	assert.Len(t, seen, 4+4+4, "twice the same where they are made of what they hold")
}
