package docstore_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/adapters/memory"
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/javascript"
)

// What a dropped temporary view had stored is gone; others stay, and the same functions can be queried again.
func TestDropTemporaryView(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db, err := memory.OpenWith(ctx, docstore.Options{Scripts: javascript.New(javascript.Options{})})
	require.NoError(t, err)
	defer db.Close()
	_, err = core.Put(ctx, db, &core.Document{ID: "a", Body: []byte(`{"n":1}`)})
	require.NoError(t, err)
	query := func(source string) (rows int) {
		_, err := db.TemporaryView(ctx, source, "_count", core.ViewOptions{}, func(*core.ViewRow) error { rows++; return nil })
		require.NoError(t, err)
		return rows
	}
	size := func() uint64 {
		stats, err := db.Stats(ctx)
		require.NoError(t, err)
		return stats.LiveBytes
	}
	const kept, dropped = "function (doc) { emit(doc.n); }", "function (doc) { emit(-doc.n); }"
	assert.Equal(t, 1, query(kept))
	before := size()
	assert.Equal(t, 1, query(dropped))
	assert.Greater(t, size(), before)
	require.NoError(t, db.DropTemporaryView(ctx, dropped, "_count"))
	assert.Equal(t, before, size())
	require.NoError(t, db.DropTemporaryView(ctx, dropped, "_count"), "dropping what is not there does no harm")
	assert.Equal(t, 1, query(kept))
	assert.Equal(t, 1, query(dropped))
	report, err := db.Check(ctx)
	require.NoError(t, err)
	assert.Empty(t, report.Problems)
}
