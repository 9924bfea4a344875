//go:build !js

package fetchhttp_test

import (
	"context"
	"crypto/md5"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/adapters/fetchhttp"
	"github.com/gouchdb/gouchdb/adapters/file"
	"github.com/gouchdb/gouchdb/adapters/memory"
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/core/replication"
	"github.com/gouchdb/gouchdb/server"
)

// counted is a server of this project that counts what reaches it.
type counted struct {
	http.Handler
	requests atomic.Int64
	delay    time.Duration
	url      string
}

func (c *counted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.requests.Add(1)
	time.Sleep(c.delay)
	c.Handler.ServeHTTP(w, r)
}

func serve(t *testing.T, open func(ctx context.Context, name string) (core.Adapter, error)) *counted {
	t.Helper()
	handler, err := server.New(server.Options{Databases: server.Memory(open), AllowAnonymous: true})
	require.NoError(t, err)
	c := &counted{Handler: handler}
	running := httptest.NewServer(c)
	c.url = running.URL
	t.Cleanup(func() {
		assert.NoError(t, handler.Close())
		running.Close()
	})
	return c
}

func inMemory(ctx context.Context, name string) (core.Adapter, error) { return memory.Open(ctx, name) }

func openMemory(t *testing.T) core.Adapter {
	t.Helper()
	db, err := memory.Open(t.Context(), "")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	return db
}

func (c *counted) open(t *testing.T, name string) *fetchhttp.DB {
	t.Helper()
	db, err := fetchhttp.Open(t.Context(), c.url+"/"+name, fetchhttp.Options{Create: true})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	c.requests.Store(0)
	return db
}

func run(t *testing.T, source, target core.Adapter) *replication.Result {
	t.Helper()
	result, err := replication.Run(t.Context(), source, target, replication.Options{})
	require.NoError(t, err)
	return result
}

func fill(t *testing.T, db core.Adapter, count int) {
	t.Helper()
	docs := make([]*core.Document, count)
	for i := range docs {
		docs[i] = &core.Document{ID: "d" + strconv.Itoa(100000+i), Body: []byte(`{"title":"something to do","done":false,"n":` + strconv.Itoa(i) + `}`)}
	}
	_, err := db.BulkDocs(t.Context(), docs, core.BulkDocsOptions{})
	require.NoError(t, err)
}

// TestRequestCounts: what a replication costs where each request does.
func TestRequestCounts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		prepare  func(t *testing.T, source core.Adapter)
		requests int64
	}{
		"2,000 documents": {func(t *testing.T, source core.Adapter) { fill(t, source, 2000) }, 15},
		"50 documents with two attachments": {func(t *testing.T, source core.Adapter) {
			for i := range 50 {
				_, err := core.Put(t.Context(), source, &core.Document{ID: strconv.Itoa(i), Body: []byte(`{}`), Attachments: []core.Attachment{
					{Name: "a.txt", ContentType: "text/plain", Data: []byte("text " + strconv.Itoa(i))},
					{Name: "b.bin", ContentType: "image/png", Data: make([]byte, 10_000+i)}}})
				require.NoError(t, err)
			}
		}, 15},
		"nothing": {func(*testing.T, core.Adapter) {}, 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := serve(t, inMemory)
			local, other := openMemory(t), openMemory(t)
			test.prepare(t, local)
			remote := server.open(t, "db")
			run(t, local, remote)
			assert.LessOrEqual(t, server.requests.Swap(0), test.requests, "push")
			run(t, remote, other)
			assert.LessOrEqual(t, server.requests.Swap(0), test.requests, "pull")
			want, err := local.Info(t.Context())
			require.NoError(t, err)
			got, err := other.Info(t.Context())
			require.NoError(t, err)
			assert.Equal(t, want.DocCount, got.DocCount)
			for _, pair := range [][2]core.Adapter{{local, remote}, {remote, other}} {
				run(t, pair[0], pair[1])
				assert.LessOrEqual(t, server.requests.Swap(0), int64(3), "again, with nothing to do")
			}
		})
	}
}

