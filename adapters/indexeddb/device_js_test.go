//go:build js && wasm

package indexeddb

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/core/kv/logkv/devicetest"
	"github.com/gouchdb/gouchdb/internal/safejs"
)

var counter atomic.Int64

// freshName returns a name that no other test, and no earlier run in the same browser, has used.
func freshName() string {
	return fmt.Sprintf("test-%d-%d", time.Now().UnixNano(), counter.Add(1))
}

func openDevice(t *testing.T, name string) *Device {
	t.Helper()
	device, err := OpenDevice(context.Background(), name)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, device.Close()) })
	return device
}

func TestDeviceConformance(t *testing.T) {
	names := map[logkv.Device]string{}
	open := func(t *testing.T, name string) logkv.Device {
		device := openDevice(t, name)
		names[device] = name
		return device
	}
	devicetest.Run(t, devicetest.Harness{
		New: func(t *testing.T) logkv.Device { return open(t, freshName()) },
		Reopen: func(t *testing.T, device logkv.Device) logkv.Device {
			require.NoError(t, device.Close())
			return open(t, names[device])
		},
		Another: func(t *testing.T, device logkv.Device) logkv.Device { return open(t, names[device]) },
	})
}

func TestAConnectionThatTheBrowserClosedIsOpenedAgain(t *testing.T) {
	device := openDevice(t, freshName())
	ctx := context.Background()
	require.NoError(t, device.Append(ctx, 1, [][]byte{[]byte("one")}, logkv.Relaxed))
	first := device.conn
	first.close() // what the browser does; it may not even say so
	require.NoError(t, device.Append(ctx, 2, [][]byte{[]byte("two")}, logkv.Relaxed))
	assert.NotSame(t, first, device.conn)
	records, err := device.Read(ctx, []uint64{1, 2, 3})
	require.NoError(t, err)
	assert.Equal(t, [][]byte{[]byte("one"), []byte("two"), nil}, records)

	device.lost(false) // and when it says so
	records, err = device.Read(ctx, []uint64{2})
	require.NoError(t, err)
	assert.Equal(t, [][]byte{[]byte("two")}, records)
}

func TestRemovedStorageIsNotAnEmptyDatabase(t *testing.T) {
	name := freshName()
	ctx := context.Background()
	device := openDevice(t, name)
	require.NoError(t, device.Append(ctx, 1, [][]byte{[]byte("one")}, logkv.Relaxed))
	// The site's data is cleared: the connection breaks, and another storage comes up under the name.
	device.lost(false)
	require.NoError(t, deleteDatabase(ctx, namePrefix+name))
	_, err := device.ReadFrom(ctx, 1, 1)
	require.ErrorIs(t, err, core.ErrClosed)
	require.ErrorIs(t, device.Append(ctx, 1, [][]byte{[]byte("one")}, logkv.Relaxed), core.ErrClosed)
}

// Looking whether the storage is still there must not leave an empty one in its place.
func TestRemovedStorageIsNotMadeAnew(t *testing.T) {
	name := freshName()
	ctx := context.Background()
	device := openDevice(t, name)
	device.lost(false)
	require.NoError(t, deleteDatabase(ctx, namePrefix+name))
	_, err := device.ReadFrom(ctx, 1, 1)
	require.ErrorIs(t, err, core.ErrClosed)
	_, err = connect(ctx, namePrefix+name, false, func(bool) {})
	require.ErrorIs(t, err, core.ErrClosed, "it is not there")
}

// abortTransactions makes the browser abort the next transactions as it does when it is about to close a connection, and returns how often it has done so.
func abortTransactions(t *testing.T, times int) *int {
	t.Helper()
	var c calls
	prototype := c.get(c.get(safejs.Global(), "IDBObjectStore"), "prototype")
	original := c.get(prototype, "add")
	aborted := 0
	handler, err := safejs.FuncOf(func(store safejs.Value, arguments []safejs.Value) any {
		var c calls
		request := c.call(original, "call", store, arguments[0], arguments[1])
		if aborted < times {
			aborted++
			c.call(c.get(store, "transaction"), "abort")
		}
		return request
	})
	require.NoError(t, err)
	c.set(prototype, "add", handler)
	require.NoError(t, c.err)
	t.Cleanup(func() {
		var c calls
		c.set(prototype, "add", original)
		handler.Release()
	})
	return &aborted
}

