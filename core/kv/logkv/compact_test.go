package logkv_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/core/kv/logkv/memdevice"
)

// uncached reads every record from the device.
var uncached = logkv.Options{RecordBytes: 1500, CacheBytes: 1, InlineBytes: 100, CompactionRatio: -1}

func TestCompactionKeepsWhatAViewOfTheSameStoreReads(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	storage := memdevice.New()
	store := open(t, storage, uncached)
	before := strings.Repeat("before", 100)
	put(t, store, "a", before)
	require.NoError(t, store.View(ctx, func(s kv.Snapshot) error {
		put(t, store, "a", strings.Repeat("after ", 100))
		require.NoError(t, store.Compact(ctx))
		value, _, err := s.Get(ctx, []byte("a"))
		require.NoError(t, err)
		assert.Equal(t, before, string(value))
		return nil
	}))
	require.NoError(t, store.Compact(ctx))
	assert.NotContains(t, storage.Numbers(), uint64(1), "afterwards it goes")
}

func TestAfterACompactionOneDamagedSnapshotDoesNoHarm(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for _, move := range []bool{false, true} {
		storage := memdevice.New()
		store := open(t, storage, uncached)
		for i := range 20 {
			put(t, store, fmt.Sprint("overwritten", i%2), strings.Repeat(fmt.Sprint(i), 2000))
			if move {
				put(t, store, fmt.Sprint("sparse", i), strings.Repeat("s", 200))
			}
		}
		records := len(storage.Numbers())
		require.NoError(t, store.Compact(ctx))
		require.NoError(t, store.Close())
		require.Less(t, len(storage.Numbers()), records/2)
		want, err := contents(storage)
		require.NoError(t, err)
		require.Len(t, storage.Snapshots(), 2)
		for _, covers := range storage.Snapshots() {
			damaged := storage.Clone()
			damaged.TamperSnapshot(covers, func(chunks [][]byte) [][]byte { chunks[0][20] ^= 1; return chunks })
			got, err := contents(damaged)
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
	}
}

func TestCompactingAgainDoesNothing(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	storage := memdevice.New()
	store := open(t, storage, uncached)
	for i := range 20 {
		put(t, store, fmt.Sprint("key", i), strings.Repeat(fmt.Sprint(i), 100))
	}
	require.NoError(t, store.Compact(ctx))
	numbers := storage.Numbers()
	require.Less(t, len(numbers), 10, "small records are put together")
	require.NoError(t, store.Compact(ctx))
	assert.Equal(t, numbers, storage.Numbers())
	require.NoError(t, store.Close())

	// Nor does it in a store that does not know of the first time, but for the record that marks the second.
	again := open(t, storage, uncached)
	require.NoError(t, again.Compact(ctx))
	assert.LessOrEqual(t, len(storage.Numbers()), len(numbers)+1)
}

// amid calls a function once, when the first snapshot has been written.
type amid struct {
	logkv.Device
	call func()
}

func (a *amid) WriteSnapshot(ctx context.Context, covers uint64, chunks [][]byte) error {
	err := a.Device.WriteSnapshot(ctx, covers, chunks)
	if call := a.call; call != nil {
		a.call = nil
		call()
	}
	return err
}

func TestCompactingAgainRemovesWhatWasWrittenDuringTheFirstTime(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	storage := memdevice.New()
	device := &amid{Device: storage.Open(nil)}
	store, err := logkv.Open(ctx, device, uncached)
	require.NoError(t, err)
	defer func() { require.NoError(t, store.Close()) }()
	put(t, store, "a", strings.Repeat("first", 100))
	var garbage uint64
	device.call = func() {
		put(t, store, "a", strings.Repeat("second", 100))
		garbage = slices.Max(storage.Numbers())
		put(t, store, "a", strings.Repeat("third", 100))
	}
	require.NoError(t, store.Compact(ctx))
	require.Contains(t, storage.Numbers(), garbage, "only one of the two snapshots covers it")
	require.NoError(t, store.Compact(ctx))
	assert.NotContains(t, storage.Numbers(), garbage)
}

// measured notes how much is appended at once.
type measured struct {
	logkv.Device
	largest int
}

func (m *measured) Append(ctx context.Context, first uint64, records [][]byte, durability logkv.Durability) error {
	size := 0
	for _, record := range records {
		size += len(record)
	}
	m.largest = max(m.largest, size)
	return m.Device.Append(ctx, first, records, durability)
}

// What has to be moved is more than fits one commit: it is moved in steps, between which others write.
func TestCompactionInSteps(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	storage := memdevice.New()
	device := &measured{Device: storage.Open(nil)}
	store, err := logkv.Open(ctx, device, logkv.Options{RecordBytes: 8000, CacheBytes: 1, CompactionRatio: -1})
	require.NoError(t, err)
	value := func(i int) string { return strings.Repeat(fmt.Sprintf("%04d", i), 500) }
	const count = 400 // 800 KB of what stays
	for i := range count {
		require.NoError(t, store.Update(ctx, func(tx kv.Tx) error {
			tx.Put(fmt.Appendf(nil, "stays%04d", i), []byte(value(i)))
			tx.Put(fmt.Appendf(nil, "goes%04d", i), []byte(value(i)))
			return nil
		}))
	}
	require.NoError(t, store.Update(ctx, func(tx kv.Tx) error {
		for i := range count {
			tx.Delete(fmt.Appendf(nil, "goes%04d", i))
		}
		return nil
	}))
	before, last := len(storage.Numbers()), slices.Max(storage.Numbers())
	require.NoError(t, store.Compact(ctx))
	assert.Less(t, len(storage.Numbers()), before*2/3)
	assert.Greater(t, slices.Max(storage.Numbers()), last+100, "all of it was written anew")
	assert.InDelta(t, 256<<10, device.largest, 16<<10, "a step takes as much as it may")
	require.NoError(t, store.Close())
	got, err := contents(storage)
	require.NoError(t, err)
	require.Len(t, got, count)
	for i := range count {
		require.Equal(t, value(i), got[fmt.Sprintf("stays%04d", i)])
	}
}
