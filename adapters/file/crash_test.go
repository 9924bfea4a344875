package file

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/internal/seeds"
)

// tiny makes commits of several records, and snapshots after a few of them.
var tiny = logkv.Options{RecordBytes: 400, SnapshotBytes: 4000, InlineBytes: 20, CacheBytes: 1000, CompactionRatio: -1}

// commit writes the ith commit of a script. All commits set the same keys, so a state is right if and only if all its values are of one commit.
func commit(store kv.Store, i int) error {
	return store.Update(context.Background(), func(tx kv.Tx) error {
		for key, value := range entriesAfter(i) {
			tx.Put([]byte(key), []byte(value))
		}
		return nil
	})
}

// entriesAfter is what is there after the ith commit, nothing after commit -1.
func entriesAfter(i int) map[string]string {
	if i < 0 {
		return map[string]string{}
	}
	return map[string]string{
		"n": fmt.Sprint(i), "a": strings.Repeat(fmt.Sprint("a", i), 60), "b": strings.Repeat(fmt.Sprint("b", i), 90), "c": strings.Repeat("c", 100),
	}
}

// openAndRead opens a file, reads everything, and closes it.
func openAndRead(path string) (map[string]string, error) {
	store, err := OpenStore(context.Background(), path, tiny)
	if err != nil {
		return nil, err
	}
	entries, err := read(store)
	return entries, errors.Join(err, store.Close())
}

// scripted returns the content of a file after n commits, as a crash and as an orderly close leave it, and how long it was before the last commit.
func scripted(t *testing.T, n int) (crashed, closed []byte, before int64) {
	t.Helper()
	path := newPath(t)
	store, err := OpenStore(context.Background(), path, logkv.Options{RecordBytes: 400, InlineBytes: 20})
	require.NoError(t, err)
	for i := range n {
		before = fileSize(t, path)
		require.NoError(t, commit(store, i))
	}
	crashed, err = os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, store.Close())
	closed, err = os.ReadFile(path)
	require.NoError(t, err)
	return crashed, closed, before
}

// stride is how many bytes lie between those that are tried. Natively each is; in Node, where the same code reads and opening a file takes ten times as long, one of five.
var stride = max(1, map[string]int{"js": 5}[runtime.GOOS])

// nextSize goes from one size to the next, and ends with the largest.
func nextSize(size, largest int64) int64 {
	if size == largest {
		return largest + 1
	}
	return min(size+int64(stride), largest)
}

func TestTruncationAnywhereInTheLastCommit(t *testing.T) {
	t.Parallel()
	content, _, before := scripted(t, 3)
	path := newPath(t)
	for size := before; size <= int64(len(content)); size = nextSize(size, int64(len(content))) {
		require.NoError(t, os.WriteFile(path, content[:size], 0o600))
		got, err := openAndRead(path)
		require.NoError(t, err, "%d bytes", size)
		want := 1
		if size == int64(len(content)) {
			want = 2
		}
		require.Equal(t, entriesAfter(want), got, "%d bytes", size)
	}
	// What was there before the last commit was on disk then. Its lack is no crash.
	for size := int64(fileHeaderSize); size < before; size += 7 * int64(stride) {
		require.NoError(t, os.WriteFile(path, content[:size], 0o600))
		got, err := openAndRead(path)
		if err == nil {
			require.Contains(t, []map[string]string{entriesAfter(-1), entriesAfter(0), entriesAfter(1)}, got, "a state that there was")
		}
	}
}

// Whatever bit is flipped: the state is the right one, or there is an error. Without an orderly close the last commit may be taken for torn.
func TestDamage(t *testing.T) {
	t.Parallel()
	crashed, closed, before := scripted(t, 3)
	path := newPath(t)
	seed := seeds.For(t)
	random := rand.New(rand.NewPCG(seed, 0))
	compacted := afterCompaction(t, closed)
	for name, content := range map[string][]byte{"crashed": crashed, "closed": closed, "compacted": compacted} {
		dropped, noticed := 0, 0
		for at := 0; at < len(content); at += stride * (1 + random.IntN(4)) {
			damaged := append([]byte(nil), content...)
			damaged[at] ^= 1 << random.IntN(8)
			require.NoError(t, os.WriteFile(path, damaged, 0o600))
			got, err := openAndRead(path)
			about := fmt.Sprintf("%s, byte %d", name, at)
			switch {
			case err != nil && at < len(fileMagic):
				require.ErrorIs(t, err, core.ErrStorage, about)
			case err != nil:
				require.ErrorIs(t, err, core.ErrCorrupt, about)
				noticed++
				after, err := os.ReadFile(path)
				require.NoError(t, err)
				if int64(at) < before && name != "compacted" {
					require.GreaterOrEqual(t, int64(len(after)), before, "what may still be readable stays")
				}
			case name == "crashed" && int64(at) >= before:
				require.Contains(t, []map[string]string{entriesAfter(1), entriesAfter(2)}, got, about)
				dropped++
			default:
				require.Equal(t, entriesAfter(2), got, about)
			}
		}
		assert.Greater(t, noticed, int(before)/8/stride)
		assert.Equal(t, name == "crashed", dropped > 0)
	}
}