func TestATransactionThatTheBrowserAbortedIsTriedAgain(t *testing.T) {
	device := openDevice(t, freshName())
	ctx := context.Background()
	first := device.conn
	aborted := abortTransactions(t, 1)
	require.NoError(t, device.Append(ctx, 1, [][]byte{[]byte("one")}, logkv.Relaxed))
	assert.Equal(t, 1, *aborted)
	assert.NotSame(t, first, device.conn, "on a new connection")
	records, err := device.Read(ctx, []uint64{1})
	require.NoError(t, err)
	assert.Equal(t, [][]byte{[]byte("one")}, records)
}

func TestATransactionThatIsAbortedAgainAndAgainIsAnError(t *testing.T) {
	device := openDevice(t, freshName())
	ctx := context.Background()
	aborted := abortTransactions(t, maxAttempts)
	require.ErrorIs(t, device.Append(ctx, 1, [][]byte{[]byte("one")}, logkv.Relaxed), core.ErrStorage)
	assert.Equal(t, maxAttempts, *aborted)
	require.NoError(t, device.Append(ctx, 1, [][]byte{[]byte("one")}, logkv.Relaxed), "the device stays usable")
}

// Chromium with SQLite below closes connections without ending their transactions.
func TestATransactionThatNeverEndsEndsWithItsConnection(t *testing.T) {
	device := openDevice(t, freshName())
	ctx := context.Background()
	conn := device.conn
	keptAlive := true
	var runs int
	err := device.transact(ctx, "reading", readOnly, []any{recordsStore}, logkv.Relaxed, func(tx *transaction) {
		runs++
		if runs > 1 {
			return
		}
		store := tx.store(recordsStore)
		var again func(safejs.Value)
		again = func(safejs.Value) {
			if keptAlive {
				tx.then(tx.call(store, "count"), again)
			}
		}
		again(safejs.Undefined())
		go func() {
			conn.lose()
			keptAlive = false
		}()
	})
	require.NoError(t, err)
	assert.Equal(t, 2, runs, "again, on a new connection")
	assert.NotSame(t, conn, device.conn)
}

func TestDeletionByAnotherContextIsNoticed(t *testing.T) {
	name := freshName()
	ctx := context.Background()
	device := openDevice(t, name)
	told := make(chan struct{}, 8)
	device.Watch(func() { told <- struct{}{} })
	// It must not be blocked by the open device.
	require.NoError(t, deleteDatabase(ctx, namePrefix+name))
	<-told
	_, err := device.ReadFrom(ctx, 1, 1)
	require.ErrorIs(t, err, core.ErrClosed)
}

func TestANewerDatabaseIsRefused(t *testing.T) {
	name := freshName()
	ctx := context.Background()
	indexedDB, err := factory()
	require.NoError(t, err)
	request, err := indexedDB.Call("open", namePrefix+name, formatVersion+1)
	require.NoError(t, err)
	require.NoError(t, await(ctx, "opening", request, "success", "error", nil, nil, nil))
	var c calls
	c.call(c.get(request, "result"), "close")
	require.NoError(t, c.err)
	_, err = OpenDevice(ctx, name)
	require.ErrorIs(t, err, core.ErrNewerFormat)
}

// A quota cannot be exhausted in a test, but the browser's error can be met.
func TestErrorsHaveNames(t *testing.T) {
	for name, want := range map[string]error{
		"QuotaExceededError": core.ErrStorageFull,
		"ConstraintError":    logkv.ErrHeadMoved,
		"VersionError":       core.ErrNewerFormat,
		"UnknownError":       core.ErrStorage,
	} {
		var c calls
		failure := c.construct("DOMException", "it happened", name)
		holder := c.construct("Object")
		c.set(holder, "error", failure)
		require.NoError(t, c.err)
		err := errorOf("writing", exceptionOf(holder))
		require.ErrorIs(t, err, want, name)
	}
}

func TestAbortedTransactionLeavesNothing(t *testing.T) {
	device := openDevice(t, freshName())
	ctx := context.Background()
	full := core.ErrStorageFull
	err := device.transact(ctx, "writing", readWrite, []any{recordsStore}, logkv.Relaxed, func(tx *transaction) {
		tx.then(tx.call(tx.store(recordsStore), "add", tx.bytesToJS([]byte("x")), 1), func(safejs.Value) { tx.abort(full) })
	})
	require.ErrorIs(t, err, full)
	records, err := device.ReadFrom(ctx, 1, 1)
	require.NoError(t, err)
	assert.Empty(t, records)
	require.NoError(t, device.Append(ctx, 1, [][]byte{[]byte("y")}, logkv.Relaxed), "the device stays usable")
}

func TestAnEndedContextEndsTheCall(t *testing.T) {
	device := openDevice(t, freshName())
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := device.ReadFrom(ctx, 1, 1)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, device.Append(ctx, 1, [][]byte{[]byte("x")}, logkv.Relaxed), context.Canceled)
}
