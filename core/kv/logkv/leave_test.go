package logkv_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core/internal/fault"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/kv/kvtest"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/core/kv/logkv/memdevice"
)

// leavingDevice carries out what follows as a browser does: after the Append that was under way, if that succeeds.
type leavingDevice struct {
	logkv.Device

	mutex    sync.Mutex
	hurried  int
	first    uint64
	records  [][]byte
	followed chan uint64 // the number of the first record that is to follow; 0 for a Hurry
	notify   func()
}

func (d *leavingDevice) Watch(notify func()) {
	d.notify = notify
	d.Device.Watch(notify)
}

func (d *leavingDevice) Hurry() (calm func()) {
	d.mutex.Lock()
	d.hurried++
	d.mutex.Unlock()
	d.followed <- 0
	return func() {
		d.mutex.Lock()
		d.hurried--
		d.mutex.Unlock()
	}
}

func (d *leavingDevice) Follow(first uint64, records [][]byte) {
	d.mutex.Lock()
	d.first, d.records = first, records
	d.mutex.Unlock()
	d.followed <- first
}

func (d *leavingDevice) Append(ctx context.Context, first uint64, records [][]byte, durability logkv.Durability) error {
	err := d.Device.Append(ctx, first, records, durability)
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if err == nil && d.records != nil {
		err = d.Device.Append(ctx, d.first, d.records, durability)
		d.records = nil
	}
	return err
}

func openLeaving(t *testing.T, storage *memdevice.Storage) (*leavingDevice, *logkv.Store, *fault.Injector) {
	t.Helper()
	kvtest.CheckGoroutines(t)
	injector := &fault.Injector{}
	device := &leavingDevice{Device: storage.Open(injector.Do), followed: make(chan uint64, 2)}
	store, err := logkv.Open(context.Background(), device, memoryFirst)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, store.Close()) })
	return device, store, injector
}

func TestLeavingHandsOverEverythingBeforeItWaits(t *testing.T) {
	ctx := context.Background()
	storage := memdevice.New()
	device, store, injector := openLeaving(t, storage)
	injector.At(1, fault.Delay, nil)
	put(t, redoing{store}, "a", "1")
	<-injector.Held()
	put(t, redoing{store}, "b", "1", "a", "2")
	left := make(chan error, 1)
	go func() { left <- store.Leave(ctx) }()
	assert.EqualValues(t, 2, <-device.followed, "what was acknowledged since the flight began")
	assert.Zero(t, <-device.followed, "then nothing waits for an answer any more")
	assert.False(t, store.Prompt(), "what comes now is acknowledged when it is in the log")
	assert.Empty(t, storage.Numbers())
	injector.Release()
	require.NoError(t, <-left)
	assert.Zero(t, device.hurried)
	before := len(storage.Numbers())
	assert.Equal(t, 2, before, "this context has gone on, and has recognised what it finds in the log")
	got, err := contents(storage.Clone())
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"a": "2", "b": "1"}, got)

	put(t, redoing{store}, "c", "1")
	assert.Len(t, storage.Numbers(), before+1, "acknowledged when it is in the log")
	require.NoError(t, store.Stay(ctx))
	injector.At(1, fault.Delay, nil)
	put(t, redoing{store}, "d", "1")
	assert.Len(t, storage.Numbers(), before+1, "acknowledged first again")
	<-injector.Held()
	injector.Release()
	require.NoError(t, store.Flush(ctx))
	got, err = contents(storage.Clone())
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"a": "2", "b": "1", "c": "1", "d": "1"}, got)
}

func TestNothingFollowsWhereNothingIsUnderWay(t *testing.T) {
	storage := memdevice.New()
	device, store, _ := openLeaving(t, storage)
	put(t, redoing{store}, "a", "1")
	require.NoError(t, store.Leave(context.Background()))
	assert.Zero(t, <-device.followed)
	assert.Equal(t, []uint64{1}, storage.Numbers())
	require.NoError(t, store.Leave(context.Background()))
	assert.Zero(t, <-device.followed)
	assert.Empty(t, device.followed)
}

// Looking whether others have appended takes answers of the device, which somebody who leaves may not get.
func TestLookingAboutDoesNotKeepWhatIsAcknowledgedFromTheLog(t *testing.T) {
	ctx := context.Background()
	storage := memdevice.New()
	device, store, injector := openLeaving(t, storage)
	injector.At(1, fault.Delay, nil)
	device.notify()
	<-injector.Held() // it is looking
	put(t, redoing{store}, "a", "1")
	require.NoError(t, store.Leave(ctx))
	assert.Zero(t, <-device.followed)
	got, err := contents(storage.Clone())
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"a": "1"}, got)
	injector.Release()
}

func TestAnUpdateThatHasBegunBeforeLeavingIsAcknowledgedWhenItIsInTheLog(t *testing.T) {
	ctx := context.Background()
	storage := memdevice.New()
	device, store, _ := openLeaving(t, storage)
	runs := 0
	require.NoError(t, redoing{store}.Update(ctx, func(tx kv.Tx) error {
		if runs++; runs == 1 {
			left := make(chan error)
			go func() { left <- store.Leave(ctx) }()
			require.NoError(t, <-left, "nothing is acknowledged yet")
			<-device.followed
		}
		tx.Put([]byte("a"), []byte("1"))
		return nil
	}))
	got, err := contents(storage.Clone())
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"a": "1"}, got)
}

// misplaced is a device with a record in the log's past, where a page that was left has added it after a compaction.
type misplaced struct {
	logkv.Device
	record logkv.Record
}

func (d *misplaced) ReadFrom(ctx context.Context, from uint64, maxBytes int) ([]logkv.Record, error) {
	records, err := d.Device.ReadFrom(ctx, from, maxBytes)
	if from == d.record.Number {
		records = append([]logkv.Record{d.record}, records...)
	}
	return records, err
}

func (*misplaced) Watch(func()) {} // it does not hear of what others do

func TestWhatWasAddedInTheLogsPastIsNotTakenForDamage(t *testing.T) {
	ctx := context.Background()
	foreign := memdevice.New()
	put(t, open(t, foreign, logkv.Options{RecordBytes: 1000}), "a", strings.Repeat("a", 900), "b", strings.Repeat("b", 900))
	var second []byte
	foreign.TamperRecord(2, func(data []byte) []byte {
		second = data
		return data
	})

	storage := memdevice.New()
	writer := open(t, storage, small)
	put(t, writer, "c", "1")
	device := &misplaced{Device: storage.Open(nil)}
	reader, err := logkv.Open(ctx, device, small)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, reader.Close()) })
	put(t, writer, "c", "2")
	put(t, writer, "c", "3")
	require.NoError(t, writer.Compact(ctx))
	require.NotContains(t, storage.Numbers(), uint64(2))
	device.record = logkv.Record{Number: 2, Data: second}
	require.NoError(t, reader.Refresh(ctx))
	require.NoError(t, reader.View(ctx, func(s kv.Snapshot) error {
		value, _, err := s.Get(ctx, []byte("c"))
		assert.Equal(t, "3", string(value))
		return err
	}))
}
