package logkv_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/core/kv/logkv/memdevice"
)

// contents opens a storage and reads everything.
func contents(storage *memdevice.Storage) (entries map[string]string, err error) {
	ctx := context.Background()
	device := storage.Open(nil)
	store, err := logkv.Open(ctx, device, small)
	if err != nil {
		return nil, errors.Join(err, device.Close())
	}
	entries = map[string]string{}
	err = store.View(ctx, func(s kv.Snapshot) error {
		for entry, err := range s.Scan(ctx, kv.Range{}) {
			if err != nil {
				return err
			}
			entries[string(entry.Key)] = string(entry.Value)
		}
		return nil
	})
	return entries, errors.Join(err, store.Close())
}

// written returns a storage with commits of one and of several records, some overwritten.
func written(t *testing.T, compact bool) *memdevice.Storage {
	t.Helper()
	storage := memdevice.New()
	store, err := logkv.Open(context.Background(), storage.Open(nil), small)
	require.NoError(t, err)
	script(store)
	if compact {
		require.NoError(t, store.Compact(context.Background()))
	}
	put(t, store, "tail", strings.Repeat("tail", 100), "small", "1")
	put(t, store, "tail2", strings.Repeat("tail", 100))
	require.NoError(t, store.Close())
	return storage
}

// Whatever bit is flipped, in whatever record: the answer is right, or it is an error that names the record.
func TestDamagedRecords(t *testing.T) {
	t.Parallel()
	for _, compact := range []bool{false, true} {
		storage := written(t, compact)
		want, err := contents(storage)
		require.NoError(t, err)
		noticed := 0
		for _, number := range storage.Numbers() {
			size := 0
			storage.TamperRecord(number, func(data []byte) []byte { size = len(data); return data })
			for bit := 0; bit < 8*size; bit += 1 + bit/20 {
				damaged := storage.Clone()
				damaged.TamperRecord(number, func(data []byte) []byte {
					data[bit/8] ^= 1 << (bit % 8)
					return data
				})
				got, err := contents(damaged)
				about := fmt.Sprintf("compacted %t, record %d, bit %d", compact, number, bit)
				if err == nil {
					require.Equal(t, want, got, about)
					continue
				}
				require.ErrorIs(t, err, core.ErrCorrupt, about)
				require.Contains(t, err.Error(), fmt.Sprint("record ", number, " "), about)
				noticed++
			}
			damaged := storage.Clone()
			damaged.TamperRecord(number, func(data []byte) []byte { return data[:len(data)/2] })
			if got, err := contents(damaged); err == nil {
				require.Equal(t, want, got)
			} else {
				require.ErrorIs(t, err, core.ErrCorrupt)
			}
		}
		assert.Greater(t, noticed, 100)
	}
}

func TestDamagedSnapshots(t *testing.T) {
	t.Parallel()
	flip := func(chunks [][]byte) [][]byte {
		chunks[0][len(chunks[0])/2] ^= 4
		return chunks
	}
	for _, compact := range []bool{false, true} {
		storage := written(t, compact)
		want, err := contents(storage)
		require.NoError(t, err)
		covers := storage.Snapshots()
		require.Len(t, covers, 2)

		for _, change := range []func([][]byte) [][]byte{
			flip,
			func([][]byte) [][]byte { return nil },
			func(chunks [][]byte) [][]byte { return chunks[:len(chunks)-1] },
		} {
			damaged := storage.Clone()
			damaged.TamperSnapshot(covers[0], change)
			got, err := contents(damaged)
			require.NoError(t, err, "the older snapshot and the log do as well")
			require.Equal(t, want, got)
		}

		damaged := storage.Clone()
		damaged.TamperSnapshot(covers[0], flip)
		damaged.TamperSnapshot(covers[1], flip)
		got, err := contents(damaged)
		if len(storage.Numbers()) > 0 && storage.Numbers()[0] == 1 && err == nil {
			require.Equal(t, want, got, "the whole log does as well")
		} else {
			require.ErrorIs(t, err, core.ErrCorrupt)
			require.Contains(t, err.Error(), "snapshot")
		}
	}
}

func TestALogThatWasNeverCompactedNeedsNoSnapshot(t *testing.T) {
	t.Parallel()
	storage := memdevice.New()
	store := open(t, storage, small)
	for i := range 100 {
		put(t, store, fmt.Sprint("key", i%40), strings.Repeat(fmt.Sprint(i), 200))
	}
	require.NoError(t, store.Close())
	want, err := contents(storage)
	require.NoError(t, err)
	require.NotEmpty(t, storage.Snapshots())
	for _, covers := range storage.Snapshots() {
		storage.TamperSnapshot(covers, func(chunks [][]byte) [][]byte { chunks[0][30] ^= 1; return chunks })
	}
	got, err := contents(storage)
	require.NoError(t, err)
	assert.Equal(t, want, got)
}

