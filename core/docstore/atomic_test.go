package docstore_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/kv/memkv"
)

// A batch of which one document cannot be written leaves no trace when it is atomic: no document, no sequence, no local document, no staged content.
func TestAtomic(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		second *core.Document
		want   *core.Error
	}{
		{"a conflict", &core.Document{ID: "there"}, core.ErrConflict},
		{"a revision that cannot be", &core.Document{ID: "_local/odd", Rev: core.Rev{Generation: 2, Hash: "x"}}, core.ErrBadRev},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			db, err := docstore.Open(t.Context(), memkv.New(), docstore.Options{})
			require.NoError(t, err)
			_, err = core.Put(t.Context(), db, &core.Document{ID: "there"})
			require.NoError(t, err)
			before, err := db.Info(t.Context())
			require.NoError(t, err)

			large := core.Attachment{Name: "large", Length: 1 << 20, Content: core.Bytes(make([]byte, 1<<20))}
			first := &core.Document{ID: "first", Attachments: []core.Attachment{large}}
			results, err := db.BulkDocs(t.Context(), []*core.Document{first, c.second, {ID: "_local/third"}}, core.BulkDocsOptions{Atomic: true})
			require.NoError(t, err)
			assert.Equal(t, core.ErrNotWritten.Of("first"), results[0].Err)
			require.ErrorIs(t, results[1].Err, c.want)
			assert.Equal(t, core.ErrNotWritten.Of("_local/third"), results[2].Err)
			for _, docID := range []string{"first", "_local/third"} {
				_, err := db.Get(t.Context(), docID, core.GetOptions{})
				require.ErrorIs(t, err, core.ErrMissing)
			}
			after, err := db.Info(t.Context())
			require.NoError(t, err)
			assert.Equal(t, before, after)
			report, err := db.Check(t.Context())
			require.NoError(t, err)
			assert.Empty(t, report.Problems)

			results, err = db.BulkDocs(t.Context(), []*core.Document{first, {ID: "second"}}, core.BulkDocsOptions{Atomic: true})
			require.NoError(t, err)
			assert.Nil(t, results[0].Err)
			assert.Nil(t, results[1].Err)
		})
	}
}
