package file

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
)

// Whatever is in a file, reading it must not panic, and what it accepts must be within the file.
func FuzzScan(f *testing.F) {
	frames := appendFrame(nil, 7, frameHeader{kind: kindRecord, number: 1, count: 2}, []byte("one"))
	frames = appendFrame(frames, 7, frameHeader{kind: kindRecord, number: 2, index: 1, count: 2}, []byte("two"))
	frames = appendFrame(frames, 7, frameHeader{kind: kindSnapshot, number: 2, count: 1, durable: 100}, []byte("snapshot"))
	frames = appendFrame(frames, 7, frameHeader{kind: kindClosed, count: 1, durable: 200}, nil)
	f.Add(frames)
	f.Add(frames[:60])
	f.Add(append(make([]byte, 100), frames...))
	f.Fuzz(func(t *testing.T, frames []byte) {
		content := append(appendFileHeader(nil, 0, 7), frames...)
		found, err := scanFile(bytes.NewReader(content), int64(len(content)))
		if err != nil {
			require.True(t, errors.Is(err, core.ErrCorrupt) || errors.Is(err, io.ErrUnexpectedEOF), err)
			return
		}
		require.LessOrEqual(t, found.size, int64(len(content)))
		for _, r := range found.index.records {
			require.LessOrEqual(t, r.offset+int64(r.length), found.size)
		}
	})
}
