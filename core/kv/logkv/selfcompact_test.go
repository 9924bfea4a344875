package logkv_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core/internal/fault"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/kv/kvtest"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/core/kv/logkv/memdevice"
)

func statsOf(t *testing.T, store kv.Store) kv.Stats {
	t.Helper()
	stats, err := store.Stats(context.Background())
	require.NoError(t, err)
	return stats
}

// stored is how long all records of a storage are.
func stored(storage *memdevice.Storage) (size uint64) {
	clone := storage.Clone()
	for _, number := range clone.Numbers() {
		clone.TamperRecord(number, func(data []byte) []byte { size += uint64(len(data)); return data })
	}
	return size
}

// overwrite writes the same keys again and again, so that most of the log is garbage.
func overwrite(t *testing.T, store kv.Store, random *rand.Rand, times int) {
	t.Helper()
	for range times {
		put(t, store, fmt.Sprint("key", random.IntN(50)), strings.Repeat("value", 100+random.IntN(100)))
	}
}

func TestAStoreCompactsItself(t *testing.T) {
	kvtest.CheckGoroutines(t)
	for name, durability := range map[string]logkv.Durability{"strict": logkv.Strict, "memory first": logkv.MemoryFirst} {
		t.Run(name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, 2))
			storage := memdevice.New()
			options := logkv.Options{RecordBytes: 4000, SnapshotBytes: 30_000, Durability: durability}
			store, err := logkv.Open(context.Background(), storage.Open(nil), options)
			require.NoError(t, err)
			largest := uint64(0)
			for range 300 {
				overwrite(t, redoing{store}, random, 20)
				require.NoError(t, store.Flush(context.Background()))
				largest = max(largest, stored(storage))
			}
			// Without compaction there would be 300 * 20 * 750 bytes. What comes while one is at work is extra.
			assert.Less(t, largest, uint64(1_500_000))
			require.NoError(t, store.Close())
			_, err = contents(storage)
			require.NoError(t, err)
		})
	}
}

func TestOnlyWhatIsWorthwhileIsCompacted(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for name, options := range map[string]logkv.Options{
		"it is switched off":    {RecordBytes: 4000, SnapshotBytes: 30_000, CompactionRatio: -1},
		"the log is tiny":       {RecordBytes: 4000, SnapshotBytes: 300_000},
		"the ratio is not high": {RecordBytes: 4000, SnapshotBytes: 30_000, CompactionRatio: 20},
	} {
		storage := memdevice.New()
		store := open(t, storage, options)
		overwrite(t, store, random, 600)
		require.NoError(t, store.Close()) // waits for a compaction
		assert.Equal(t, uint64(1), storage.Numbers()[0], name)
		assert.Greater(t, stored(storage), uint64(400_000), name)
	}
}

// How much log there is, a store knows without asking the device: also one that was opened later, and one that another has compacted under.
func TestLogBytes(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	random := rand.New(rand.NewPCG(3, 4))
	storage := memdevice.New()
	store := open(t, storage, uncached)
	other := open(t, storage, uncached)
	near := func(store kv.Store, about string) {
		t.Helper()
		require.NoError(t, store.Refresh(ctx))
		assert.InEpsilon(t, stored(storage), statsOf(t, store).LogBytes, 0.1, about)
	}
	overwrite(t, store, random, 300)
	near(store, "written")
	near(other, "written by another")
	require.NoError(t, store.Compact(ctx))
	near(store, "compacted")
	near(other, "compacted by another")
	overwrite(t, other, random, 100)
	near(store, "written since")
	near(other, "written since")
	require.NoError(t, store.Close())
	near(open(t, storage, uncached), "reopened")
	stats := statsOf(t, other)
	assert.InEpsilon(t, float64(stats.LogBytes)/float64(stats.LiveBytes), stats.Ratio(), 0.001)
	assert.Equal(t, uint64(1), stats.CacheLimit)
}

// While a snapshot is being written by a device that does not come to an end, and while compaction waits for it, others read and write.
func TestASnapshotHoldsUpNobody(t *testing.T) {
	kvtest.CheckGoroutines(t)
	ctx := context.Background()
	storage := memdevice.New()
	slow := make(chan struct{})
	began := make(chan struct{})
	var once sync.Once
	device := slowSnapshots{Device: storage.Open(nil), write: func() {
		once.Do(func() { close(began) })
		<-slow
	}}
	store, err := logkv.Open(ctx, device, small)
	require.NoError(t, err)
	compacted := make(chan error, 1)
	put(t, store, "a", "1")
	go func() { compacted <- store.Compact(ctx) }()
	<-began
	for i := range 100 {
		put(t, store, "b", fmt.Sprint(i))
		assert.Equal(t, fmt.Sprint(i), get(t, store, "b"))
	}
	close(slow)
	require.NoError(t, <-compacted)
	require.NoError(t, store.Close())
}

type slowSnapshots struct {
	*memdevice.Device
	write func()
}

func (d slowSnapshots) WriteSnapshot(ctx context.Context, covers uint64, chunks [][]byte) error {
	d.write()
	return d.Device.WriteSnapshot(ctx, covers, chunks)
}

func TestConcurrentMissesOfOneRecordAreOneReading(t *testing.T) {
	kvtest.CheckGoroutines(t)
	ctx := context.Background()
	var injector fault.Injector
	storage := memdevice.New()
	writer := open(t, storage, logkv.Options{})
	large := strings.Repeat("large", 200)
	put(t, writer, "a", large, "b", large)
	require.NoError(t, writer.Close())
	store, err := logkv.Open(ctx, storage.Open(injector.Do), logkv.Options{})
	require.NoError(t, err)
	store.DropCache()
	before := injector.Count()
	injector.At(1, fault.Delay, nil)

	var readers sync.WaitGroup
	leaving, leave := context.WithCancel(ctx)
	readers.Go(func() { // it reads, and leaves before the answer
		err := store.View(leaving, func(s kv.Snapshot) error {
			_, _, err := s.Get(leaving, []byte("a"))
			return err
		})
		assert.ErrorIs(t, err, context.Canceled)
	})
	<-injector.Held()
	for range 20 {
		readers.Go(func() {
			assert.Equal(t, large, get(t, store, "a"))
			assert.Equal(t, large, get(t, store, "b"))
		})
	}
	require.Eventually(t, func() bool { return store.Waiting() == 20 }, 10*time.Second, time.Millisecond)
	leave()
	readers.Wait()
	assert.Equal(t, 2, injector.Count()-before, "one that was given up, and one for all others")
	require.NoError(t, store.Close())
}

// What a compaction leaves is known afterwards, also what it had not to move: when the next is due depends on it.
func TestACompactionCountsWhatIsLeft(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	storage := memdevice.New()
	store := open(t, storage, logkv.Options{RecordBytes: 8000, CompactionRatio: -1})
	require.NoError(t, store.Update(ctx, func(tx kv.Tx) error {
		for i := range 100 {
			tx.Put(fmt.Appendf(nil, "dense%d", i), []byte(strings.Repeat("d", 1000)))
		}
		return nil
	}))
	overwrite(t, store, rand.New(rand.NewPCG(5, 6)), 400)
	written := statsOf(t, store).LogBytes
	require.NoError(t, store.Compact(ctx))
	left := statsOf(t, store).LogBytes
	assert.Less(t, left, written/2)
	assert.Greater(t, left, uint64(100_000))
	assert.InEpsilon(t, stored(storage), left, 0.1)
}
