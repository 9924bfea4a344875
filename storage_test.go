package gouchdb_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb"
)

func TestStorageOptionsBelongToFiles(t *testing.T) {
	t.Parallel()
	for _, options := range []gouchdb.Options{{Durability: gouchdb.Relaxed}, {CompactionRatio: 3}, {CacheBytes: 1 << 20}} {
		for _, location := range []string{"memory:notes", "http://127.0.0.1:1/notes"} {
			_, err := gouchdb.Open(t.Context(), location, options)
			require.ErrorIs(t, err, gouchdb.ErrBadRequest, location)
		}
		db, err := gouchdb.Open(t.Context(), "file:"+filepath.Join(t.TempDir(), "notes"), options)
		require.NoError(t, err)
		require.NoError(t, db.Close())
	}
	for _, options := range []gouchdb.Options{{Durability: -1}, {Durability: 3}, {CacheBytes: -1}} {
		_, err := gouchdb.Open(t.Context(), "file:"+filepath.Join(t.TempDir(), "notes"), options)
		require.ErrorIs(t, err, gouchdb.ErrBadRequest)
	}
}

// What was written to memory first is in the file after a Flush, and a copy of the file is a database.
func TestMemoryFirst(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "notes")
	db, err := gouchdb.Open(ctx, "file:"+path, gouchdb.Options{Durability: gouchdb.MemoryFirst})
	require.NoError(t, err)
	var stats gouchdb.Stats
	n := 0
	for ; n < 100 || stats.Unlogged == 0; n++ { // until it is seen that a write is acknowledged before it is in the file
		_, err := db.Put(ctx, strconv.Itoa(n), map[string]any{"n": n})
		require.NoError(t, err)
		stats, err = db.Stats(ctx)
		require.NoError(t, err)
	}
	require.NoError(t, db.Flush(ctx))
	stats, err = db.Stats(ctx)
	require.NoError(t, err)
	assert.Zero(t, stats.Unlogged)
	assert.EqualValues(t, n, stats.Documents)

	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path+".copy", content, 0o600))
	info, err := open(t, "file:"+path+".copy").Info(ctx)
	require.NoError(t, err)
	assert.EqualValues(t, n, info.DocCount)
	require.NoError(t, db.Close())
}

func TestCompactionRatio(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db, err := gouchdb.Open(ctx, "file:"+filepath.Join(t.TempDir(), "notes"), gouchdb.Options{Durability: gouchdb.Relaxed, CompactionRatio: -1, AutoCompaction: true})
	require.NoError(t, err)
	first, rev := "", ""
	for range 200 { // of 48 KB, of which one lives, so that there is much more of the log than a store that compacts itself lets be
		value := map[string]any{"text": strings.Repeat("x", 48<<10)}
		if rev != "" {
			value["_rev"] = rev
		}
		rev, err = db.Put(ctx, "a", value)
		require.NoError(t, err)
		if first == "" {
			first = rev
		}
	}
	_, err = db.Get(ctx, "a", gouchdb.GetOptions{Rev: first})
	require.ErrorIs(t, err, gouchdb.ErrMissing, "AutoCompaction keeps the last one only")
	stats, err := db.Stats(ctx)
	require.NoError(t, err)
	assert.Greater(t, stats.LogBytes, uint64(200*48<<10))
	require.NoError(t, db.Compact(ctx))
	stats, err = db.Stats(ctx)
	require.NoError(t, err)
	assert.Less(t, stats.Ratio(), 2.0)
	report, err := db.Check(ctx)
	require.NoError(t, err)
	assert.Empty(t, report.Problems)
	assert.Equal(t, 1, report.Documents)
	require.NoError(t, db.Close())
}

func TestCacheBytes(t *testing.T) {
	t.Parallel()
	for given, limit := range map[int]uint64{0: 16 << 20, 1 << 20: 1 << 20} {
		db, err := gouchdb.Open(t.Context(), "file:"+filepath.Join(t.TempDir(), "notes"), gouchdb.Options{CacheBytes: given})
		require.NoError(t, err)
		stats, err := db.Stats(t.Context())
		require.NoError(t, err)
		assert.Equal(t, limit, stats.CacheLimit)
		require.NoError(t, db.Close())
	}
}

func TestPurge(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db := open(t, "memory:notes")
	first, err := db.Put(ctx, "a", map[string]any{"n": 1})
	require.NoError(t, err)
	second, err := db.Put(ctx, "a", map[string]any{"n": 2, "_rev": first})
	require.NoError(t, err)
	purged, err := db.Purge(ctx, "a", first)
	require.NoError(t, err)
	assert.Empty(t, purged, "it is not current")
	purged, err = db.Purge(ctx, "a", second)
	require.NoError(t, err)
	assert.Equal(t, []string{second}, purged)
	_, err = db.Get(ctx, "a", gouchdb.GetOptions{Rev: first})
	require.ErrorIs(t, err, gouchdb.ErrMissing)
	_, err = db.Purge(ctx, "a", "first")
	require.ErrorIs(t, err, gouchdb.ErrBadRequest)

	graft(t, db, "b", "1-a", "1-b", "1-c")
	purged, err = db.Purge(ctx, "b", "1-a", "1-c")
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{"1-a", "1-c"}, purged)
	doc, err := db.Get(ctx, "b", gouchdb.GetOptions{Conflicts: true})
	require.NoError(t, err)
	assert.Equal(t, "1-b", doc.Rev)
	assert.Empty(t, doc.Conflicts)
	closed, err := gouchdb.Open(ctx, "memory:closed", gouchdb.Options{})
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	_, err = closed.Purge(ctx, "b", "1-b")
	require.ErrorIs(t, err, gouchdb.ErrClosed)
}

func TestRevsLimit(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db := open(t, "memory:notes")
	limit, err := db.RevsLimit(ctx)
	require.NoError(t, err)
	assert.Equal(t, 1000, limit)
	require.NoError(t, db.SetRevsLimit(ctx, 2))
	limit, err = db.RevsLimit(ctx)
	require.NoError(t, err)
	assert.Equal(t, 2, limit)
	for n := range 3 {
		_, err := db.Update(ctx, "a", func(*gouchdb.Document) (any, error) { return map[string]any{"n": n}, nil })
		require.NoError(t, err)
	}
	doc, err := db.Get(ctx, "a", gouchdb.GetOptions{RevsInfo: true})
	require.NoError(t, err)
	assert.Len(t, doc.RevsInfo, 2)
	require.Error(t, db.SetRevsLimit(ctx, 0))
}

func TestRemoteDatabasesHaveNoStorageHere(t *testing.T) {
	t.Parallel()
	db := remote(t)
	_, err := db.Stats(context.Background())
	require.ErrorIs(t, err, gouchdb.ErrNotImplemented)
	_, err = db.Check(context.Background())
	require.ErrorIs(t, err, gouchdb.ErrNotImplemented)
}

// How far indexes are can be asked of a local database; what is built already is not listed.
func TestIndexProgress(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db := open(t, "memory:notes")
	_, err := db.Put(ctx, "a", map[string]any{"n": 1})
	require.NoError(t, err)
	_, _, err = db.CreateIndex(ctx, gouchdb.Index{Fields: []string{"n"}})
	require.NoError(t, err)
	for {
		progress, err := db.IndexProgress(ctx)
		require.NoError(t, err)
		if len(progress) == 0 {
			break
		}
		assert.NotEmpty(t, progress[0].Name)
		assert.LessOrEqual(t, progress[0].Done, progress[0].Total)
	}
	_, err = remote(t).IndexProgress(ctx)
	require.ErrorIs(t, err, gouchdb.ErrNotImplemented)
}
