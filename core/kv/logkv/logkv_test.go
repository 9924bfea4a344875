package logkv_test

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/kv/kvtest"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/core/kv/logkv/memdevice"
)

// small makes everything happen early: records of a few values, snapshots after a few commits, hardly any cache. It compacts when it is told to.
var small = logkv.Options{RecordBytes: 1500, CacheBytes: 4000, SnapshotBytes: 20_000, InlineBytes: 100, CompactionRatio: -1}

// busy is small, and compacts all the time.
var busy = logkv.Options{RecordBytes: 1500, CacheBytes: 4000, SnapshotBytes: 3000, InlineBytes: 100, CompactionRatio: 1.2}

func open(t *testing.T, storage *memdevice.Storage, options logkv.Options) *logkv.Store {
	t.Helper()
	store, err := logkv.Open(context.Background(), storage.Open(nil), options)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}

func TestConformance(t *testing.T) {
	for name, options := range map[string]logkv.Options{"defaults": {}, "small": small, "busy": busy, "relaxed": {Durability: logkv.Relaxed}} {
		t.Run(name, func(t *testing.T) {
			var mutex sync.Mutex
			storages := map[kv.Store]*memdevice.Storage{}
			openOn := func(t *testing.T, storage *memdevice.Storage) kv.Store {
				store, err := logkv.Open(context.Background(), storage.Open(nil), options)
				require.NoError(t, err)
				mutex.Lock()
				defer mutex.Unlock()
				storages[store] = storage
				return store
			}
			kvtest.Run(t, kvtest.Harness{
				New: func(t *testing.T) kv.Store { return openOn(t, memdevice.New()) },
				Reopen: func(t *testing.T, store kv.Store) kv.Store {
					require.NoError(t, store.Close())
					return openOn(t, storages[store])
				},
				Another: func(t *testing.T, store kv.Store) kv.Store { return openOn(t, storages[store]) },
			})
		})
	}
}
