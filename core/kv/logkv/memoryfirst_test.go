package logkv_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/internal/fault"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/kv/kvtest"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/core/kv/logkv/memdevice"
)

var memoryFirst = logkv.Options{Durability: logkv.MemoryFirst}

// redoing is a store whose updates say how they are done again: by writing once more what they wrote.
type redoing struct{ kv.Store }

func (s redoing) Update(ctx context.Context, write func(kv.Tx) error) error {
	return s.Store.Update(ctx, func(tx kv.Tx) error {
		noted := &noting{Tx: tx}
		if err := write(noted); err != nil {
			return err
		}
		tx.(kv.Redoer).Redo(func(_ context.Context, _ kv.Snapshot, tx kv.Tx) error {
			for _, again := range noted.writes {
				again(tx)
			}
			return nil
		})
		return nil
	})
}

type noting struct {
	kv.Tx
	writes []func(kv.Tx)
}

func (n *noting) Put(key, value []byte) {
	n.writes = append(n.writes, func(tx kv.Tx) { tx.Put(key, value) })
	n.Tx.Put(key, value)
}

func (n *noting) Delete(key []byte) {
	n.writes = append(n.writes, func(tx kv.Tx) { tx.Delete(key) })
	n.Tx.Delete(key)
}

func TestConformanceMemoryFirst(t *testing.T) {
	for name, options := range map[string]logkv.Options{"defaults": {}, "small": small, "busy": busy} {
		options.Durability = logkv.MemoryFirst
		t.Run(name, func(t *testing.T) {
			var mutex sync.Mutex
			storages := map[kv.Store]*memdevice.Storage{}
			openOn := func(t *testing.T, storage *memdevice.Storage) kv.Store {
				store, err := logkv.Open(context.Background(), storage.Open(nil), options)
				require.NoError(t, err)
				mutex.Lock()
				defer mutex.Unlock()
				storages[redoing{store}] = storage
				return redoing{store}
			}
			kvtest.Run(t, kvtest.Harness{
				New: func(t *testing.T) kv.Store { return openOn(t, memdevice.New()) },
				Reopen: func(t *testing.T, store kv.Store) kv.Store {
					require.NoError(t, store.Close())
					return openOn(t, storages[store])
				},
				// Another store shows what this one has acknowledged only when it is in the log, so it is opened on a storage where that is the rule.
			})
		})
	}
}

func TestAnUpdateIsAcknowledgedBeforeItIsLogged(t *testing.T) {
	kvtest.CheckGoroutines(t)
	ctx := context.Background()
	var injector fault.Injector
	storage := memdevice.New()
	store, err := logkv.Open(ctx, storage.Open(injector.Do), memoryFirst)
	require.NoError(t, err)
	injector.At(1, fault.Delay, nil)
	large := strings.Repeat("large", 200)
	put(t, redoing{store}, "a", "1", "b", large)
	<-injector.Held() // it is being appended, a few milliseconds later
	put(t, redoing{store}, "c", large, "a", "2")
	put(t, redoing{store}, "d", large)
	for key, want := range map[string]string{"a": "2", "b": large, "c": large, "d": large} {
		assert.Equal(t, want, get(t, store, key))
	}
	stats, err := store.Stats(ctx)
	require.NoError(t, err)
	assert.Greater(t, stats.Unlogged, uint64(3000))
	assert.Empty(t, storage.Numbers())

	settled := make(chan string, 1)
	go func() {
		assert.NoError(t, kv.ViewSettled(ctx, store, func(s kv.Snapshot) error {
			value, _, err := s.Get(ctx, []byte("a"))
			settled <- string(value)
			return err
		}))
	}()
	select {
	case <-settled:
		assert.Fail(t, "a settled view shows what is not in the log")
	case <-time.After(20 * time.Millisecond):
	}
	injector.Release()
	assert.Equal(t, "2", <-settled)
	require.NoError(t, store.Flush(ctx))
	assert.Equal(t, []uint64{1, 2}, storage.Numbers(), "what came while the first was appended shares the second")
	stats, err = store.Stats(ctx)
	require.NoError(t, err)
	assert.Zero(t, stats.Unlogged)
	require.NoError(t, store.Close())
	got, err := contents(storage)
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"a": "2", "b": large, "c": large, "d": large}, got)
}

func TestAnUpdateThatCannotBeDoneAgainWaitsForTheLog(t *testing.T) {
	t.Parallel()
	storage := memdevice.New()
	store := open(t, storage, memoryFirst)
	put(t, redoing{store}, "a", "1")
	put(t, store, "b", "2")
	assert.NotEmpty(t, storage.Numbers())
	got, err := contents(storage.Clone())
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"a": "1", "b": "2"}, got, "with everything before it")
}

