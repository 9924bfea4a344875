package docstore_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/adaptertest"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/internal/fault"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/core/kv/logkv/memdevice"
	"github.com/gouchdb/gouchdb/internal/regexps"
	"github.com/gouchdb/gouchdb/internal/seeds"
	"github.com/gouchdb/gouchdb/javascript"
)

// tab opens the database in a storage, whose devices are like tabs.
func tab(t *testing.T, device logkv.Device, durability logkv.Durability) *docstore.DB {
	t.Helper()
	store, err := logkv.Open(context.Background(), device, logkv.Options{
		Durability: durability, RecordBytes: 3000, SnapshotBytes: 60_000, CacheBytes: 20_000,
	})
	require.NoError(t, err)
	db, err := docstore.Open(context.Background(), store, docstore.Options{Name: "tabs", Adapter: "test", Regexp: regexps.Compile,
		Scripts: javascript.New(javascript.Options{}),
	})
	require.NoError(t, err)
	db.UpdateViewsInSteps(5)
	return db
}

func openTab(t *testing.T, device logkv.Device, durability logkv.Durability) *docstore.DB {
	t.Helper()
	db := tab(t, device, durability)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func TestConformanceMemoryFirst(t *testing.T) {
	t.Parallel()
	type opened struct {
		storage *memdevice.Storage
		db      core.Adapter
	}
	databases := map[core.Adapter]*opened{}
	open := func(t *testing.T, o *opened) core.Adapter {
		o.db = tab(t, o.storage.Open(nil), logkv.MemoryFirst)
		databases[o.db] = o
		return o.db
	}
	adaptertest.Run(t, adaptertest.Harness{
		Open: func(t *testing.T, _ string) core.Adapter {
			o := &opened{storage: memdevice.New()}
			t.Cleanup(func() { assert.NoError(t, o.db.Close()) })
			return open(t, o)
		},
		Reopen: func(t *testing.T, db core.Adapter, _ string) core.Adapter {
			require.NoError(t, db.Close())
			return open(t, databases[db])
		},
		Serial: true,
	})
}

func writeOne(t *testing.T, db *docstore.DB, docID string, parent core.Rev, body string) core.BulkResult {
	t.Helper()
	results, err := db.BulkDocs(context.Background(), []*core.Document{{ID: docID, Rev: parent, Body: []byte(body)}}, core.BulkDocsOptions{})
	require.NoError(t, err)
	return results[0]
}

func TestRefreshLetsEachTabSeeTheOther(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	storage := memdevice.New()
	here, there := openTab(t, storage.Open(nil), logkv.MemoryFirst), openTab(t, storage.Open(nil), logkv.Relaxed)
	for i := range 50 { // nobody is given the time to hear of it
		docID := strconv.Itoa(i)
		writeOne(t, here, docID, core.Rev{}, `{}`)
		require.NoError(t, here.Refresh(ctx))
		require.NoError(t, there.Refresh(ctx))
		found, err := there.Get(ctx, docID, core.GetOptions{})
		require.NoError(t, err)
		edited := writeOne(t, there, docID, found.Rev, `{"there":true}`)
		require.NoError(t, here.Refresh(ctx))
		found, err = here.Get(ctx, docID, core.GetOptions{})
		require.NoError(t, err)
		require.Equal(t, edited.Rev, found.Rev)
	}
}

// Two tabs change the same document before either hears of the other. Nobody is told that he has lost; so nobody may lose.
func TestWhatTwoTabsAcknowledgedBecomesAConflict(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	storage := memdevice.New()
	theirs := openTab(t, storage.Open(nil), logkv.Relaxed)
	first := writeOne(t, theirs, "doc", core.Rev{}, `{"v":1}`).Rev
	var injector fault.Injector
	device := storage.Open(injector.Do)
	ours := openTab(t, device, logkv.MemoryFirst)
	device.Watch(func() {})
	injector.At(1, fault.Delay, nil)

	our1 := writeOne(t, ours, "doc", first, `{"ours":1}`)
	require.Nil(t, our1.Err)
	our2 := writeOne(t, ours, "doc", our1.Rev, `{"ours":2}`)
	require.Nil(t, our2.Err)
	require.Nil(t, writeOne(t, ours, "_local/mine", core.Rev{}, `{"local":1}`).Err)
	<-injector.Held()
	their1 := writeOne(t, theirs, "doc", first, `{"theirs":1}`)
	require.Nil(t, their1.Err)
	injector.Release()
	require.NoError(t, ours.Flush(ctx))

	for _, db := range []*docstore.DB{ours, theirs, openTab(t, storage.Open(nil), logkv.Strict)} {
		_, err := db.Changes(ctx, core.ChangesOptions{Since: "3"}, func(*core.Change) error { return nil })
		require.NoError(t, err)
		doc, err := db.Get(ctx, "doc", core.GetOptions{Conflicts: true, Revs: true})
		require.NoError(t, err)
		assert.Equal(t, our2.Rev, doc.Rev)
		assert.Equal(t, `{"ours":2}`, string(doc.Body))
		assert.Equal(t, []core.Rev{their1.Rev}, doc.Conflicts)
		assert.Equal(t, []string{our2.Rev.Hash, our1.Rev.Hash, first.Hash}, doc.Revisions.Hashes)
		between, err := db.Get(ctx, "doc", core.GetOptions{Rev: our1.Rev})
		require.NoError(t, err, "also what was acknowledged and then replaced keeps its body")
		assert.Equal(t, `{"ours":1}`, string(between.Body))
		local, err := db.Get(ctx, "_local/mine", core.GetOptions{})
		require.NoError(t, err)
		assert.Equal(t, "0-1", local.Rev.String())
		report, err := db.Check(ctx)
		require.NoError(t, err)
		assert.Empty(t, report.Problems)
	}
}

// Several tabs write at random, memory first. At the end every revision that was acknowledged is there in all of them, the feeds are the same, and each tab's
// reader of the feed has seen every document at its last sequence, never one number for two documents.
func TestMemoryFirstTabs(t *testing.T) {
	seed := seeds.For(t)
	ctx := context.Background()
	storage := memdevice.New()
	const tabs, writers, writes, docs = 3, 2, 60, 12
	dbs := make([]*docstore.DB, tabs)
	for i := range dbs {
		dbs[i] = openTab(t, storage.Open(nil), logkv.MemoryFirst)
	}
	var mutex sync.Mutex
	acknowledged := map[string][]core.Rev{}
	seen := make([]map[string]string, tabs)   // of each tab's reader: where it saw a document last
	holder := make([]map[string]string, tabs) // and which document it saw at a sequence
	readers, stop := context.WithCancel(ctx)
	var reading, writing sync.WaitGroup
	for i, db := range dbs {
		seen[i], holder[i] = map[string]string{}, map[string]string{}
		reading.Go(func() {
			since := core.Seq("")
			for readers.Err() == nil {
				summary, err := db.Changes(readers, core.ChangesOptions{Since: since, Wait: time.Second}, func(c *core.Change) error {
					seen[i][c.ID] = string(c.Seq)
					if other, taken := holder[i][string(c.Seq)]; taken && other != c.ID {
						return fmt.Errorf("sequence %s is that of %s and of %s", c.Seq, other, c.ID)
					}
					holder[i][string(c.Seq)] = c.ID
					return nil
				})
				if readers.Err() == nil {
					assert.NoError(t, err)
					since = summary.LastSeq
				}
			}
		})
	}
	for n := range tabs * writers {
		random := rand.New(rand.NewPCG(seed, uint64(n)))
		db := dbs[n%tabs]
		writing.Go(func() {
			for i := range writes {
				docID := "doc" + strconv.Itoa(random.IntN(docs))
				doc := &core.Document{ID: docID, Body: fmt.Appendf(nil, `{"by":%d,"n":%d,"pad":"%s"}`, n, i, strings.Repeat("x", random.IntN(800)))}
				if old, err := db.Get(ctx, docID, core.GetOptions{}); err == nil {
					doc.Rev = old.Rev
					doc.Deleted = random.IntN(8) == 0
				}
				results, err := db.BulkDocs(ctx, []*core.Document{doc}, core.BulkDocsOptions{})
				if !assert.NoError(t, err) {
					return
				}
				if results[0].Err == nil {
					mutex.Lock()
					acknowledged[docID] = append(acknowledged[docID], results[0].Rev)
					mutex.Unlock()
				}
				if random.IntN(30) == 0 {
					assert.NoError(t, db.Flush(ctx))
				}
			}
		})
	}
	writing.Wait()
	for _, db := range dbs {
		require.NoError(t, db.Flush(ctx))
	}
	newest, err := dbs[0].Info(ctx)
	require.NoError(t, err)
	for _, db := range dbs { // a reader of the last sequence makes the tab look for what others wrote
		_, err := db.Changes(ctx, core.ChangesOptions{Since: core.Seq(strconv.Itoa(1 << 30))}, func(*core.Change) error { return nil })
		require.NoError(t, err)
		info, err := db.Info(ctx)
		require.NoError(t, err)
		if n, _ := strconv.Atoi(string(info.UpdateSeq)); n > mustAtoi(t, newest.UpdateSeq) {
			newest = info
		}
	}
	feed := func(db *docstore.DB) map[string]string {
		at := map[string]string{}
		changes, _, err := core.ListChanges(ctx, db, core.ChangesOptions{})
		require.NoError(t, err)
		for _, c := range changes {
			at[c.ID] = string(c.Seq)
		}
		return at
	}
	want := feed(dbs[0])
	for i, db := range dbs {
		assert.Equal(t, want, feed(db), "tab %d", i)
		for docID, revs := range acknowledged {
			diff, err := db.RevsDiff(ctx, []core.DocRevs{{ID: docID, Revs: revs}})
			require.NoError(t, err)
			assert.Empty(t, diff, "acknowledged revisions are unknown in tab %d", i)
		}
		report, err := db.Check(ctx)
		require.NoError(t, err)
		assert.Empty(t, report.Problems, "tab %d", i)
	}
	stop()
	reading.Wait()
	for i := range seen {
		// The rest is read as the reader would have read it, had he not been stopped.
		_, err := dbs[i].Changes(ctx, core.ChangesOptions{Since: lastSeen(seen[i])}, func(change *core.Change) error {
			seen[i][change.ID] = string(change.Seq)
			return nil
		})
		assert.NoError(t, err)
		assert.Equal(t, want, seen[i], "what the reader of tab %d has seen", i)
	}
}

func mustAtoi(t *testing.T, seq core.Seq) int {
	t.Helper()
	n, err := strconv.Atoi(string(seq))
	require.NoError(t, err)
	return n
}

func lastSeen(seen map[string]string) core.Seq {
	last := 0
	for _, seq := range seen {
		n, _ := strconv.Atoi(seq)
		last = max(last, n)
	}
	return core.Seq(strconv.Itoa(last))
}

// BenchmarkPutEach awaits puts one by one, in a file-like device that takes half a millisecond for each commit, as IndexedDB does.
func BenchmarkPutEach(b *testing.B) {
	for name, durability := range map[string]logkv.Durability{"relaxed": logkv.Relaxed, "memory first": logkv.MemoryFirst} {
		b.Run(name, func(b *testing.B) {
			ctx := context.Background()
			slow := func(_ context.Context, operation func() error) error {
				time.Sleep(500 * time.Microsecond)
				return operation()
			}
			store, err := logkv.Open(ctx, memdevice.New().Open(slow), logkv.Options{Durability: durability})
			require.NoError(b, err)
			db, err := docstore.Open(ctx, store, docstore.Options{})
			require.NoError(b, err)
			body := []byte(`{"text":"` + strings.Repeat("0123456789", 60) + `"}`)
			n := 0
			for b.Loop() {
				n++
				_, err := db.BulkDocs(ctx, []*core.Document{{ID: fmt.Sprintf("doc%07d", n), Body: body}}, core.BulkDocsOptions{})
				require.NoError(b, err)
			}
			require.NoError(b, db.Close())
		})
	}
}
