package file

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/kv/kvtest"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/core/kv/logkv/devicetest"
)

func plain(file *os.File) diskFile { return file }

func newPath(t *testing.T) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "test.gouch")
}

func TestDevice(t *testing.T) {
	open := func(t *testing.T, path string) logkv.Device {
		d, err := openDevice(path, plain)
		require.NoError(t, err)
		return d
	}
	devicetest.Run(t, devicetest.Harness{
		New: func(t *testing.T) logkv.Device { return open(t, newPath(t)) },
		Reopen: func(t *testing.T, device logkv.Device) logkv.Device {
			require.NoError(t, device.Close())
			return open(t, pathOf(device))
		},
	})
}

func pathOf(d logkv.Device) string { return d.(*device).path }

func TestStore(t *testing.T) {
	small := logkv.Options{RecordBytes: 1500, CacheBytes: 4000, SnapshotBytes: 20_000, InlineBytes: 100}
	for name, options := range map[string]logkv.Options{"defaults": {}, "small and relaxed": small} {
		if name != "defaults" {
			options.Durability = logkv.Relaxed
		}
		t.Run(name, func(t *testing.T) {
			paths := map[kv.Store]string{}
			open := func(t *testing.T, path string) kv.Store {
				store, err := OpenStore(context.Background(), path, options)
				require.NoError(t, err)
				paths[store] = path
				return store
			}
			kvtest.Run(t, kvtest.Harness{
				New: func(t *testing.T) kv.Store { return open(t, newPath(t)) },
				Reopen: func(t *testing.T, store kv.Store) kv.Store {
					require.NoError(t, store.Close())
					return open(t, paths[store])
				},
			})
		})
	}
}

func TestASecondOpenerIsRefused(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	path := newPath(t)
	store, err := OpenStore(ctx, path, logkv.Options{})
	require.NoError(t, err)
	refused := func() {
		_, err := OpenStore(ctx, path, logkv.Options{})
		require.ErrorIs(t, err, core.ErrLocked)
		require.Contains(t, err.Error(), path)
	}
	refused()
	put(t, store, "a", strings.Repeat("x", 5000))
	put(t, store, "a", strings.Repeat("y", 5000))
	require.NoError(t, store.Compact(ctx))
	refused() // the file has been replaced
	require.NoError(t, store.Close())
	store, err = OpenStore(ctx, path, logkv.Options{})
	require.NoError(t, err)
	require.NoError(t, store.Destroy(ctx))
	assert.Empty(t, list(t, filepath.Dir(path)), "nothing is left")
}

func TestDestroyingAClosedStore(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	path := newPath(t)
	first, err := OpenStore(ctx, path, logkv.Options{})
	require.NoError(t, err)
	require.NoError(t, first.Close())
	second, err := OpenStore(ctx, path, logkv.Options{})
	require.NoError(t, err)
	put(t, second, "a", "1")
	require.ErrorIs(t, first.Destroy(ctx), core.ErrLocked, "it is somebody else's now")
	require.NoError(t, second.Close())
	assert.FileExists(t, path)
	require.NoError(t, first.Destroy(ctx))
	assert.Empty(t, list(t, filepath.Dir(path)))
	require.NoError(t, first.Destroy(ctx), "there is nothing to do")
}

// list returns the names in a directory.
func list(t *testing.T, directory string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(directory)
	require.NoError(t, err)
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

func TestAFileThatIsNotOurs(t *testing.T) {
	t.Parallel()
	for _, content := range []string{"x", "precious", strings.Repeat("precious ", 1000), fileMagic[:5] + "but not quite", string(make([]byte, 100))} {
		path := newPath(t)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		_, err := OpenStore(context.Background(), path, logkv.Options{})
		require.ErrorIs(t, err, core.ErrStorage)
		require.Contains(t, err.Error(), "not a GouchDB database")
		after, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, content, string(after), "it is left as it was")
	}
}

func TestANewerFile(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	header := appendFileHeader(nil, 0, 1)
	header[12] = fileVersion + 1
	header = binary.LittleEndian.AppendUint32(header[:len(header)-4], crc32.Checksum(header[:len(header)-4], castagnoli))
	require.NoError(t, os.WriteFile(path, header, 0o600))
	_, err := OpenStore(context.Background(), path, logkv.Options{})
	require.ErrorIs(t, err, core.ErrNewerFormat)
}

