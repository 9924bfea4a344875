// Package devicetest is the conformance suite of logkv.Device.
package devicetest

import (
	"bytes"
	"context"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv/kvtest"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
)

// Harness makes the devices that the suite tests.
type Harness struct {
	// New returns a device on a new, empty storage. The suite closes it.
	New func(t *testing.T) logkv.Device
	// Reopen closes a device and opens the same storage again.
	Reopen func(t *testing.T, device logkv.Device) logkv.Device
	// Another opens the storage of a device a second time. Nil when one device only can have it open.
	Another func(t *testing.T, device logkv.Device) logkv.Device
}

// Run runs the whole suite.
func Run(t *testing.T, harness Harness) {
	cases := []struct {
		name string
		test func(*testing.T, Harness)
	}{
		{"an empty storage", testEmpty},
		{"records are read as they were appended", testRecords},
		{"reading from a number on", testReadFrom},
		{"an append that is not next is refused", testHeadMoved},
		{"durabilities in turn", testDurabilities},
		{"concurrent appends", testConcurrentAppends},
		{"snapshots", testSnapshots},
		{"a snapshot of many chunks", testLargeSnapshot},
		{"removed records", testRemove},
		{"slices are nobody's but the caller's", testSlices},
		{"contexts", testContexts},
		{"a closed device", testClosed},
		{"a destroyed storage", testDestroyed},
		{"several devices", testAnother},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { c.test(t, harness) })
	}
}

const large = 1 << 20 // more than any of the suite's reads

// open makes a device that is closed when the test ends, and checks then that it has left no goroutine behind.
func (h Harness) open(t *testing.T) logkv.Device {
	t.Helper()
	kvtest.CheckGoroutines(t)
	device := h.New(t)
	t.Cleanup(func() { require.NoError(t, device.Close()) })
	return device
}

// reopen does too.
func (h Harness) reopen(t *testing.T, device logkv.Device) logkv.Device {
	t.Helper()
	device = h.Reopen(t, device)
	t.Cleanup(func() { require.NoError(t, device.Close()) })
	return device
}

func appendTexts(t *testing.T, d logkv.Device, first uint64, texts ...string) {
	t.Helper()
	require.NoError(t, d.Append(context.Background(), first, toBytes(texts), logkv.Strict))
}

func toBytes(texts []string) [][]byte {
	var records [][]byte
	for _, text := range texts {
		records = append(records, []byte(text))
	}
	return records
}

// show prints records as "number=data".
func show(records []logkv.Record) string {
	var texts []string
	for _, r := range records {
		texts = append(texts, strconv.FormatUint(r.Number, 10)+"="+string(r.Data))
	}
	return strings.Join(texts, " ")
}

func readFrom(t *testing.T, d logkv.Device, from uint64, maxBytes int) string {
	t.Helper()
	records, err := d.ReadFrom(context.Background(), from, maxBytes)
	require.NoError(t, err)
	return show(records)
}

func testEmpty(t *testing.T, h Harness) {
	d := h.open(t)
	ctx := context.Background()
	for range 2 {
		base, err := d.Load(ctx, logkv.Newest, large)
		require.NoError(t, err)
		assert.Equal(t, uint64(0), base.Covers)
		assert.Empty(t, base.Chunks)
		assert.Empty(t, base.Records)
		assert.Empty(t, readFrom(t, d, 1, large))
		data, err := d.Read(ctx, []uint64{1, 7})
		require.NoError(t, err)
		assert.Equal(t, [][]byte{nil, nil}, data)
		require.NoError(t, d.Remove(ctx, []logkv.NumberRange{{First: 1, Last: 2}}))
		require.NoError(t, d.Remove(ctx, nil))
		require.NoError(t, d.Sync(ctx))
		d = h.reopen(t, d)
	}
}

