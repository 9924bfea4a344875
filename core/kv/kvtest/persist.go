package kvtest

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core/kv"
)

func testReopen(t *testing.T, h Harness) {
	if h.Reopen == nil {
		return // the data does not outlive the store, by its nature
	}
	store := h.open(t)
	ctx := context.Background()
	store = h.Reopen(t, store)
	assert.Empty(t, everything(t, store), "an empty store")
	large := strings.Repeat("large", 20_000)
	var want []string
	for i := range 12 {
		key := "key" + strconv.Itoa(i+10)
		put(t, store, key, strconv.Itoa(i)+large, "deleted", "x")
		want = append(want, brief(key+"="+strconv.Itoa(i)+large))
		require.NoError(t, store.Update(ctx, func(tx kv.Tx) error {
			tx.Delete([]byte("deleted"))
			return nil
		}))
		store = h.Reopen(t, store)
		require.Equal(t, want, everything(t, store), "after reopening %d times", i+1)
		if i%4 == 3 {
			require.NoError(t, store.Compact(ctx))
			require.Equal(t, want, everything(t, store), "after compacting")
			before, err := store.Stats(ctx)
			require.NoError(t, err)
			store = h.Reopen(t, store)
			require.Equal(t, want, everything(t, store), "after compacting and reopening")
			after, err := store.Stats(ctx)
			require.NoError(t, err)
			assert.Equal(t, before.Keys, after.Keys)
			assert.Equal(t, before.LiveBytes, after.LiveBytes)
		}
	}
	// What is overwritten again and again must not be kept for ever.
	for i := range 40 {
		put(t, store, "again", strconv.Itoa(i)+large)
	}
	require.NoError(t, store.Compact(ctx))
	stats, err := store.Stats(ctx)
	require.NoError(t, err)
	assert.Less(t, stats.StoredBytes, 2*stats.LiveBytes+100_000)
	require.NoError(t, store.Close())
}

func testAnother(t *testing.T, h Harness) {
	if h.Another == nil {
		return // one store only can have the data open, by its nature
	}
	ctx := context.Background()
	first := h.open(t)
	large := strings.Repeat("large", 1000)
	put(t, first, "a", "1", "large", large)
	second := h.Another(t, first)
	defer func() { require.NoError(t, second.Close()) }()
	assert.Equal(t, "1", get(t, second, "a"))

	changed := second.Changed()
	put(t, first, "a", "2")
	require.NoError(t, second.Refresh(ctx))
	waitFor(t, changed, "the other store's change")
	assert.Equal(t, "2", get(t, second, "a"))

	// The notice comes without Refresh too.
	for i := range 20 {
		put(t, first, "a", "n"+strconv.Itoa(i))
		for {
			changed := second.Changed()
			if get(t, second, "a") == "n"+strconv.Itoa(i) {
				break
			}
			waitFor(t, changed, "the other store's change")
		}
	}

	// Both write; each sees the other's state when it does.
	for range 10 {
		for _, store := range []kv.Store{first, second} {
			require.NoError(t, store.Update(ctx, func(tx kv.Tx) error { return increment(ctx, tx, "counter") }))
			text := ""
			err := store.Update(ctx, func(tx kv.Tx) error {
				var err error
				text, err = getIn(tx, "counter")
				return err
			})
			require.NoError(t, err)
			require.NotEqual(t, "absent", text)
		}
	}
	require.NoError(t, first.Refresh(ctx))
	assert.Equal(t, "20", get(t, first, "counter"))

	// Compacting in one does not disturb the other, not even one that reads.
	put(t, first, "large", large+"2", "kept", large+"kept")
	require.NoError(t, second.Refresh(ctx))
	require.NoError(t, second.View(ctx, func(s kv.Snapshot) error {
		for range 3 {
			require.NoError(t, first.Compact(ctx))
		}
		text, err := getIn(s, "kept")
		require.NoError(t, err)
		assert.Equal(t, brief(large+"kept"), text)
		return nil
	}))
	require.NoError(t, second.Refresh(ctx))
	assert.Equal(t, everything(t, first), everything(t, second))
	put(t, second, "z", "1")
	require.NoError(t, first.Refresh(ctx))
	assert.Equal(t, "1", get(t, first, "z"))
}
