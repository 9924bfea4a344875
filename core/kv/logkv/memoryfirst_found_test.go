package logkv_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core/internal/fault"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/core/kv/logkv/memdevice"
)

// The answer to an append got lost, and another tab has gone on from there: then the updates are in the log, and what came after them stays.
func TestWhatIsFoundInTheLogIsNotDoneAgain(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, catchUp := range map[string]func(*logkv.Store) error{
		"by who appends again": func(store *logkv.Store) error { return store.Flush(ctx) },
		"by who looks":         func(store *logkv.Store) error { return store.Refresh(ctx) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var injector fault.Injector
			storage := memdevice.New()
			device := storage.Open(injector.Do)
			store, err := logkv.Open(ctx, device, memoryFirst)
			require.NoError(t, err)
			device.Watch(func() {})
			defer func() { require.NoError(t, store.Close()) }()
			injector.At(1, fault.Lose, nil)
			put(t, redoing{store}, "a", "1", "b", "1")
			require.Error(t, store.Flush(ctx))
			other := open(t, storage, logkv.Options{})
			put(t, other, "a", get(t, other, "a")+", then 2")
			require.NoError(t, catchUp(store))
			require.NoError(t, store.Flush(ctx))
			want := map[string]string{"a": "1, then 2", "b": "1"}
			for key, value := range want {
				assert.Equal(t, value, get(t, store, key))
			}
			put(t, redoing{store}, "c", "1")
			require.NoError(t, store.Flush(ctx))
			want["c"] = "1"
			got, err := contents(storage.Clone())
			require.NoError(t, err)
			assert.Equal(t, want, got)
		})
	}
}

// What waits for the log and what does not come at the same time; neither may make the other one fail.
func TestUpdatesThatWaitForTheLogAndUpdatesThatDoNot(t *testing.T) {
	t.Parallel()
	store := open(t, memdevice.New(), memoryFirst)
	var group sync.WaitGroup
	for writer := range 4 {
		group.Go(func() {
			for i := range 1000 {
				var to kv.Store = store
				if (writer+i)%2 == 0 {
					to = redoing{store}
				}
				key := fmt.Appendf(nil, "%d/%d", writer, i%10)
				if !assert.NoError(t, to.Update(context.Background(), func(tx kv.Tx) error { tx.Put(key, key); return nil })) {
					return
				}
			}
		})
	}
	group.Wait()
}
