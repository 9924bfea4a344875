package docstore_test

import (
	"context"
	"errors"
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
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/internal/fault"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/kv/kvtest"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/core/kv/logkv/memdevice"
	"github.com/gouchdb/gouchdb/core/kv/memkv"
	"github.com/gouchdb/gouchdb/internal/regexps"
	"github.com/gouchdb/gouchdb/internal/seeds"
)

const indexOfN = `{"index":{"fields":["n"]},"ddoc":"numbers","name":"n"}`

func queryDB(t *testing.T, store kv.Store) *docstore.DB {
	t.Helper()
	db, err := docstore.Open(t.Context(), store, docstore.Options{Regexp: regexps.Compile})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// numbered writes documents with a number, in place of what was there.
func numbered(t *testing.T, db *docstore.DB, from, to int, number func(i int) int) {
	t.Helper()
	var docs []*core.Document
	for i := from; i < to; i++ {
		docID := fmt.Sprintf("doc%04d", i)
		doc := &core.Document{ID: docID, Body: []byte(`{"n":` + strconv.Itoa(number(i)) + `}`)}
		if current, err := db.Get(context.Background(), docID, core.GetOptions{}); err == nil {
			doc.Rev = current.Rev
		}
		docs = append(docs, doc)
	}
	_, err := db.BulkDocs(context.Background(), docs, core.BulkDocsOptions{})
	require.NoError(t, err)
}

func found(t *testing.T, db *docstore.DB, request string) []string {
	t.Helper()
	ids := []string{}
	_, err := db.Find(context.Background(), []byte(request), func(doc []byte) error {
		ids = append(ids, string(doc))
		return nil
	})
	require.NoError(t, err, request)
	return ids
}

// Tabs write and delete while each of them builds indexes, which are made and unmade. At the end entries and documents agree.
func TestIndexesAreBuiltWhileOthersWrite(t *testing.T) {
	for name, durability := range map[string]logkv.Durability{"relaxed": logkv.Relaxed, "memory first": logkv.MemoryFirst} {
		t.Run(name, func(t *testing.T) {
			kvtest.CheckGoroutines(t)
			seed := seeds.For(t)
			storage := memdevice.New()
			const tabs, docs, rounds = 3, 60, 40
			var dbs []*docstore.DB
			for range tabs {
				db := openTab(t, storage.Open(nil), durability)
				db.BuildInSteps(3)
				dbs = append(dbs, db)
			}
			numbered(t, dbs[0], 0, docs, func(i int) int { return i })
			_, err := dbs[0].CreateIndex(t.Context(), []byte(indexOfN))
			require.NoError(t, err)
			var writing sync.WaitGroup
			for i, db := range dbs {
				writing.Go(func() {
					random := rand.New(rand.NewPCG(seed, uint64(i)))
					for round := range rounds {
						from := random.IntN(docs)
						numbered(t, db, from, min(from+1+random.IntN(5), docs+5), func(int) int { return random.IntN(docs) })
						switch name := strconv.Itoa(random.IntN(3)); random.IntN(6) {
						case 0:
							_, err := db.CreateIndex(context.Background(), []byte(`{"index":{"fields":["n","_id"]},"ddoc":"more","name":"`+name+`"}`))
							assert.NoError(t, err)
						case 1:
							if err := db.DeleteIndex(context.Background(), "more", name); err != nil {
								assert.ErrorIs(t, err, core.ErrMissing)
							}
						case 2:
							doc, err := db.Get(context.Background(), fmt.Sprintf("doc%04d", from), core.GetOptions{})
							if err == nil {
								_, err = db.Purge(context.Background(), []core.DocRevs{{ID: doc.ID, Revs: []core.Rev{doc.Rev}}})
							}
							assert.True(t, err == nil || errors.Is(err, core.ErrMissing), "%v", err)
						}
						if round%10 == 0 {
							requireSound(t, db)
						}
					}
				})
			}
			writing.Wait()
			for _, db := range dbs {
				require.NoError(t, db.Flush(t.Context()))
			}
			last := openTab(t, storage.Open(nil), durability)
			all := found(t, last, `{"selector":{"_id":{"$gt":null}},"fields":["_id"],"limit":1000}`)
			assert.ElementsMatch(t, all, found(t, last, `{"selector":{"n":{"$gt":null}},"fields":["_id"],"limit":1000,"use_index":"numbers"}`))
			requireSound(t, last)
			progress, err := last.IndexProgress(t.Context())
			require.NoError(t, err)
			for _, p := range progress {
				assert.NotEqual(t, "_design/numbers", p.DesignDoc, "it was found with")
			}
		})
	}
}

// Each operation of building an index fails in turn. The find that waits for it says so; after the fault the next one finds everything.
func TestFaultsWhileAnIndexIsBuilt(t *testing.T) {
	t.Parallel()
	const request = `{"selector":{"n":{"$gte":20}},"fields":["_id"],"sort":["n"],"limit":100}`
	failures := 0
	for n := 1; ; n++ {
		store := &faultyStore{Store: memkv.New()}
		db := queryDB(t, store)
		db.BuildInSteps(7)
		numbered(t, db, 0, 40, func(i int) int { return 39 - i })
		before := store.injector.Count()
		store.injector.At(n, fault.Fail, nil)
		_, err := db.CreateIndex(t.Context(), []byte(indexOfN))
		if err != nil {
			require.ErrorIs(t, err, fault.ErrInjected)
		}
		_, findErr := db.Find(t.Context(), []byte(request), func([]byte) error { return nil })
		if findErr != nil {
			require.ErrorIs(t, findErr, fault.ErrInjected)
			failures++
		}
		reached := store.injector.Count()-before >= n
		store.injector.Heal()
		_, err = db.CreateIndex(t.Context(), []byte(indexOfN))
		require.NoError(t, err)
		docs := found(t, db, request)
		require.Len(t, docs, 20, "fault %d", n)
		require.Equal(t, `{"_id":"doc0019"}`, docs[0])
		requireSound(t, db)
		if !reached {
			break
		}
	}
	assert.Greater(t, failures, 10)
}

// What a process had built when it died is not built again.
func TestBuildingGoesOnAfterACrash(t *testing.T) {
	t.Parallel()
	storage := memdevice.New()
	var injector fault.Injector
	db := tab(t, storage.Open(injector.Do), logkv.Strict)
	db.BuildInSteps(10)
	numbered(t, db, 0, 100, func(i int) int { return i })
	_, err := db.CreateIndex(t.Context(), []byte(indexOfN))
	require.NoError(t, err)
	injector.At(4, fault.Cut, nil)
	_, err = db.Find(t.Context(), []byte(`{"selector":{"n":1}}`), func([]byte) error { return nil })
	require.Error(t, err)
	storage.Crash()

	reopened := openTab(t, storage.Open(nil), logkv.Strict)
	progress, err := reopened.IndexProgress(t.Context())
	require.NoError(t, err)
	if len(progress) > 0 { // it goes on at once
		assert.GreaterOrEqual(t, progress[0].Done, uint64(10))
		assert.Equal(t, uint64(101), progress[0].Total)
	}
	assert.Len(t, found(t, reopened, `{"selector":{"n":{"$gte":0}},"limit":1000}`), 100)
	requireSound(t, reopened)
	progress, err = reopened.IndexProgress(t.Context())
	require.NoError(t, err)
	assert.Empty(t, progress)
}

// gatedStore holds up whoever builds an index.
type gatedStore struct {
	kv.Store
	gate chan struct{}
	came chan struct{} // gets a value when somebody is held up
}

func gated() *gatedStore {
	return &gatedStore{Store: memkv.New(), gate: make(chan struct{}), came: make(chan struct{}, 1)}
}

func (s *gatedStore) ViewSettled(ctx context.Context, read func(kv.Snapshot) error) error {
	select {
	case s.came <- struct{}{}:
	default:
	}
	select {
	case <-s.gate:
		return s.View(ctx, read)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// A find that waits for an index obeys its context, and the end of the database.
func TestAFindThatWaits(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(t *testing.T, cancel context.CancelFunc, db *docstore.DB) error{
		"context": func(_ *testing.T, cancel context.CancelFunc, _ *docstore.DB) error { cancel(); return context.Canceled },
		"closed": func(t *testing.T, _ context.CancelFunc, db *docstore.DB) error {
			require.NoError(t, db.Close())
			return core.ErrClosed
		},
	} {
		t.Run(name, func(t *testing.T) {
			store := gated()
			db := queryDB(t, store)
			numbered(t, db, 0, 10, func(i int) int { return i })
			_, err := db.CreateIndex(t.Context(), []byte(indexOfN))
			require.NoError(t, err)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			failed := make(chan error, 1)
			go func() {
				_, err := db.Find(ctx, []byte(`{"selector":{"n":1}}`), func([]byte) error { return nil })
				failed <- err
			}()
			<-store.came
			want := end(t, cancel, db)
			require.ErrorIs(t, <-failed, want)
		})
	}
}

// A request that does not want to wait is answered all the same: without the index, or from as much of it as there is when it insists on it.
func TestAFindThatDoesNotWait(t *testing.T) {
	t.Parallel()
	store := gated()
	db := queryDB(t, store)
	numbered(t, db, 0, 10, func(i int) int { return i })
	_, err := db.CreateIndex(t.Context(), []byte(indexOfN))
	require.NoError(t, err)
	<-store.came
	require.Len(t, found(t, db, `{"selector":{"n":{"$gte":0}},"update":false}`), 10)
	require.Len(t, found(t, db, `{"selector":{"n":{"$gte":0}},"stale":"ok"}`), 10)
	require.Empty(t, found(t, db, `{"selector":{"n":{"$gte":0}},"update":false,"use_index":"numbers","allow_fallback":false}`))
	progress, err := db.IndexProgress(t.Context())
	require.NoError(t, err)
	require.Len(t, progress, 1)
	require.Less(t, time.Since(progress[0].Began), time.Minute)
	require.Equal(t, []docstore.IndexProgress{{
		DesignDoc: "_design/numbers", Name: "n", Done: 0, Total: 11, Began: progress[0].Began, Updated: progress[0].Updated,
	}}, progress)
	close(store.gate)
	require.Len(t, found(t, db, `{"selector":{"n":{"$gte":0}},"use_index":"numbers","allow_fallback":false}`), 10)
}

// meddlingStore lets others write between the moment when whoever builds an index has read documents and the moment when he puts their entries in.
type meddlingStore struct {
	kv.Store
	meddle func()
}

func (s *meddlingStore) ViewSettled(ctx context.Context, read func(kv.Snapshot) error) error {
	err := s.View(ctx, read)
	s.meddle()
	return err
}

func TestDocumentsThatChangeWhileTheyAreIndexed(t *testing.T) {
	t.Parallel()
	store := &meddlingStore{Store: memkv.New(), meddle: func() {}}
	db := queryDB(t, store)
	db.BuildInSteps(4)
	numbered(t, db, 0, 20, func(i int) int { return i })
	round := 0
	store.meddle = func() {
		if round++; round > 4 {
			return
		}
		first := 4 * (round - 1) // of those that were just read
		numbered(t, db, first, first+1, func(int) int { return 100 + round })
		for i, forget := range []func(doc *core.Document) error{
			func(doc *core.Document) error {
				_, err := core.Delete(context.Background(), db, doc.ID, doc.Rev)
				return err
			},
			func(doc *core.Document) error {
				_, err := db.Purge(context.Background(), []core.DocRevs{{ID: doc.ID, Revs: []core.Rev{doc.Rev}}})
				return err
			},
		} {
			doc, err := db.Get(context.Background(), fmt.Sprintf("doc%04d", first+1+i), core.GetOptions{})
			assert.NoError(t, err)
			assert.NoError(t, forget(doc))
		}
	}
	_, err := db.CreateIndex(t.Context(), []byte(indexOfN))
	require.NoError(t, err)
	require.Len(t, found(t, db, `{"selector":{"n":{"$gte":0}},"fields":["n"],"limit":100,"use_index":"numbers"}`), 12)
	require.GreaterOrEqual(t, round, 5)
	requireSound(t, db)
}

// An index whose design document cannot be committed for now is not built, and nobody waits for it.
func TestAFindWithoutStorage(t *testing.T) {
	t.Parallel()
	storage := memdevice.New()
	var injector fault.Injector
	db := tab(t, storage.Open(injector.Do), logkv.MemoryFirst)
	numbered(t, db, 0, 10, func(i int) int { return i })
	require.NoError(t, db.Flush(t.Context()))
	for n := range 1000 {
		injector.At(n+1, fault.Fail, core.ErrStorageFull)
	}
	_, err := db.CreateIndex(t.Context(), []byte(indexOfN))
	require.NoError(t, err, "it is acknowledged")
	require.Len(t, found(t, db, `{"selector":{"n":{"$gte":0}}}`), 10)
	injector.Heal()
	require.NoError(t, db.Flush(t.Context()))
	require.Len(t, found(t, db, `{"selector":{"n":{"$gte":0}},"use_index":"numbers","allow_fallback":false}`), 10)
	requireSound(t, db)
	require.NoError(t, db.Close())
}

// A database that was opened without an engine for patterns does not keep an index that has one; a database that has an engine makes it again.
func TestIndexesWithPatternsNeedAnEngine(t *testing.T) {
	t.Parallel()
	store := &survivor{Store: memkv.New()}
	with := queryDB(t, store)
	numbered(t, with, 0, 10, func(i int) int { return i })
	_, err := with.CreateIndex(t.Context(), []byte(`{"index":{"fields":["n"],"partial_filter_selector":{"_id":{"$regex":"[0-4]$"}}},"ddoc":"low","name":"n"}`))
	require.NoError(t, err)
	const request = `{"selector":{"n":{"$gte":0}},"fields":["_id"],"use_index":"low"}`
	require.Len(t, found(t, with, request), 5)
	requireSound(t, with)

	without, err := docstore.Open(t.Context(), store, docstore.Options{})
	require.NoError(t, err)
	_, err = without.Find(t.Context(), []byte(`{"selector":{"n":{"$regex":"x"}}}`), func([]byte) error { return nil })
	require.ErrorIs(t, err, core.ErrNotImplemented)
	numbered(t, without, 0, 1, func(int) int { return 77 })
	require.Len(t, found(t, without, request), 10, "it has no such index")
	requireSound(t, without)
	require.NoError(t, without.Close())

	again := queryDB(t, store)
	docs := found(t, again, request)
	require.Len(t, docs, 5)
	require.Equal(t, `{"_id":"doc0000"}`, docs[4])
	requireSound(t, again)
}

// Check finds entries that should not be, that are missing, and that tell other values.
func TestCheckOfIndexes(t *testing.T) {
	t.Parallel()
	store := memkv.New()
	db := queryDB(t, store)
	numbered(t, db, 0, 3, func(i int) int { return i })
	_, err := db.CreateIndex(t.Context(), []byte(indexOfN))
	require.NoError(t, err)
	require.Len(t, found(t, db, `{"selector":{"n":{"$gte":0}}}`), 3)
	var keys, values [][]byte
	require.NoError(t, store.View(t.Context(), func(s kv.Snapshot) error {
		for entry, err := range s.Scan(t.Context(), kv.Range{From: []byte("x"), To: []byte("y")}) {
			require.NoError(t, err)
			keys, values = append(keys, append([]byte(nil), entry.Key...)), append(values, append([]byte(nil), entry.Value...))
		}
		return nil
	}))
	require.Len(t, keys, 3)
	for want, tamper := range map[string]func(kv.Tx){
		"contrary to its definition": func(tx kv.Tx) { tx.Delete(keys[0]) },
		"has other values":           func(tx kv.Tx) { tx.Put(keys[0], []byte("[0.0]")) },
		"has 4 entries, but should":  func(tx kv.Tx) { tx.Put(append(keys[0][:len(keys[0]):len(keys[0])], 'z'), nil) },
		"that is not defined":        func(tx kv.Tx) { tx.Put([]byte("x\x01\xffz"), nil) },
		"cannot be read":             func(tx kv.Tx) { tx.Put([]byte("i"), []byte{7, 200}) },
	} {
		undo := contents(t, store)
		require.NoError(t, store.Update(t.Context(), func(tx kv.Tx) error { tamper(tx); return nil }))
		report, err := db.Check(t.Context())
		require.NoError(t, err)
		require.Contains(t, strings.Join(report.Problems, "\n"), want)
		require.NoError(t, store.Update(t.Context(), func(tx kv.Tx) error {
			for key := range contents(t, store) {
				tx.Delete([]byte(key))
			}
			for key, value := range undo {
				tx.Put([]byte(key), []byte(value))
			}
			return nil
		}))
		requireSound(t, db)
	}
	require.Equal(t, [][]byte{nil, nil, nil}, [][]byte{nilIfEmpty(values[0]), nilIfEmpty(values[1]), nilIfEmpty(values[2])})
}

func nilIfEmpty(value []byte) []byte {
	if len(value) == 0 {
		return nil
	}
	return value
}
