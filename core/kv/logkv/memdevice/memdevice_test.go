package memdevice_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/core/kv/logkv/devicetest"
	"github.com/gouchdb/gouchdb/core/kv/logkv/memdevice"
)

func TestConformance(t *testing.T) {
	storages := map[logkv.Device]*memdevice.Storage{}
	open := func(storage *memdevice.Storage) logkv.Device {
		device := storage.Open(nil)
		storages[device] = storage
		return device
	}
	devicetest.Run(t, devicetest.Harness{
		New: func(*testing.T) logkv.Device { return open(memdevice.New()) },
		Reopen: func(t *testing.T, device logkv.Device) logkv.Device {
			require.NoError(t, device.Close())
			return open(storages[device])
		},
		Another: func(_ *testing.T, device logkv.Device) logkv.Device { return open(storages[device]) },
	})
}

func TestACrashLosesWhatWasNotDurable(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	storage := memdevice.New()
	device := storage.Open(nil)
	require.NoError(t, device.Append(ctx, 1, [][]byte{[]byte("a")}, logkv.Relaxed))
	require.NoError(t, device.Append(ctx, 2, [][]byte{[]byte("b")}, logkv.Strict))
	require.NoError(t, device.Append(ctx, 3, [][]byte{[]byte("c")}, logkv.Relaxed))
	storage.Crash()
	assert.ErrorIs(t, device.Append(ctx, 4, nil, logkv.Relaxed), core.ErrClosed)
	assert.Equal(t, []uint64{1, 2}, storage.Numbers())
}