// afterCompaction returns what a file is when a crash follows its compaction.
func afterCompaction(t *testing.T, content []byte) []byte {
	t.Helper()
	path := newPath(t)
	require.NoError(t, os.WriteFile(path, content, 0o600))
	store, err := OpenStore(context.Background(), path, tiny)
	require.NoError(t, err)
	require.NoError(t, store.Compact(context.Background()))
	compacted, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, store.Close())
	require.Less(t, len(compacted), len(content))
	return compacted
}

// unsynced is a file on a disk that does what it likes with writes until it is told to sync.
type unsynced struct {
	diskFile
	path    string
	durable []byte // the content at the last sync
	pending []pendingWrite
}

type pendingWrite struct {
	offset int64
	data   []byte
}

func (f *unsynced) WriteAt(data []byte, offset int64) (int, error) {
	f.pending = append(f.pending, pendingWrite{offset: offset, data: append([]byte(nil), data...)})
	return f.diskFile.WriteAt(data, offset)
}

func (f *unsynced) Sync() error {
	content, err := os.ReadFile(f.path)
	f.durable, f.pending = content, nil
	return err
}

// afterPowerLoss returns a content that the disk may have: each sector of what was not synced is there or not, in no order.
func (f *unsynced) afterPowerLoss(random *rand.Rand) []byte {
	const sector = 64 // smaller than any disk's, to tear more
	image := append([]byte(nil), f.durable...)
	for _, write := range f.pending {
		for begin := 0; begin < len(write.data); begin += sector {
			if random.IntN(3) == 0 {
				continue
			}
			piece := write.data[begin:min(begin+sector, len(write.data))]
			end := int(write.offset) + begin + len(piece)
			if end > len(image) {
				image = append(image, make([]byte, end-len(image))...)
			}
			copy(image[int(write.offset)+begin:], piece)
		}
	}
	return image
}

func TestLossOfPower(t *testing.T) {
	t.Parallel()
	seed := seeds.For(t)
	random := rand.New(rand.NewPCG(seed, 0))
	for round := range 60 {
		path := newPath(t)
		var disk *unsynced
		device, err := openDevice(path, func(file *os.File) diskFile {
			disk = &unsynced{diskFile: file, path: path}
			return disk
		})
		require.NoError(t, err)
		options := tiny
		strict := round%2 == 0
		if !strict {
			options.Durability = logkv.Relaxed
		}
		store, err := logkv.Open(context.Background(), device, options)
		require.NoError(t, err)
		commits, flushed := 1+random.IntN(10), -1
		for i := range commits {
			require.NoError(t, commit(store, i))
			if strict {
				flushed = i
			} else if random.IntN(4) == 0 {
				require.NoError(t, store.Flush(context.Background()))
				flushed = i
			}
		}
		// A write that was under way, too, when the power went.
		device.writing.Lock()
		disk.pending = append(disk.pending, pendingWrite{offset: device.size, data: appendFrame(nil, device.salt,
			frameHeader{kind: kindRecord, number: device.index.head() + 1, count: 2, durable: device.durable}, make([]byte, random.IntN(500)))})
		crashed := newPath(t)
		require.NoError(t, os.WriteFile(crashed, disk.afterPowerLoss(random), 0o600))
		device.writing.Unlock()
		require.NoError(t, store.Close())

		got, err := openAndRead(crashed)
		require.NoError(t, err, "round %d", round)
		var allowed []map[string]string
		for i := flushed; i < commits; i++ {
			allowed = append(allowed, entriesAfter(i))
		}
		require.Contains(t, allowed, got, "round %d: %d commits, flushed after %d", round, commits, flushed)
		// And it goes on from there.
		store, err = OpenStore(context.Background(), crashed, tiny)
		require.NoError(t, err)
		require.NoError(t, commit(store, commits))
		require.NoError(t, store.Close())
		got, err = openAndRead(crashed)
		require.NoError(t, err)
		require.Equal(t, entriesAfter(commits), got)
	}
}
