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

// script makes commits of several records, compacts, and returns which commits were acknowledged.
func script(store *logkv.Store) (acknowledged map[int]bool) {
	ctx := context.Background()
	acknowledged = map[int]bool{}
	for i := range 12 {
		err := store.Update(ctx, func(tx kv.Tx) error {
			for part := range 4 {
				tx.Put(fmt.Appendf(nil, "%02d/%d", i, part), []byte(strings.Repeat(fmt.Sprint(i), 700)))
			}
			tx.Put([]byte("last"), fmt.Append(nil, i))
			if i > 0 {
				tx.Delete(fmt.Appendf(nil, "%02d/3", i-1))
			}
			return nil
		})
		acknowledged[i] = err == nil
		if i%4 == 3 {
			_ = store.Compact(ctx) // may fail, but must do no harm
		}
	}
	return acknowledged
}

// checkScript checks that each commit of the script is there wholly or not at all, and there if it was acknowledged.
func checkScript(t *testing.T, store *logkv.Store, acknowledged map[int]bool, about string) {
	t.Helper()
	present := map[int]int{}
	require.NoError(t, store.View(context.Background(), func(s kv.Snapshot) error {
		for entry, err := range s.Scan(context.Background(), kv.Range{To: []byte("last")}) {
			require.NoError(t, err, about)
			var i, part int
			_, err = fmt.Sscanf(string(entry.Key), "%02d/%d", &i, &part)
			require.NoError(t, err)
			require.Equal(t, strings.Repeat(fmt.Sprint(i), 700), string(entry.Value), about)
			present[i]++
		}
		return nil
	}))
	last := -1
	for i := range 12 {
		if present[i] == 0 {
			require.False(t, acknowledged[i], "%s: acknowledged commit %d is lost", about, i)
			continue
		}
		last = i
		want := 4
		if present[i+1] > 0 {
			want = 3 // the next commit deletes one
		}
		require.Equal(t, want, present[i], "%s: commit %d is there in part", about, i)
	}
	if last >= 0 {
		require.Equal(t, fmt.Sprint(last), get(t, store, "last"), about)
	}
}

func TestFaultAtEveryOperation(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	var counter fault.Injector
	store, err := logkv.Open(ctx, memdevice.New().Open(counter.Do), small)
	require.NoError(t, err)
	script(store)
	require.NoError(t, store.Close())
	operations := counter.Count()
	require.Greater(t, operations, 25)

	kinds := map[string]fault.Kind{"fail": fault.Fail, "lose": fault.Lose, "cut": fault.Cut, "cut after": fault.CutAfter}
	for name, kind := range kinds {
		for n := 1; n <= operations; n++ {
			about := fmt.Sprintf("%s at operation %d", name, n)
			storage := memdevice.New()
			var injector fault.Injector
			injector.At(n, kind, core.ErrStorageFull)
			store, err := logkv.Open(ctx, storage.Open(injector.Do), small)
			acknowledged := map[int]bool{}
			if err == nil {
				acknowledged = script(store)
				if kind == fault.Fail || kind == fault.Lose {
					checkScript(t, store, acknowledged, about) // the store itself goes on
				}
				_ = store.Close() // its snapshot may be what fails
			} else {
				require.ErrorIs(t, err, core.ErrStorageFull, about)
			}
			storage.Crash()
			reopened, err := logkv.Open(ctx, storage.Open(nil), small)
			require.NoError(t, err, about)
			checkScript(t, reopened, acknowledged, about)
			require.NoError(t, reopened.Close())
		}
	}
}

func TestAFailedCommitLeavesTheStoreUsable(t *testing.T) {
	t.Parallel()
	var injector fault.Injector
	store, err := logkv.Open(context.Background(), memdevice.New().Open(injector.Do), logkv.Options{})
	require.NoError(t, err)
	put(t, store, "a", "1")
	changed := store.Changed()
	injector.At(1, fault.Fail, core.ErrStorageFull)
	err = store.Update(context.Background(), func(tx kv.Tx) error {
		tx.Put([]byte("a"), []byte("2"))
		return nil
	})
	require.ErrorIs(t, err, core.ErrStorageFull)
	assert.Equal(t, "1", get(t, store, "a"))
	select {
	case <-changed:
		assert.Fail(t, "nothing has changed")
	default:
	}
	put(t, store, "b", "2")
	assert.Equal(t, "2", get(t, store, "b"))
	require.NoError(t, store.Close())
}

// A device that loses its connection tries again by itself and is told that the head has moved: by its own first try.
func TestACommitIsRecognisedAndNotMadeTwice(t *testing.T) {
	t.Parallel()
	var injector fault.Injector
	storage := memdevice.New()
	store, err := logkv.Open(context.Background(), storage.Open(injector.Do), logkv.Options{})
	require.NoError(t, err)
	injector.At(1, fault.Lose, logkv.ErrHeadMoved)
	runs := 0
	require.NoError(t, store.Update(context.Background(), func(tx kv.Tx) error {
		runs++
		tx.Put([]byte("a"), fmt.Append(nil, runs))
		return nil
	}))
	assert.Equal(t, 1, runs)
	assert.Equal(t, "1", get(t, store, "a"))
	assert.Equal(t, []uint64{1}, storage.Numbers())
	require.NoError(t, store.Close())
}

