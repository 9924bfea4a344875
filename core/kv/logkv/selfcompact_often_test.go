//go:build !js

package logkv_test // not in WebAssembly: the library of the page's engine has no bubbles of goroutines

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/core/kv/logkv/memdevice"
)

// compactions counts how often it is asked to remove records.
type compactions struct {
	logkv.Device
	count atomic.Int64
}

func (c *compactions) Remove(ctx context.Context, ranges []logkv.NumberRange) error {
	c.count.Add(1)
	return c.Device.Remove(ctx, ranges)
}

// A view that is open keeps what it began with, so that compacting does not get the log as small as it should be: it is tried when the log has grown by a quarter, not all the time.
func TestAStoreDoesNotCompactInVain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		device := &compactions{Device: memdevice.New().Open(nil)}
		store, err := logkv.Open(ctx, device, logkv.Options{RecordBytes: 4000, SnapshotBytes: 2000, CompactionRatio: 1.2})
		require.NoError(t, err)
		random := rand.New(rand.NewPCG(3, 4))
		views := 0
		var view func() error
		view = func() error { // of each state, so that nothing can go
			return store.View(ctx, func(kv.Snapshot) error {
				if views++; views == 300 {
					return nil
				}
				overwrite(t, store, random, 1)
				time.Sleep(time.Minute) // of the bubble's time: until it has compacted, if it does
				return view()
			})
		}
		require.NoError(t, view())
		require.NoError(t, store.Close())
		assert.Positive(t, device.count.Load())
		assert.Less(t, device.count.Load(), int64(40))
	})
}
