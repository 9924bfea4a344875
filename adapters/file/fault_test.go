package file

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
)

// faults makes the nth operation on files fail, and with cut all that follow.
type faults struct {
	n, count int
	cut      bool
	mutex    sync.Mutex // of count: a snapshot may be written while a file is rewritten
}

func (f *faults) do(operation func() error) error {
	f.mutex.Lock()
	f.count++
	count := f.count
	f.mutex.Unlock()
	if count == f.n || f.cut && f.n > 0 && count > f.n {
		return syscall.ENOSPC
	}
	return operation()
}

// faulty is a file with faults. A write that fails has written a part.
type faulty struct {
	diskFile
	faults *faults
}

func (f *faulty) WriteAt(data []byte, offset int64) (n int, err error) {
	err = f.faults.do(func() error {
		n, err = f.diskFile.WriteAt(data, offset)
		return err
	})
	if err != nil && n == 0 {
		n, _ = f.diskFile.WriteAt(data[:len(data)/2], offset)
	}
	return n, err
}

func (f *faulty) Truncate(size int64) error {
	return f.faults.do(func() error { return f.diskFile.Truncate(size) })
}

func (f *faulty) Sync() error { return f.faults.do(f.diskFile.Sync) }

func TestFaultAtEveryOperation(t *testing.T) {
	t.Parallel()
	const commits = 6
	ctx := context.Background()
	run := func(path string, faults *faults) (acknowledged, tried int) {
		acknowledged = -1
		device, err := openDevice(path, func(file *os.File) diskFile { return &faulty{diskFile: file, faults: faults} })
		if err != nil {
			require.ErrorIs(t, err, core.ErrStorageFull)
			return -1, -1
		}
		store, err := logkv.Open(ctx, device, tiny)
		require.NoError(t, err)
		for i := range commits {
			if err := commit(store, i); err == nil {
				acknowledged = i
			} else {
				require.ErrorIs(t, err, core.ErrStorageFull)
				require.Equal(t, entriesAfter(acknowledged), everything(t, store), "the store goes on with what it had")
			}
			if i%3 == 2 {
				_ = store.Compact(ctx) // may fail, but must do no harm
			}
		}
		_ = store.Close() // what it could not write is what the test is about
		return acknowledged, commits - 1
	}
	var counter faults
	run(newPath(t), &counter)
	require.Greater(t, counter.count, 20)
	for _, cut := range []bool{false, true} {
		for n := 1; n <= counter.count; n++ {
			about := fmt.Sprintf("cut %t at operation %d", cut, n)
			path := newPath(t)
			acknowledged, tried := run(path, &faults{n: n, cut: cut})
			got, err := openAndRead(path)
			require.NoError(t, err, about)
			var allowed []map[string]string
			for i := acknowledged; i <= tried; i++ {
				allowed = append(allowed, entriesAfter(i))
			}
			if acknowledged < 0 {
				allowed = append(allowed, entriesAfter(-1))
			}
			require.Contains(t, allowed, got, "%s: acknowledged %d", about, acknowledged)
			require.Equal(t, []string{filepath.Base(path)}, list(t, filepath.Dir(path)), about)
		}
	}
}

func TestAFailedWriteIsCutOffAtOnce(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	disturbed := &faults{}
	device, err := openDevice(path, func(file *os.File) diskFile { return &faulty{diskFile: file, faults: disturbed} })
	require.NoError(t, err)
	store, err := logkv.Open(context.Background(), device, tiny)
	require.NoError(t, err)
	require.NoError(t, commit(store, 0))
	size := fileSize(t, path)
	for _, operation := range []int{1, 2} { // the write, and the sync
		disturbed.n = disturbed.count + operation
		require.ErrorIs(t, commit(store, 1), core.ErrStorageFull)
		require.Equal(t, size, fileSize(t, path))
	}
	require.NoError(t, commit(store, 2))
	require.NoError(t, store.Close())
	got, err := openAndRead(path)
	require.NoError(t, err)
	require.Equal(t, entriesAfter(2), got)
}
