package docstore_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/kv/memkv"
)

func TestSucceedGoesOnWhereAnotherDatabaseEnded(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	store := memkv.New()
	db, err := docstore.Open(ctx, store, docstore.Options{})
	require.NoError(t, err)
	other, err := docstore.Open(ctx, store, docstore.Options{}) // another tab's
	require.NoError(t, err)
	write := func(id string) {
		t.Helper()
		results, err := db.BulkDocs(ctx, []*core.Document{{ID: id, Body: []byte("{}")}}, core.BulkDocsOptions{})
		require.NoError(t, err)
		require.Nil(t, results[0].Err)
	}
	write("first")
	require.NoError(t, db.Succeed(ctx, "the-other-one", 41))
	write("second")
	require.NoError(t, db.Succeed(ctx, "", 7), "a sequence that has been passed")
	write("third")

	var seqs []core.Seq
	summary, err := db.Changes(ctx, core.ChangesOptions{}, func(c *core.Change) error {
		seqs = append(seqs, c.Seq)
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, []core.Seq{"1", "42", "43"}, seqs)
	require.Equal(t, core.Seq("43"), summary.LastSeq)
	for _, database := range []*docstore.DB{db, other} {
		identity, err := database.Identity(ctx)
		require.NoError(t, err)
		require.Equal(t, "the-other-one", identity)
		info, err := database.Info(ctx)
		require.NoError(t, err)
		require.Equal(t, "the-other-one", info.UUID)
		require.Equal(t, core.Seq("43"), info.UpdateSeq)
	}
	report, err := db.Check(ctx)
	require.NoError(t, err)
	require.Empty(t, report.Problems)
}
