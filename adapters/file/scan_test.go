package file

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
)

func TestWhatAnOpenKeeps(t *testing.T) {
	t.Parallel()
	const salt = 7
	frame := func(number uint64, index, count uint32, durable int64) []byte {
		return appendFrame(nil, salt, frameHeader{kind: kindRecord, number: number, index: index, count: count, durable: durable}, []byte("payload"))
	}
	length := int64(len(frame(1, 0, 1, 0)))
	torn := func(frame []byte) []byte {
		frame[len(frame)-1] ^= 1
		return frame
	}
	cases := []struct {
		name    string
		frames  [][]byte
		records int // kept; -1: it is damage
	}{
		{"nothing", nil, 0},
		{"single records", [][]byte{frame(1, 0, 1, 0), frame(2, 0, 1, 0)}, 2},
		{"records written together", [][]byte{frame(1, 0, 2, 0), frame(2, 1, 2, 0)}, 2},
		{"the second of two is lacking", [][]byte{frame(1, 0, 1, 0), frame(2, 0, 2, 0)}, 1},
		{"the second of two is torn", [][]byte{frame(1, 0, 1, 0), frame(2, 0, 2, 0), torn(frame(3, 1, 2, 0))}, 1},
		{"the first of two is torn", [][]byte{frame(1, 0, 1, 0), torn(frame(2, 0, 2, 0)), frame(3, 1, 2, 0)}, 1},
		{"the end of an older write shows behind a newer one", [][]byte{frame(1, 0, 1, 0), frame(2, 1, 2, 0)}, 1},
		{"a torn record, and a later one that did not wait for it", [][]byte{torn(frame(1, 0, 1, 0)), frame(2, 0, 1, 0)}, 0},
		{"a damaged record, and a later one that says it was on disk", [][]byte{frame(1, 0, 1, 0), frame(2, 0, 1, fileHeaderSize+length), []byte("garbage"),
			frame(3, 0, 1, fileHeaderSize+2*length+7)}, -1},
		{"what is known to be on disk is not read", [][]byte{torn(frame(1, 0, 1, 0)), frame(2, 0, 1, fileHeaderSize+length)}, 2},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			content := append(appendFileHeader(nil, 0, salt), bytes.Join(c.frames, nil)...)
			found, err := scanFile(bytes.NewReader(content), int64(len(content)))
			if c.records < 0 {
				require.ErrorIs(t, err, core.ErrCorrupt)
				return
			}
			require.NoError(t, err)
			assert.Len(t, found.index.records, c.records)
			assert.Equal(t, fileHeaderSize+int64(c.records)*length, found.size)
		})
	}
}