func testRecords(t *testing.T, h Harness) {
	d := h.open(t)
	binary := string([]byte{0, 1, 0xFF, 0xFE, 0})
	long := strings.Repeat("long", 100_000)
	appendTexts(t, d, 1, "one")
	appendTexts(t, d, 2, "two", binary, long)
	require.NoError(t, d.Append(context.Background(), 5, toBytes([]string{"relaxed"}), logkv.Relaxed))
	for range 2 {
		data, err := d.Read(context.Background(), []uint64{4, 2, 9, 1, 3, 5, 2})
		require.NoError(t, err)
		assert.Equal(t, toBytes([]string{long, "two"}), data[:2])
		assert.Nil(t, data[2])
		assert.Equal(t, toBytes([]string{"one", binary, "relaxed", "two"}), data[3:])
		_, err = d.Size(context.Background()) // it may not be known
		require.NoError(t, err)
		d = h.reopen(t, d)
	}
	appendTexts(t, d, 6, "six")
	assert.Equal(t, "5=relaxed 6=six", readFrom(t, d, 5, large))
}

func testReadFrom(t *testing.T, h Harness) {
	d := h.open(t)
	appendTexts(t, d, 1, "aaaaaaaaaa", "bbbbbbbbbb", "cccccccccc", strings.Repeat("d", 1000), "e")
	assert.Equal(t, "3=cccccccccc 4="+strings.Repeat("d", 1000)+" 5=e", readFrom(t, d, 3, large))
	assert.Equal(t, "1=aaaaaaaaaa", readFrom(t, d, 1, 0), "at least one")
	assert.Equal(t, "4="+strings.Repeat("d", 1000), readFrom(t, d, 4, 10), "at least one, however large")
	assert.NotContains(t, readFrom(t, d, 1, 25), "4=", "about as much as asked for")
	assert.Empty(t, readFrom(t, d, 6, large))

	// Reading on from what the last answer ended with reads everything.
	from, seen := uint64(1), ""
	for {
		records, err := d.ReadFrom(context.Background(), from, 15)
		require.NoError(t, err)
		if len(records) == 0 {
			break
		}
		seen += show(records) + " "
		from = records[len(records)-1].Number + 1
	}
	assert.Equal(t, readFrom(t, d, 1, large)+" ", seen)
}

func testHeadMoved(t *testing.T, h Harness) {
	d := h.open(t)
	ctx := context.Background()
	refused := func(first uint64) {
		t.Helper()
		require.ErrorIs(t, d.Append(ctx, first, toBytes([]string{"x", "y"}), logkv.Strict), logkv.ErrHeadMoved)
	}
	refused(2)
	appendTexts(t, d, 1, "one", "two", "three")
	for range 2 {
		for _, first := range []uint64{1, 2, 3, 5, 100} {
			refused(first)
		}
		assert.Equal(t, "1=one 2=two 3=three", readFrom(t, d, 1, large))
		d = h.reopen(t, d)
	}
	// A writer that has slept through a compaction finds its next number free, and is refused all the same.
	require.NoError(t, d.Remove(ctx, []logkv.NumberRange{{First: 1, Last: 2}}))
	for range 2 {
		refused(1)
		refused(2)
		refused(3)
		d = h.reopen(t, d)
	}
	appendTexts(t, d, 4, "four")
	assert.Equal(t, "3=three 4=four", readFrom(t, d, 1, large))
}

// durabilities are all there are. What is memory-first to a store is relaxed to a device.
var durabilities = []logkv.Durability{logkv.Strict, logkv.Relaxed, logkv.MemoryFirst}

func testDurabilities(t *testing.T, h Harness) {
	d := h.open(t)
	ctx := context.Background()
	head, want := uint64(0), ""
	for range 2 {
		for _, before := range durabilities {
			for _, after := range durabilities {
				for _, durability := range []logkv.Durability{before, after} {
					require.NoError(t, d.Append(ctx, head+1, toBytes([]string{"a", "b"}), durability))
					head += 2
					want += " " + strconv.FormatUint(head-1, 10) + "=a " + strconv.FormatUint(head, 10) + "=b"
					for _, first := range []uint64{1, head, head + 2} {
						require.ErrorIs(t, d.Append(ctx, first, toBytes([]string{"x"}), durability), logkv.ErrHeadMoved)
					}
				}
			}
		}
		require.NoError(t, d.Sync(ctx))
		d = h.reopen(t, d)
		assert.Equal(t, want, " "+readFrom(t, d, 1, large))
	}
}