func TestAcknowledgedUpdatesAreDoneAgainOnWhatAnotherTabHasCommitted(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	var injector fault.Injector
	storage := memdevice.New()
	other := open(t, storage, logkv.Options{})
	device := storage.Open(injector.Do)
	store, err := logkv.Open(ctx, device, memoryFirst)
	require.NoError(t, err)
	device.Watch(func() {})
	large := strings.Repeat("large", 200)
	injector.At(1, fault.Delay, nil)
	put(t, redoing{store}, "a", large, "n", "0")
	<-injector.Held() // between this store's decision to append and the append
	put(t, other, "theirs", large, "n", "1")
	put(t, redoing{store}, "b", large)
	require.Equal(t, large, get(t, store, "a"))
	require.Equal(t, "absent", get(t, store, "theirs"))
	injector.Release()
	require.NoError(t, store.Flush(ctx))
	want := map[string]string{"a": large, "b": large, "theirs": large, "n": "0"}
	for key, value := range want {
		assert.Equal(t, value, get(t, store, key))
	}
	put(t, other, "more", "1")
	put(t, redoing{store}, "c", large)
	require.NoError(t, store.Refresh(ctx))
	assert.Equal(t, "1", get(t, store, "more"), "Refresh shows what others have committed beside what is acknowledged")
	assert.Equal(t, large, get(t, store, "c"))
	require.NoError(t, store.Close())
	want["more"], want["c"] = "1", large
	got, err := contents(storage)
	require.NoError(t, err)
	assert.Equal(t, want, got)
}

func TestWhatCannotBeLoggedIsKeptAndReported(t *testing.T) {
	kvtest.CheckGoroutines(t)
	ctx := context.Background()
	full := true
	var mutex sync.Mutex
	setFull := func(is bool) { mutex.Lock(); full = is; mutex.Unlock() }
	storage := memdevice.New()
	intercept := func(_ context.Context, operation func() error) error {
		mutex.Lock()
		defer mutex.Unlock()
		if full {
			return core.ErrStorageFull
		}
		return operation()
	}
	setFull(false)
	store, err := logkv.Open(ctx, storage.Open(intercept), memoryFirst)
	require.NoError(t, err)
	setFull(true)
	put(t, redoing{store}, "a", "1")
	require.ErrorIs(t, store.Flush(ctx), core.ErrStorageFull)
	err = redoing{store}.Update(ctx, func(tx kv.Tx) error { tx.Put([]byte("b"), []byte("2")); return nil })
	require.ErrorIs(t, err, core.ErrStorageFull, "later writers hear of it")
	assert.Equal(t, "1", get(t, store, "a"), "reading goes on")
	assert.Equal(t, "absent", get(t, store, "b"))
	require.NoError(t, kv.ViewSettled(ctx, store, func(s kv.Snapshot) error {
		_, found, err := s.Get(ctx, []byte("a"))
		assert.False(t, found)
		return err
	}))
	setFull(false)
	changed := store.Changed()
	<-changed // without anybody asking, it is tried again
	require.NoError(t, store.Flush(ctx))
	put(t, redoing{store}, "c", "3")
	require.NoError(t, store.Flush(ctx))
	got, err := contents(storage.Clone())
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"a": "1", "c": "3"}, got)

	setFull(true)
	put(t, redoing{store}, "lost", "4")
	err = store.Close()
	require.ErrorIs(t, err, core.ErrStorageFull)
	assert.Contains(t, err.Error(), "acknowledged")
}

// Whatever fails: the store itself goes on with all that it has acknowledged, and a crash leaves a beginning of it, in whole updates.
func TestFaultAtEveryOperationMemoryFirst(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	options := small
	options.Durability = logkv.MemoryFirst
	write := func(store *logkv.Store) (acknowledged int) {
		for i := range 30 {
			err := redoing{store}.Update(ctx, func(tx kv.Tx) error {
				for part := range 3 {
					tx.Put(fmt.Appendf(nil, "%02d/%d", i, part), []byte(strings.Repeat(fmt.Sprint(i%10), 400)))
				}
				return nil
			})
			if err != nil {
				return acknowledged
			}
			acknowledged++
			if i%5 == 4 {
				_ = store.Flush(ctx)
			}
			if i%13 == 12 {
				_ = store.Compact(ctx)
			}
		}
		return acknowledged
	}
	count := func(store *logkv.Store) (updates int) {
		require.NoError(t, store.View(ctx, func(s kv.Snapshot) error {
			entries := 0
			for entry, err := range s.Scan(ctx, kv.Range{}) {
				require.NoError(t, err)
				require.Equal(t, fmt.Sprintf("%02d/%d", entries/3, entries%3), string(entry.Key), "updates are there in their order, without gaps")
				require.Equal(t, strings.Repeat(fmt.Sprint(entries/3%10), 400), string(entry.Value))
				entries++
			}
			require.Zero(t, entries%3, "a part of an update")
			updates = entries / 3
			return nil
		}))
		return updates
	}
	for name, kind := range map[string]fault.Kind{"fail": fault.Fail, "lose": fault.Lose, "cut": fault.Cut, "cut after": fault.CutAfter} {
		for n := 2; n <= 40; n++ {
			about := fmt.Sprintf("%s at operation %d", name, n)
			storage := memdevice.New()
			var injector fault.Injector
			injector.At(n, kind, core.ErrStorageFull)
			store, err := logkv.Open(ctx, storage.Open(injector.Do), options)
			if err != nil {
				continue
			}
			acknowledged := write(store)
			if kind == fault.Fail || kind == fault.Lose {
				injector.Heal() // reading is not what is to fail
				require.Equal(t, acknowledged, count(store), about)
				require.NoError(t, store.Flush(ctx), about)
				require.NoError(t, store.Close(), about)
			} else {
				storage.Crash()
				_ = store.Close()
			}
			reopened, err := logkv.Open(ctx, storage.Open(nil), options)
			require.NoError(t, err, about)
			left := count(reopened)
			require.LessOrEqual(t, left, 30)
			if kind == fault.Fail || kind == fault.Lose {
				require.Equal(t, acknowledged, left, about)
			}
			require.NoError(t, reopened.Close())
		}
	}
}