func TestADirectoryThatIsNotThere(t *testing.T) {
	t.Parallel()
	_, err := OpenStore(context.Background(), filepath.Join(t.TempDir(), "no", "such", "file"), logkv.Options{})
	require.ErrorIs(t, err, core.ErrStorage)
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestACrashWhileTheHeaderIsWritten(t *testing.T) {
	t.Parallel()
	header := appendFileHeader(nil, 0, 1)
	for n := range len(header) {
		path := newPath(t)
		require.NoError(t, os.WriteFile(path, header[:n], 0o600))
		store, err := OpenStore(context.Background(), path, logkv.Options{})
		require.NoError(t, err)
		put(t, store, "a", "1")
		require.NoError(t, store.Close())
	}
}

func TestWhatAnInterruptedCompactionLeft(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	require.NoError(t, os.WriteFile(rewritePath(path), []byte("half"), 0o600))
	store, err := OpenStore(context.Background(), path, logkv.Options{})
	require.NoError(t, err)
	require.NoError(t, store.Close())
	assert.Equal(t, []string{filepath.Base(path)}, list(t, filepath.Dir(path)))
}

// A database may well hold the file of another, or an older copy of its own. Its frames are data there.
func TestAFileInAFile(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	inner := newPath(t)
	store, err := OpenStore(ctx, inner, logkv.Options{})
	require.NoError(t, err)
	for i := range 20 {
		put(t, store, "a", strings.Repeat(fmt.Sprint(i), 3000))
	}
	require.NoError(t, store.Close())
	content, err := os.ReadFile(inner)
	require.NoError(t, err)

	outer := newPath(t)
	store, err = OpenStore(ctx, outer, logkv.Options{})
	require.NoError(t, err)
	put(t, store, "before", "1")
	crashed := outer + ".crashed"
	copyFile(t, outer, crashed)
	size := fileSize(t, crashed)
	put(t, store, "file", string(content))
	copyFile(t, outer, crashed)
	require.NoError(t, store.Close())

	// The write of the inner file was torn at its very beginning, while the rest had reached the disk.
	torn, err := os.ReadFile(crashed)
	require.NoError(t, err)
	copy(torn[size:], bytes.Repeat([]byte{0}, frameHeaderSize))
	require.NoError(t, os.WriteFile(crashed, torn, 0o600))
	store, err = OpenStore(ctx, crashed, logkv.Options{})
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"before": "1"}, everything(t, store))
	require.NoError(t, store.Close())
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(to, content, 0o600))
}

func fileSize(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	return info.Size()
}

func put(t *testing.T, store kv.Store, pairs ...string) {
	t.Helper()
	require.NoError(t, store.Update(context.Background(), func(tx kv.Tx) error {
		for i := 0; i < len(pairs); i += 2 {
			tx.Put([]byte(pairs[i]), []byte(pairs[i+1]))
		}
		return nil
	}))
}

func everything(t *testing.T, store kv.Store) map[string]string {
	t.Helper()
	entries, err := read(store)
	require.NoError(t, err)
	return entries
}

func read(store kv.Store) (map[string]string, error) {
	entries := map[string]string{}
	err := store.View(context.Background(), func(s kv.Snapshot) error {
		for entry, err := range s.Scan(context.Background(), kv.Range{}) {
			if err != nil {
				return err
			}
			entries[string(entry.Key)] = string(entry.Value)
		}
		return nil
	})
	return entries, err
}

func TestOpen(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	path := newPath(t)
	db, err := Open(ctx, path, Options{})
	require.NoError(t, err)
	rev, err := core.Put(ctx, db, &core.Document{ID: "a", Body: []byte(`{"n":1}`)})
	require.NoError(t, err)
	require.NoError(t, db.Close())
	db, err = Open(ctx, path, Options{})
	require.NoError(t, err)
	doc, err := db.Get(ctx, "a", core.GetOptions{})
	require.NoError(t, err)
	assert.Equal(t, rev, doc.Rev)
	info, err := db.Info(ctx)
	require.NoError(t, err)
	assert.Equal(t, path, info.Name)
	assert.Equal(t, "file", info.Adapter)
	require.NoError(t, db.Destroy(ctx))
	assert.NoFileExists(t, path)
}

func TestLock(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	unlock, err := Lock(path)
	require.NoError(t, err)
	_, err = Lock(path)
	require.ErrorIs(t, err, core.ErrLocked)
	require.NoError(t, unlock())
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	assert.Empty(t, entries)
	unlock, err = Lock(path)
	require.NoError(t, err)
	require.NoError(t, unlock())
	_, err = Lock(filepath.Join(path, "none"))
	require.ErrorIs(t, err, core.ErrStorage)
}
