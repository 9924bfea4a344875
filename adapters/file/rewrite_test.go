package file

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
)

// held is a file whose first write waits.
type held struct {
	diskFile
	once    sync.Once
	begun   chan struct{}
	release chan struct{}
}

func (f *held) WriteAt(data []byte, offset int64) (int, error) {
	f.once.Do(func() { close(f.begun) })
	<-f.release
	return f.diskFile.WriteAt(data, offset)
}

// openHeld opens a store whose next compaction waits when it begins to copy.
func openHeld(t *testing.T, path string) (*logkv.Store, *held) {
	t.Helper()
	copying := &held{begun: make(chan struct{}), release: make(chan struct{})}
	device, err := openDevice(path, func(file *os.File) diskFile {
		if file.Name() == rewritePath(path) {
			copying.diskFile = file
			return copying
		}
		return file
	})
	require.NoError(t, err)
	store, err := logkv.Open(context.Background(), device, tiny)
	require.NoError(t, err)
	return store, copying
}

func putText(t *testing.T, store kv.Store, key, value string) {
	t.Helper()
	require.NoError(t, store.Update(context.Background(), func(tx kv.Tx) error {
		tx.Put([]byte(key), []byte(value))
		return nil
	}))
}

// Writers and readers go on while the file is copied, and what they write is in the new one, however much it is.
func TestWritersGoOnDuringACompaction(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	path := newPath(t)
	store, copying := openHeld(t, path)
	for i := range 50 {
		putText(t, store, "overwritten", strings.Repeat(fmt.Sprint(i), 300))
	}
	compacted := make(chan error, 1)
	go func() { compacted <- store.Compact(ctx) }()
	<-copying.begun
	want := map[string]string{"overwritten": strings.Repeat("49", 300)}
	large := strings.Repeat("x", 300_000)
	for i := range 8 { // more than is copied while writers wait
		key := fmt.Sprint("new", i)
		want[key] = large
		putText(t, store, key, large)
		got, err := read(store)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	close(copying.release)
	require.NoError(t, <-compacted)
	got, err := read(store)
	require.NoError(t, err)
	assert.Equal(t, want, got)
	require.NoError(t, store.Close())
	got, err = openAndRead(path)
	require.NoError(t, err)
	assert.Equal(t, want, got)
}

func TestClosingEndsACompaction(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	store, copying := openHeld(t, path)
	for i := range 50 {
		putText(t, store, "overwritten", strings.Repeat(fmt.Sprint(i), 300))
	}
	compacted := make(chan error, 1)
	go func() { compacted <- store.Compact(context.Background()) }()
	<-copying.begun
	closed := make(chan error, 1)
	go func() { closed <- store.Close() }()
	close(copying.release)
	if err := <-compacted; err != nil { // it may have been quick
		require.ErrorIs(t, err, core.ErrClosed)
	}
	require.NoError(t, <-closed)
	assert.NoFileExists(t, rewritePath(path))
	got, err := openAndRead(path)
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"overwritten": strings.Repeat("49", 300)}, got)
}

// reluctant is a file that says that it could not be closed.
type reluctant struct{ diskFile }

func (f reluctant) Close() error { return errors.Join(f.diskFile.Close(), syscall.EIO) }

// From the moment at which the new file has the name there is no way back to the old one.
func TestAnOldFileThatCannotBeClosedDoesNotCloseTheNewOne(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	device, err := openDevice(path, func(file *os.File) diskFile {
		if file.Name() == path {
			return reluctant{file}
		}
		return file
	})
	require.NoError(t, err)
	store, err := logkv.Open(context.Background(), device, tiny)
	require.NoError(t, err)
	for i := range 50 {
		putText(t, store, "overwritten", strings.Repeat(fmt.Sprint(i), 300))
	}
	require.NoError(t, store.Compact(context.Background()))
	putText(t, store, "later", "1")
	_, err = openAndRead(path)
	require.ErrorIs(t, err, core.ErrLocked)
	require.NoError(t, store.Close())
	got, err := openAndRead(path)
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"overwritten": strings.Repeat("49", 300), "later": "1"}, got)
}
