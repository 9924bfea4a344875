package logkv

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/kv/internal/tree"
)

// A checksum keeps accidents out, not a hostile or buggy writer: whatever is in a record, reading it must not panic.
func FuzzRecord(f *testing.F) {
	whole := make([]byte, headerSize)
	whole, _ = appendOperation(whole, opInline, []byte("key"), []byte("value"))
	whole, _ = appendOperation(whole, opDelete, []byte("other"), nil)
	whole, _ = appendOperation(whole, opExternal, []byte("long"), make([]byte, 200))
	f.Add(whole[headerSize:])
	f.Add([]byte{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1})
	f.Fuzz(func(t *testing.T, operations []byte) {
		record := seal(append(make([]byte, headerSize), operations...), header{last: true, number: 1})
		p := newReplay(emptyState())
		if err := p.add(Record{Number: 1, Data: record}); err != nil {
			require.ErrorIs(t, err, core.ErrCorrupt)
			return
		}
		// What was understood survives a snapshot.
		again, err := decodeSnapshot(1, encoded(p.result()), true)
		require.NoError(t, err)
		require.Equal(t, p.tree.Len(), again.tree.Len())
		require.Equal(t, p.bytes, again.bytes)
		require.Equal(t, slices.Collect(p.tree.Scan(kv.Range{})), slices.Collect(again.tree.Scan(kv.Range{})))
	})
}

func FuzzSnapshot(f *testing.F) {
	s := emptyState()
	s.tree.Put(tree.Pack([]byte("a"), []byte("1"), false))
	s.tree.Put(externalItem([]byte("ab"), address{record: 7, offset: 30, length: 5}))
	chunk := encoded(s)[0]
	f.Add(chunk[chunkHeaderSize : len(chunk)-checksumSize])
	f.Fuzz(func(t *testing.T, items []byte) {
		chunk := append([]byte(nil), chunk[:chunkHeaderSize]...)
		chunk = appendChecksum(append(chunk, items...))
		decoded, err := decodeSnapshot(0, [][]byte{chunk}, false)
		if err != nil {
			require.ErrorIs(t, err, core.ErrCorrupt)
			return
		}
		// What was not understood at once is noticed by who looks into it.
		_, err = uses(decoded, func() error { return nil })
		_, whole := decodeSnapshot(0, [][]byte{chunk}, true)
		if err != nil {
			require.ErrorIs(t, err, core.ErrCorrupt)
			require.ErrorIs(t, whole, core.ErrCorrupt)
		}
	})
}
