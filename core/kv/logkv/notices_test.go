//go:build !js

package logkv_test // not in WebAssembly: the library of the page's engine has no bubbles of goroutines

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/core/kv/logkv/memdevice"
)

// lookings counts how often it is asked what others have appended, and is told of that by hand.
type lookings struct {
	logkv.Device
	count  atomic.Int64
	notify func()
}

func (l *lookings) ReadFrom(ctx context.Context, from uint64, maxBytes int) ([]logkv.Record, error) {
	l.count.Add(1)
	return l.Device.ReadFrom(ctx, from, maxBytes)
}

func (l *lookings) Watch(notify func()) { l.notify = notify }

// An update may take long, and others may append all the time meanwhile.
func TestManyNoticesCostOneLook(t *testing.T) {
	t.Parallel()
	for name, durability := range map[string]logkv.Durability{"strict": logkv.Strict, "relaxed": logkv.Relaxed, "memory-first": logkv.MemoryFirst} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx := context.Background()
				storage := memdevice.New()
				other := open(t, storage, logkv.Options{})
				device := &lookings{Device: storage.Open(nil)}
				store, err := logkv.Open(ctx, device, logkv.Options{Durability: durability})
				require.NoError(t, err)
				defer func() { require.NoError(t, store.Close()) }()

				release, updated := make(chan struct{}), make(chan error, 1)
				go func() {
					updated <- redoing{store}.Update(ctx, func(tx kv.Tx) error {
						<-release // holding the log
						tx.Put([]byte("mine"), []byte("1"))
						return nil
					})
				}()
				synctest.Wait()
				before := device.count.Load()
				for range 100 {
					put(t, other, "theirs", "1")
					device.notify()
					synctest.Wait()
				}
				assert.LessOrEqual(t, device.count.Load()-before, int64(1), "while the log is held")
				close(release)
				require.NoError(t, <-updated)
				synctest.Wait()
				assert.LessOrEqual(t, device.count.Load()-before, int64(6), "with what the update itself takes, which was not the first")
				assert.Equal(t, "1", get(t, store, "theirs"))

				put(t, other, "theirs", "2")
				device.notify()
				synctest.Wait()
				assert.Equal(t, "2", get(t, store, "theirs"), "the next notice counts again")
			})
		})
	}
}
