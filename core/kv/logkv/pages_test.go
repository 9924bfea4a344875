package logkv_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/core/kv/logkv/memdevice"
)

// misprinted returns a storage whose snapshot has an item that cannot be understood, with checksums that fit: only a defect, or somebody who means it, writes such.
func misprinted(t *testing.T) *memdevice.Storage {
	t.Helper()
	storage := memdevice.New()
	store, err := logkv.Open(context.Background(), storage.Open(nil), logkv.Options{})
	require.NoError(t, err)
	for i := range 200 {
		put(t, store, fmt.Sprintf("key%03d", i), "v")
	}
	require.NoError(t, store.Compact(context.Background()))
	require.NoError(t, store.Close())
	sound, err := contents(storage)
	require.NoError(t, err)
	require.Len(t, sound, 200)
	for _, covers := range storage.Snapshots() {
		storage.TamperSnapshot(covers, func(chunks [][]byte) [][]byte {
			at := bytes.Index(chunks[0], []byte("key096\x01v")) // the first of a page
			require.Positive(t, at)
			chunks[0][at+len("key096\x01v")] = 100 // bytes shared with a key of six
			chunks[0] = logkv.Reseal(chunks[0])
			return chunks
		})
	}
	return storage
}

// Pages of a snapshot are checked when they are looked into. From then on nothing is answered, written or removed.
func TestAPageThatCannotBeUnderstood(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	storage := misprinted(t)
	for name, look := range map[string]func(s kv.Snapshot) error{
		"get":      func(s kv.Snapshot) error { _, _, err := s.Get(ctx, []byte("key100")); return err },
		"absent":   func(s kv.Snapshot) error { _, _, err := s.Get(ctx, []byte("key100-")); return err },
		"get many": func(s kv.Snapshot) error { _, err := s.GetMany(ctx, [][]byte{[]byte("key100")}); return err },
		"row": func(s kv.Snapshot) error { // goes from page to page
			_, err := s.GetMany(ctx, [][]byte{[]byte("key095"), []byte("key096"), []byte("key097")})
			return err
		},
		"scan": func(s kv.Snapshot) error {
			for _, err := range s.Scan(ctx, kv.Range{From: []byte("key001"), KeysOnly: true}) {
				if err != nil {
					return err
				}
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := open(t, storage.Clone(), logkv.Options{})
			assert.Equal(t, "v", get(t, store, "key010"), "its page is sound")
			put(t, store, "key010", "w")
			assert.ErrorIs(t, store.View(ctx, look), core.ErrCorrupt)
			assert.ErrorIs(t, store.View(ctx, look), core.ErrCorrupt)
			assert.ErrorIs(t, store.Update(ctx, func(tx kv.Tx) error { tx.Put([]byte("key010"), []byte("x")); return nil }), core.ErrCorrupt)
		})
	}
	for name, write := range map[string]func(tx kv.Tx){
		"put":    func(tx kv.Tx) { tx.Put([]byte("key100"), []byte("x")) },
		"delete": func(tx kv.Tx) { tx.Delete([]byte("key100")) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clone := storage.Clone()
			records := clone.Numbers()
			store := open(t, clone, logkv.Options{})
			assert.ErrorIs(t, store.Update(ctx, func(tx kv.Tx) error { write(tx); return nil }), core.ErrCorrupt)
			assert.Equal(t, records, clone.Numbers(), "nothing was written")
		})
	}
	t.Run("compact", func(t *testing.T) {
		t.Parallel()
		clone := storage.Clone()
		store := open(t, clone, logkv.Options{})
		put(t, store, "key010", "w")
		records, snapshots := clone.Numbers(), clone.Snapshots()
		assert.ErrorIs(t, store.Compact(ctx), core.ErrCorrupt)
		assert.Equal(t, records, clone.Numbers())
		assert.Equal(t, snapshots, clone.Snapshots())
	})
}