func TestAMissingRecord(t *testing.T) {
	t.Parallel()
	storage := memdevice.New()
	store := open(t, storage, logkv.Options{})
	for range 5 {
		put(t, store, "a", "1")
	}
	require.NoError(t, store.Close())
	storage.TamperRecord(3, func([]byte) []byte { return nil })
	_, err := contents(storage)
	require.ErrorIs(t, err, core.ErrCorrupt)
	assert.Contains(t, err.Error(), "record 3 ")
}

func TestRecordsInTheWrongPlace(t *testing.T) {
	t.Parallel()
	storage := memdevice.New()
	store := open(t, storage, logkv.Options{RecordBytes: 1000})
	put(t, store, "a", strings.Repeat("a", 900), "b", strings.Repeat("b", 900))
	put(t, store, "c", strings.Repeat("c", 900), "d", strings.Repeat("d", 900))
	require.NoError(t, store.Close())
	require.Equal(t, []uint64{1, 2, 3, 4}, storage.Numbers())
	var third []byte
	storage.TamperRecord(3, func(data []byte) []byte { third = data; return data })

	swapped := storage.Clone()
	swapped.TamperRecord(1, func([]byte) []byte { return third })
	_, err := contents(swapped)
	require.ErrorIs(t, err, core.ErrCorrupt)
	require.Contains(t, err.Error(), "record 1 ")
	require.Contains(t, err.Error(), "it is record 3")

	foreign := storage.Clone()
	foreign.TamperRecord(4, func(data []byte) []byte { data[5]++; return logkv.Reseal(data) }) // of another writer
	_, err = contents(foreign)
	require.ErrorIs(t, err, core.ErrCorrupt)
	require.Contains(t, err.Error(), "record 4 ")
}

func TestNewerFormats(t *testing.T) {
	t.Parallel()
	storage := written(t, false)
	newer := storage.Clone()
	newest := storage.Numbers()[len(storage.Numbers())-1]
	newer.TamperRecord(newest, func(data []byte) []byte { data[0] = logkv.NewerVersion; return logkv.Reseal(data) })
	newer.TamperSnapshot(storage.Snapshots()[0], func([][]byte) [][]byte { return nil }) // so that the record is read
	_, err := contents(newer)
	assert.ErrorIs(t, err, core.ErrNewerFormat)

	newer = storage.Clone()
	newer.TamperSnapshot(storage.Snapshots()[0], func(chunks [][]byte) [][]byte {
		chunks[0][0] = logkv.NewerVersion
		chunks[0] = logkv.Reseal(chunks[0])
		return chunks
	})
	_, err = contents(newer)
	assert.ErrorIs(t, err, core.ErrNewerFormat, "and not the older snapshot")
}

// What was written before the first release had another checksum.
func TestTheFormatBeforeTheFirstReleaseIsNamed(t *testing.T) {
	t.Parallel()
	storage := written(t, false)
	storage.TamperSnapshot(storage.Snapshots()[0], func([][]byte) [][]byte { return nil })
	for _, number := range storage.Numbers() {
		storage.TamperRecord(number, func(data []byte) []byte {
			data = data[:len(data)-8]
			data[0] = 1
			return binary.LittleEndian.AppendUint32(data, crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli)))
		})
	}
	_, err := contents(storage)
	require.ErrorIs(t, err, core.ErrCorrupt)
	assert.Contains(t, err.Error(), "before the first release of GouchDB, in format 1")
}

// A device that cannot keep several records together may lose the end of a commit. What is left of it never happened.
func TestAnUnfinishedCommitNeverHappened(t *testing.T) {
	t.Parallel()
	storage := memdevice.New()
	store := open(t, storage, logkv.Options{RecordBytes: 1000})
	put(t, store, "a", "1")
	put(t, store, "a", "2", "b", strings.Repeat("b", 900), "c", strings.Repeat("c", 900), "d", strings.Repeat("d", 900))
	require.Len(t, storage.Numbers(), 4)
	storage.Crash()
	storage.TamperRecord(4, func([]byte) []byte { return nil })
	for range 2 {
		got, err := contents(storage)
		require.NoError(t, err)
		assert.Equal(t, "1", got["a"])
		assert.NotContains(t, got, "b")
		again := open(t, storage, logkv.Options{})
		put(t, again, "e", "5")
		assert.Equal(t, "1", get(t, again, "a"))
		require.NoError(t, again.Close())
	}
}

func TestTheCacheIsBounded(t *testing.T) {
	t.Parallel()
	storage := memdevice.New()
	store := open(t, storage, logkv.Options{CacheBytes: 100_000, RecordBytes: 10_000})
	for i := range 200 {
		put(t, store, fmt.Sprint(i), strings.Repeat(fmt.Sprint(i), 1000))
		require.LessOrEqual(t, store.CacheSize(), 100_000)
	}
	require.Greater(t, store.CacheSize(), 80_000)
	for i := range 200 {
		require.Equal(t, strings.Repeat(fmt.Sprint(i), 1000), get(t, store, fmt.Sprint(i)))
		require.LessOrEqual(t, store.CacheSize(), 100_000)
	}
}
