//go:build !js

package logkv_test // not in WebAssembly: the library of the page's engine has no bubbles of goroutines

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/core/kv/logkv/memdevice"
)

// After many failures the next try is half a minute away. What is acknowledged once there is room again must not wait for it.
func TestAnUpdateDoesNotWaitForTheRetryOfAnEarlierOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		var full atomic.Bool
		storage := memdevice.New()
		store, err := logkv.Open(ctx, storage.Open(func(_ context.Context, operation func() error) error {
			if full.Load() {
				return core.ErrStorageFull
			}
			return operation()
		}), memoryFirst)
		require.NoError(t, err)
		defer func() { require.NoError(t, store.Close()) }()

		full.Store(true)
		put(t, redoing{store}, "a", "1")
		time.Sleep(5 * time.Minute)
		full.Store(false)
		put(t, redoing{store}, "b", "1") // somebody who writes tries again at once
		put(t, redoing{store}, "c", "1")
		time.Sleep(100 * time.Millisecond)
		got, err := contents(storage.Clone())
		require.NoError(t, err)
		assert.Equal(t, map[string]string{"a": "1", "b": "1", "c": "1"}, got)
	})
}
