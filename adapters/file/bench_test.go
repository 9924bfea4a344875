package file

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
)

func BenchmarkCommit(b *testing.B) {
	body := make([]byte, 600)
	for name, durability := range map[string]logkv.Durability{"strict": logkv.Strict, "relaxed": logkv.Relaxed} {
		for _, docs := range []int{1, 100, 1000} {
			b.Run(fmt.Sprint(name, " ", docs, " docs"), func(b *testing.B) {
				store, err := OpenStore(context.Background(), filepath.Join(b.TempDir(), "bench"), logkv.Options{Durability: durability})
				require.NoError(b, err)
				next := 0
				for b.Loop() {
					require.NoError(b, store.Update(context.Background(), func(tx kv.Tx) error {
						for range docs {
							next++
							tx.Put(fmt.Append(nil, "b", next%50_000), body)
							tx.Put(fmt.Append(nil, "d", next%50_000), body[:40])
							tx.Put(fmt.Append(nil, "s", next%50_000), body[:20])
						}
						return nil
					}))
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*docs), "ns/doc")
				require.NoError(b, store.Close())
			})
		}
	}
}
