package logkv_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/core/kv/logkv/memdevice"
)

var benchBody = []byte(strings.Repeat("0123456789", 60))

// putDocs writes what documents are made of: a body, an entry with a revision tree, and one in the order of the sequences.
func putDocs(b *testing.B, store kv.Store, begin, n int) {
	b.Helper()
	require.NoError(b, store.Update(context.Background(), func(tx kv.Tx) error {
		for i := begin; i < begin+n; i++ {
			id := fmt.Sprintf("doc%08d-4a1c-9f2e", i)
			tx.Put([]byte("b"+fmt.Sprintf("%08d", i)), benchBody)
			tx.Put([]byte("d"+id), benchBody[:40])
			tx.Put([]byte("s"+fmt.Sprintf("%08d", i)), []byte(id))
		}
		return nil
	}))
}

func filled(b *testing.B, docs int, options logkv.Options) (*memdevice.Storage, *logkv.Store) {
	b.Helper()
	storage := memdevice.New()
	store, err := logkv.Open(context.Background(), storage.Open(nil), options)
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, store.Close()) })
	for begin := 0; begin < docs; begin += 1000 {
		putDocs(b, store, begin, min(1000, docs-begin))
	}
	return storage, store
}

func BenchmarkCommit(b *testing.B) {
	for _, docs := range []int{1, 100, 1000} {
		b.Run(fmt.Sprint(docs, " docs"), func(b *testing.B) {
			_, store := filled(b, 1000, logkv.Options{})
			next := 1000
			for b.Loop() {
				putDocs(b, store, next%50_000, docs)
				next += docs
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*docs), "ns/doc")
		})
	}
}

func BenchmarkRead(b *testing.B) {
	const docs = 10_000
	ctx := context.Background()
	for name, cacheBytes := range map[string]int{"cached": 32 << 20, "from the device": 1} {
		_, store := filled(b, docs, logkv.Options{CacheBytes: cacheBytes})
		key := func() []byte { return fmt.Appendf(nil, "b%08d", rand.IntN(docs)) }
		b.Run("get "+name, func(b *testing.B) {
			for b.Loop() {
				require.NoError(b, store.View(ctx, func(s kv.Snapshot) error {
					_, _, err := s.Get(ctx, key())
					return err
				}))
			}
		})
		b.Run("get 100 "+name, func(b *testing.B) {
			for b.Loop() {
				keys := make([][]byte, 100)
				for i := range keys {
					keys[i] = key()
				}
				require.NoError(b, store.View(ctx, func(s kv.Snapshot) error {
					_, err := s.GetMany(ctx, keys)
					return err
				}))
			}
		})
		b.Run("scan "+name, func(b *testing.B) {
			for b.Loop() {
				require.NoError(b, store.View(ctx, func(s kv.Snapshot) error {
					for _, err := range s.Scan(ctx, kv.PrefixRange([]byte("b"))) {
						if err != nil {
							return err
						}
					}
					return nil
				}))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*docs), "ns/entry")
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	const docs = 33_334 // 100,000 entries
	for name, snapshotBytes := range map[string]int{"from a snapshot": 1, "replaying the log": 1 << 30} {
		b.Run(name, func(b *testing.B) {
			storage, store := filled(b, docs, logkv.Options{SnapshotBytes: snapshotBytes})
			require.NoError(b, store.Close())
			for b.Loop() {
				store, err := logkv.Open(context.Background(), storage.Open(nil), logkv.Options{SnapshotBytes: 1 << 30})
				require.NoError(b, err)
				require.NoError(b, store.Close())
			}
		})
	}
}

func BenchmarkMemoryPerEntry(b *testing.B) {
	const docs = 33_334
	storage, store := filled(b, docs, logkv.Options{})
	require.NoError(b, store.Close())
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	store, err := logkv.Open(context.Background(), storage.Open(nil), logkv.Options{CacheBytes: 1})
	require.NoError(b, err)
	for b.Loop() { // there is nothing to time
	}
	b.ReportMetric(float64(heap()-before)/(3*docs), "B/entry")
	runtime.KeepAlive(store)
	require.NoError(b, store.Close())
}
