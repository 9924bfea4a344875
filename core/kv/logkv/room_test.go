package logkv_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/core/kv/logkv/memdevice"
	"github.com/gouchdb/gouchdb/internal/seeds"
)

// cramped is a device with little room, of which it keeps some in reserve.
type cramped struct {
	logkv.Device
	storage *memdevice.Storage

	mutex    sync.Mutex
	room     int
	reserve  int
	released int
	refused  int
}

func (d *cramped) fits(data [][]byte) error {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	size := d.storage.Bytes()
	for _, part := range data {
		size += len(part)
	}
	if size > d.room-d.reserve {
		return core.ErrStorageFull
	}
	return nil
}

func (d *cramped) Append(ctx context.Context, first uint64, records [][]byte, durability logkv.Durability) error {
	if err := d.fits(records); err != nil {
		return err
	}
	return d.Device.Append(ctx, first, records, durability)
}

func (d *cramped) WriteSnapshot(ctx context.Context, covers uint64, chunks [][]byte) error {
	if err := d.fits(chunks); err != nil {
		return err
	}
	return d.Device.WriteSnapshot(ctx, covers, chunks)
}

// Release implements logkv.Reserver.
func (d *cramped) Release(context.Context) (released bool, err error) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	released = d.reserve > 0
	d.reserve = 0
	d.released++
	return released, nil
}

// Refused implements logkv.Reserver.
func (d *cramped) Refused() {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.refused++
}

// fillUp writes values of a kilobyte until there is no room for one, and returns how many there are.
func fillUp(t *testing.T, store kv.Store) int {
	t.Helper()
	for n := 0; ; n++ {
		err := store.Update(context.Background(), func(tx kv.Tx) error {
			tx.Put(fmt.Appendf(nil, "%06d", n), []byte(strings.Repeat("x", 1000)))
			return nil
		})
		if err != nil {
			require.ErrorIs(t, err, core.ErrStorageFull)
			return n
		}
	}
}

func freeing(store kv.Store, key string) error {
	return store.Update(context.Background(), func(tx kv.Tx) error {
		kv.Frees(tx)
		tx.Delete([]byte(key))
		tx.Put([]byte("tombstone:"+key), []byte("gone"))
		return nil
	})
}

func TestWithoutRoomWhatMakesRoomUsesTheReserve(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	storage := memdevice.New()
	device := &cramped{Device: storage.Open(nil), storage: storage, room: 300_000, reserve: 100_000}
	store, err := logkv.Open(ctx, device, small)
	require.NoError(t, err)
	defer func() { assert.NoError(t, store.Close()) }()
	n := fillUp(t, store)
	require.Greater(t, n, 100)
	assert.Zero(t, device.released, "a write that makes no room leaves the reserve alone")
	assert.Equal(t, 1, device.refused, "and the device is told of it")

	// Updates that share a commit are judged each for itself.
	seed := seeds.For(t)
	random := rand.New(rand.NewPCG(seed, 0))
	var waiting sync.WaitGroup
	for _, i := range random.Perm(n) {
		waiting.Go(func() {
			if i%3 == 0 {
				err := store.Update(ctx, func(tx kv.Tx) error {
					tx.Put(fmt.Appendf(nil, "more:%d", i), []byte(strings.Repeat("y", 100_000)))
					return nil
				})
				assert.ErrorIs(t, err, core.ErrStorageFull, "seed %d", seed)
				return
			}
			assert.NoError(t, freeing(store, fmt.Sprintf("%06d", i)), "seed %d", seed)
		})
	}
	waiting.Wait()
	assert.Equal(t, 1, device.released)
	require.NoError(t, store.Compact(ctx))
	again := fillUp(t, redoing{store}) // over the keys that there are, and on
	assert.Greater(t, again, n/2, "what was deleted has made room")
}

func TestCompactingWithoutRoomForASnapshotRemovesWhatIsDeadFirst(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	storage := memdevice.New()
	device := &cramped{Device: storage.Open(nil), storage: storage, room: 1 << 30}
	store, err := logkv.Open(ctx, device, small)
	require.NoError(t, err)
	defer func() { assert.NoError(t, store.Close()) }()
	// A tree of some size, and values that two snapshots cover.
	for i := range 100 {
		put(t, store, fmt.Sprintf("tree:%04d%s", i, strings.Repeat("k", 300)), "small", fmt.Sprintf("large:%03d", i), strings.Repeat("l", 1000))
	}
	require.NoError(t, store.Compact(ctx))
	for i := range 100 {
		require.NoError(t, freeing(store, fmt.Sprintf("large:%03d", i)))
	}
	device.room = storage.Bytes() + 2000
	require.NoError(t, store.Compact(ctx))
	assert.Less(t, storage.Bytes(), device.room-80_000)
	assert.Equal(t, "small", get(t, open(t, storage, small), fmt.Sprintf("tree:%04d%s", 42, strings.Repeat("k", 300))))
}

func TestWhatIsAcknowledgedUsesTheReserve(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	storage := memdevice.New()
	device := &cramped{Device: storage.Open(nil), storage: storage, room: 100_000, reserve: 50_000}
	store, err := logkv.Open(ctx, device, memoryFirst)
	require.NoError(t, err)
	for i := range 60 {
		put(t, redoing{store}, fmt.Sprint(i), strings.Repeat("x", 1000))
	}
	require.NoError(t, store.Flush(ctx))
	assert.Equal(t, 1, device.released)
	require.NoError(t, store.Close())
	assert.NotEmpty(t, get(t, open(t, storage, memoryFirst), "59"))
}