// Updates that come while the device is at work are one commit, however durable that is to be. With MemoryFirst there are two kinds of them: those that can be done again
// are acknowledged meanwhile, the others wait as they do in the other modes.
func TestUpdatesGatherWhileACommitIsUnderWay(t *testing.T) {
	for _, c := range []struct {
		name         string
		durability   logkv.Durability
		acknowledged bool // while the device is at work
		survives     bool // a crash of the system
	}{
		{"strict", logkv.Strict, false, true},
		{"relaxed", logkv.Relaxed, false, false},
		{"memory first, waiting for the log", logkv.MemoryFirst, false, false},
		{"memory first, ahead of the log", logkv.MemoryFirst, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			kvtest.CheckGoroutines(t)
			var injector fault.Injector
			storage := memdevice.New()
			opened, err := logkv.Open(context.Background(), storage.Open(injector.Do), logkv.Options{Durability: c.durability})
			require.NoError(t, err)
			store := kv.Store(opened)
			if c.acknowledged {
				store = redoing{opened}
			}
			injector.At(1, fault.Delay, nil)
			var group sync.WaitGroup
			group.Go(func() { put(t, store, "first", "1") })
			<-injector.Held()
			const n = 50
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			kept := map[string]string{"first": "1"}
			for i := range n {
				key, fails := fmt.Sprint("key", i), i%10 == 9 && !c.acknowledged // one that fails may have to know what is in the log
				if !fails {
					kept[key] = "x"
				}
				waiting := &signalling{Context: ctx, asked: make(chan struct{})}
				group.Go(func() {
					err := store.Update(waiting, func(tx kv.Tx) error {
						tx.Put([]byte(key), []byte("x"))
						if fails {
							return assert.AnError
						}
						return nil
					})
					if fails {
						assert.ErrorIs(t, err, assert.AnError)
					} else {
						assert.NoError(t, err)
					}
				})
				if !c.acknowledged {
					<-waiting.asked
				}
			}
			if c.acknowledged {
				group.Wait()
			}
			assert.Empty(t, storage.Numbers(), "the device is at work still")
			injector.Release()
			group.Wait()
			require.NoError(t, kv.Drain(context.Background(), opened))
			assert.Equal(t, []uint64{1, 2}, storage.Numbers(), "one commit for all")
			crashed, afterwards := storage.Clone(), map[string]string{}
			crashed.Crash()
			if c.survives {
				afterwards = kept
			}
			found, err := contents(crashed)
			require.NoError(t, err)
			assert.Equal(t, afterwards, found)
			require.NoError(t, opened.Close())
			found, err = contents(storage)
			require.NoError(t, err)
			assert.Equal(t, kept, found)
		})
	}
}

// signalling is a context that tells when somebody begins to wait for it.
type signalling struct {
	context.Context
	asked chan struct{}
	once  sync.Once
}

func (c *signalling) Done() <-chan struct{} {
	c.once.Do(func() { close(c.asked) })
	return c.Context.Done()
}

func TestADeviceThatDoesNotAnswer(t *testing.T) {
	kvtest.CheckGoroutines(t)
	var injector fault.Injector
	store, err := logkv.Open(context.Background(), memdevice.New().Open(injector.Do), logkv.Options{})
	require.NoError(t, err)
	store.SetGrace(20 * time.Millisecond)
	injector.At(1, fault.Delay, nil)
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error, 1)
	go func() {
		result <- store.Update(ctx, func(tx kv.Tx) error {
			tx.Put([]byte("a"), []byte("1"))
			return nil
		})
	}()
	<-injector.Held()
	cancel()
	err = <-result
	require.ErrorIs(t, err, core.ErrStorage)
	require.ErrorIs(t, err, context.Canceled)
	assert.Contains(t, err.Error(), "not known")
	require.NoError(t, store.Close(), "closing does not wait for ever either")
}

func TestADeviceClosedUnderTheStore(t *testing.T) {
	kvtest.CheckGoroutines(t)
	storage := memdevice.New()
	store := open(t, storage, logkv.Options{})
	put(t, store, "a", "1")
	changed := store.Changed()
	require.NoError(t, open(t, storage, logkv.Options{}).Destroy(context.Background()))
	<-changed
	assert.ErrorIs(t, store.View(context.Background(), func(kv.Snapshot) error { return nil }), core.ErrClosed)
	assert.ErrorIs(t, store.Update(context.Background(), func(kv.Tx) error { return nil }), core.ErrClosed)
}