func testSlices(t *testing.T, h Harness) {
	d := h.open(t)
	ctx := context.Background()
	data := [][]byte{[]byte("record"), []byte("second")}
	require.NoError(t, d.Append(ctx, 1, data, logkv.Strict))
	chunks := [][]byte{[]byte("chunk")}
	require.NoError(t, d.WriteSnapshot(ctx, 1, chunks))
	copy(data[0], "XXXXXX")
	copy(chunks[0], "XXXXX")
	for range 2 {
		base, err := d.Load(ctx, logkv.Newest, large)
		require.NoError(t, err)
		require.Len(t, base.Records, 1)
		assert.Equal(t, "chunk", string(base.Chunks[0]))
		assert.Equal(t, "second", string(base.Records[0].Data))
		read, err := d.Read(ctx, []uint64{1})
		require.NoError(t, err)
		assert.Equal(t, "record", string(read[0]))
		// What was returned may be changed and appended to.
		for _, mine := range [][]byte{base.Chunks[0], base.Records[0].Data, read[0]} {
			copy(mine, bytes.Repeat([]byte("Y"), len(mine)))
		}
	}
}

func testContexts(t *testing.T, h Harness) {
	d := h.open(t)
	appendTexts(t, d, 1, "one")
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := d.Load(ended, logkv.Newest, large)
	assert.ErrorIs(t, err, context.Canceled)
	_, err = d.ReadFrom(ended, 1, large)
	assert.ErrorIs(t, err, context.Canceled)
	_, err = d.Read(ended, []uint64{1})
	assert.ErrorIs(t, err, context.Canceled)
	for _, durability := range durabilities {
		assert.ErrorIs(t, d.Append(ended, 2, toBytes([]string{"x"}), durability), context.Canceled)
	}
	assert.ErrorIs(t, d.WriteSnapshot(ended, 1, nil), context.Canceled)
	assert.ErrorIs(t, d.Remove(ended, nil), context.Canceled)
	assert.ErrorIs(t, d.Sync(ended), context.Canceled)
	_, err = d.Size(ended)
	assert.ErrorIs(t, err, context.Canceled)
	assert.ErrorIs(t, d.Destroy(ended), context.Canceled)
	assert.Equal(t, "1=one", readFrom(t, d, 1, large))
	appendTexts(t, d, 2, "two")
}

func checkClosed(t *testing.T, d logkv.Device) {
	t.Helper()
	ctx := context.Background()
	_, err := d.Load(ctx, logkv.Newest, large)
	assert.ErrorIs(t, err, core.ErrClosed)
	_, err = d.ReadFrom(ctx, 1, large)
	assert.ErrorIs(t, err, core.ErrClosed)
	_, err = d.Read(ctx, []uint64{1})
	assert.ErrorIs(t, err, core.ErrClosed)
	for _, durability := range durabilities {
		assert.ErrorIs(t, d.Append(ctx, 2, toBytes([]string{"x"}), durability), core.ErrClosed)
	}
	assert.ErrorIs(t, d.WriteSnapshot(ctx, 1, nil), core.ErrClosed)
	assert.ErrorIs(t, d.Remove(ctx, nil), core.ErrClosed)
	assert.ErrorIs(t, d.Sync(ctx), core.ErrClosed)
	_, err = d.Size(ctx)
	assert.ErrorIs(t, err, core.ErrClosed)
	assert.NoError(t, d.Close(), "closing again")
}

func testClosed(t *testing.T, h Harness) {
	d := h.open(t)
	appendTexts(t, d, 1, "one")
	require.NoError(t, d.Close())
	checkClosed(t, d)
}

func testDestroyed(t *testing.T, h Harness) {
	d := h.open(t)
	ctx := context.Background()
	appendTexts(t, d, 1, "one", "two")
	require.NoError(t, d.WriteSnapshot(ctx, 2, toBytes([]string{"chunk"})))
	require.NoError(t, d.Destroy(ctx))
	checkClosed(t, d)
	d = h.reopen(t, d)
	base, err := d.Load(ctx, logkv.Newest, large)
	require.NoError(t, err)
	assert.Equal(t, uint64(0), base.Covers)
	assert.Empty(t, base.Records)
	appendTexts(t, d, 1, "anew")
}