// TestContentsTravel: every content arrives as it was, also those that are long.
func TestContentsTravel(t *testing.T) {
	t.Parallel()
	server := serve(t, inMemory)
	local, other, remote := openMemory(t), openMemory(t), server.open(t, "db")
	random := rand.NewChaCha8([32]byte{1})
	for i, lengths := range [][]int{{0}, {1, 100}, {1 << 20}, {1<<20 + 1}, {3 << 20, 10, 2 << 20}, {700_000, 700_000}} {
		doc := &core.Document{ID: "doc/" + strconv.Itoa(i), Body: []byte(`{}`)}
		for n, length := range lengths {
			data := make([]byte, length)
			_, _ = random.Read(data)
			doc.Attachments = append(doc.Attachments, core.Attachment{Name: strconv.Itoa(n) + " \"ü\\", ContentType: "image/png", Data: data})
		}
		_, err := core.Put(t.Context(), local, doc)
		require.NoError(t, err)
	}
	run(t, local, remote)
	run(t, remote, other)
	for i := range 6 {
		docID := "doc/" + strconv.Itoa(i)
		want, err := local.Get(t.Context(), docID, core.GetOptions{Attachments: true})
		require.NoError(t, err)
		got, err := other.Get(t.Context(), docID, core.GetOptions{Attachments: true})
		require.NoError(t, err)
		require.Len(t, got.Attachments, len(want.Attachments))
		for n := range want.Attachments {
			data, err := want.Attachments[n].Read(t.Context())
			require.NoError(t, err)
			arrived, err := got.Attachments[n].Read(t.Context())
			require.NoError(t, err)
			require.Equal(t, md5.Sum(data), md5.Sum(arrived))
			require.Equal(t, want.Attachments[n].Digest, got.Attachments[n].Digest)
		}
	}
}

// generated is a long content that takes no room.
type generated int64

func (g generated) Open(context.Context, int64) (io.ReadCloser, error) {
	return io.NopCloser(io.LimitReader(rand.NewChaCha8([32]byte{7}), int64(g))), nil
}

// TestLargeAttachment sends a large attachment into a file, from there to a server, and from there into another file, in bounded memory. 20 MB;
// with GOUCHDB_SOAK set 200 MB, in the same memory.
func TestLargeAttachment(t *testing.T) { // not parallel: it measures the memory of the process
	length := int64(20 << 20)
	if os.Getenv("GOUCHDB_SOAK") != "" {
		length = 200 << 20
	}
	folder := t.TempDir()
	openFile := func(ctx context.Context, name string) (core.Adapter, error) {
		small := logkv.Options{CacheBytes: 1 << 20} // the three caches are no news
		return file.Open(ctx, filepath.Join(folder, name), file.Options{Store: small})
	}
	openHere := func(name string) core.Adapter {
		db, err := openFile(t.Context(), name)
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, db.Close()) })
		return db
	}
	server := serve(t, openFile)
	local, other, remote := openHere("local"), openHere("other"), server.open(t, "remote")
	peak := watchHeap(t)
	_, err := local.PutAttachment(t.Context(), "a", core.Rev{}, core.Attachment{Name: "x", ContentType: "video/mp4", Content: generated(length)})
	require.NoError(t, err)
	run(t, local, remote)
	run(t, remote, other)
	assert.Less(t, peak(), int64(18<<20), "more memory than that")
	a, err := other.GetAttachment(t.Context(), "a", "x", core.Rev{})
	require.NoError(t, err)
	require.Equal(t, length, a.Length)
	want, got := md5.New(), md5.New()
	for hash, content := range map[io.Writer]core.Content{want: generated(length), got: a.Content} {
		reader, err := content.Open(t.Context(), 0)
		require.NoError(t, err)
		_, err = io.Copy(hash, reader)
		require.NoError(t, err)
		require.NoError(t, reader.Close())
	}
	assert.Equal(t, want.Sum(nil), got.Sum(nil))
}

// watchHeap returns a function that tells how much the heap has grown at most.
func watchHeap(t *testing.T) (peak func() int64) {
	previous := debug.SetGCPercent(20)
	t.Cleanup(func() { debug.SetGCPercent(previous) })
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	highest := before.HeapAlloc
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		ticker := time.NewTicker(2 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-stop:
				return
			case <-ticker.C:
				var now runtime.MemStats
				runtime.ReadMemStats(&now)
				highest = max(highest, now.HeapAlloc)
			}
		}
	}()
	return func() int64 {
		close(stop)
		<-stopped
		t.Logf("the heap grew by %d KB", (highest-before.HeapAlloc)>>10)
		return int64(highest - before.HeapAlloc)
	}
}
