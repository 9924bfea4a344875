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
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/internal/fault"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/core/kv/logkv/memdevice"
	"github.com/gouchdb/gouchdb/core/kv/memkv"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/internal/seeds"
	"github.com/gouchdb/gouchdb/javascript"
)

// byN emits n of each document, and counts.
func byN(version string) *docstore.View {
	return &docstore.View{
		Name: "by n", Version: version, Reduce: "_sum",
		Map: func(doc *core.Document, emit func(key, value []byte)) error {
			for range len(rawjson.Member(doc.Body, "twice"))/4 + 1 {
				emit(rawjson.Member(doc.Body, "n"), []byte("1"))
			}
			return nil
		},
	}
}

// rowsOf returns the rows of a view in Go, as it emitted them.
func rowsOf(t testing.TB, db *docstore.DB, view *docstore.View) []string {
	t.Helper()
	rows, err := tryRows(t.Context(), db, view)
	require.NoError(t, err)
	return rows
}

func tryRows(ctx context.Context, db *docstore.DB, view *docstore.View) (rows []string, err error) {
	_, err = db.QueryView(ctx, view, core.ViewOptions{Reduce: new(bool)}, func(row *core.ViewRow) error {
		rows = append(rows, row.ID+" "+string(row.Key)+" "+string(row.Value))
		return nil
	})
	return rows, err
}

func totalOf(t testing.TB, db *docstore.DB, view *docstore.View) string {
	t.Helper()
	total := "0"
	_, err := db.QueryView(t.Context(), view, core.ViewOptions{}, func(row *core.ViewRow) error {
		total = string(row.Value)
		return nil
	})
	require.NoError(t, err)
	return total
}

// edits are random writes: edits, deletions, conflicts and purges.
type edits struct {
	random *rand.Rand
	db     *docstore.DB
}

func (e *edits) one(ctx context.Context) error {
	docID := "doc" + strconv.Itoa(e.random.IntN(60))
	body := []byte(`{"n":` + strconv.Itoa(e.random.IntN(20)) + `}`)
	if e.random.IntN(5) == 0 {
		body = []byte(`{"n":` + strconv.Itoa(e.random.IntN(20)) + `,"twice":true}`)
	}
	doc := &core.Document{ID: docID, Body: body}
	old, err := e.db.Get(ctx, docID, core.GetOptions{})
	if err == nil {
		doc.Rev = old.Rev
	}
	switch e.random.IntN(8) {
	case 0:
		doc.Deleted = true
	case 1:
		if err == nil {
			_, err := e.db.Purge(ctx, []core.DocRevs{{ID: docID, Revs: []core.Rev{old.Rev}}})
			return err
		}
	case 2:
		doc.Rev = core.Rev{Generation: 1 + uint64(e.random.IntN(3)), Hash: fmt.Sprintf("%016x", e.random.Uint64())}
		_, err := e.db.BulkDocs(ctx, []*core.Document{doc}, core.BulkDocsOptions{Replicated: true})
		return err
	}
	_, err = e.db.BulkDocs(ctx, []*core.Document{doc}, core.BulkDocsOptions{}) // some are conflicts
	return err
}

// A view that is brought up to date now and then is the same as one that is made anew.
func TestViewsOfAnyHistory(t *testing.T) {
	t.Parallel()
	seed := seeds.For(t)
	db := openStore(t, memkv.New())
	e := edits{rand.New(rand.NewPCG(seed, 0)), db}
	for round := range 40 {
		for range 1 + e.random.IntN(30) {
			require.NoError(t, e.one(t.Context()))
		}
		rows := rowsOf(t, db, byN("kept"))
		require.Equal(t, rowsOf(t, db, byN(strconv.Itoa(round))), rows, "seed %d, round %d", seed, round)
		require.Equal(t, strconv.Itoa(len(rows)), totalOf(t, db, byN("kept")), "seed %d, round %d", seed, round)
	}
	requireSound(t, db)
}

// Several tabs write and query; each sees at least its own writes, and at the end all see the same, which is right.
func TestViewsInSeveralTabs(t *testing.T) {
	for name, durability := range map[string]logkv.Durability{"relaxed": logkv.Relaxed, "memory first": logkv.MemoryFirst} {
		t.Run(name, func(t *testing.T) {
			seed := seeds.For(t)
			ctx := context.Background()
			storage := memdevice.New()
			var dbs []*docstore.DB
			for range 3 {
				dbs = append(dbs, openTab(t, storage.Open(nil), durability))
			}
			var group sync.WaitGroup
			for i, db := range dbs {
				e := edits{rand.New(rand.NewPCG(seed, uint64(i))), db}
				group.Go(func() {
					for n := range 25 {
						assert.NoError(t, e.one(ctx), "seed %d", seed)
						docID := fmt.Sprintf("own%d-%d", i, n)
						_, err := core.Put(ctx, db, &core.Document{ID: docID, Body: []byte(`{"n":1}`)})
						assert.NoError(t, err)
						rows, err := tryRows(ctx, db, byN("1"))
						assert.NoError(t, err)
						assert.Contains(t, rows, docID+" 1 1", "seed %d", seed)
					}
				})
			}
			group.Wait()
			for _, db := range dbs {
				require.NoError(t, db.Flush(ctx))
			}
			fresh := openTab(t, storage.Open(nil), logkv.Strict)
			requireSound(t, fresh)
			require.Equal(t, rowsOf(t, fresh, byN("another")), rowsOf(t, fresh, byN("1")), "seed %d", seed)
		})
	}
}

// What is acknowledged but not stored yet gets into a view only when it is stored: another tab may come first, and then it gets another sequence.
func TestViewsKnowOnlyWhatIsStored(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	storage := memdevice.New()
	theirs := openTab(t, storage.Open(nil), logkv.Relaxed)
	writeOne(t, theirs, "first", core.Rev{}, `{"n":1}`)
	var injector fault.Injector
	device := storage.Open(injector.Do)
	ours := openTab(t, device, logkv.MemoryFirst)
	device.Watch(func() {})
	require.Equal(t, []string{"first 1 1"}, rowsOf(t, ours, byN("1")))

	injector.At(1, fault.Delay, nil)
	require.Nil(t, writeOne(t, ours, "ours", core.Rev{}, `{"n":2}`).Err)
	<-injector.Held()
	answer := make(chan []string)
	go func() {
		rows, err := tryRows(ctx, ours, byN("1"))
		assert.NoError(t, err)
		answer <- rows
	}()
	require.Nil(t, writeOne(t, theirs, "theirs", core.Rev{}, `{"n":3}`).Err)
	require.Equal(t, []string{"first 1 1", "theirs 3 1"}, rowsOf(t, theirs, byN("1")), "their view has the sequence that our document had")
	injector.Release()
	require.Subset(t, <-answer, []string{"first 1 1", "ours 2 1"})
	require.NoError(t, ours.Flush(ctx))
	all := []string{"first 1 1", "ours 2 1", "theirs 3 1"}
	require.Equal(t, all, rowsOf(t, ours, byN("1")))
	fresh := openTab(t, storage.Open(nil), logkv.Strict)
	require.Equal(t, all, rowsOf(t, fresh, byN("1")))
	requireSound(t, fresh)
}

// After a crash a view is what it was at some moment, never ahead of the documents.
func TestViewsAfterACrash(t *testing.T) {
	t.Parallel()
	seed := seeds.For(t)
	random := rand.New(rand.NewPCG(seed, 0))
	for round := range 15 {
		storage := memdevice.New()
		var injector fault.Injector
		db := tab(t, storage.Open(injector.Do), []logkv.Durability{logkv.Relaxed, logkv.MemoryFirst}[round%2])
		e := edits{random, db}
		injector.At(1+random.IntN(60), []fault.Kind{fault.Cut, fault.CutAfter}[random.IntN(2)], nil)
		for range 60 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			err := e.one(ctx)
			if err == nil && random.IntN(3) == 0 {
				_, err = tryRows(ctx, db, byN("1"))
			}
			cancel()
			if err != nil {
				break
			}
		}
		crashed := storage.Clone()
		_ = db.Close() // may complain that it cannot store
		again := openTab(t, crashed.Open(nil), logkv.Strict)
		requireSound(t, again)
		require.Equal(t, rowsOf(t, again, byN("2")), rowsOf(t, again, byN("1")), "seed %d, round %d", seed, round)
		requireSound(t, again)
	}
}

// Documents that emit much are indexed in several steps, and none is passed over.
func TestViewsOfMuch(t *testing.T) {
	t.Parallel()
	db := openStore(t, memkv.New())
	var texts []string
	for i := range 300 {
		texts = append(texts, fmt.Sprintf(`{"_id":"doc%d","n":%d}`, i, i), fmt.Sprintf(`{"_id":"gone%d","_deleted":true}`, i))
	}
	require.NoError(t, writeAll(t.Context(), db, false, texts...))
	much := []byte(`"` + strings.Repeat("x", 100_000) + `"`)
	view := &docstore.View{Name: "much", Reduce: "_count", Map: func(doc *core.Document, emit func(key, value []byte)) error {
		emit(rawjson.Member(doc.Body, "n"), much)
		return nil
	}}
	assert.Equal(t, "300", totalOf(t, db, view))
	assert.Len(t, rowsOf(t, db, view), 300)
	requireSound(t, db)
}

func TestViewsWithoutScripts(t *testing.T) {
	t.Parallel()
	db := openStore(t, memkv.New())
	require.NoError(t, writeAll(t.Context(), db, false, `{"_id":"a"}`, `{"_id":"_design/d","views":{"v":{"map":"function (doc) { emit(1) }"}}}`))
	_, err := db.View(t.Context(), "d", "v", core.ViewOptions{}, nil)
	require.ErrorIs(t, err, core.ErrNotImplemented)
	require.ErrorContains(t, err, "JavaScript cannot run here")
	_, err = db.ViewInfo(t.Context(), "d")
	require.NoError(t, err)
}

func TestMapErrorsAreReported(t *testing.T) {
	t.Parallel()
	var reported []docstore.MapError
	db, err := docstore.Open(t.Context(), memkv.New(), docstore.Options{
		Scripts:    javascript.New(javascript.Options{}),
		OnMapError: func(e docstore.MapError) { reported = append(reported, e) },
	})
	require.NoError(t, err)
	require.NoError(t, writeAll(t.Context(), db, false, `{"_id":"a"}`, `{"_id":"b","bad":true}`,
		`{"_id":"_design/d","views":{"v":{"map":"function (doc) { if (doc.bad) throw new Error('boom'); emit(1) }"}}}`))
	summary, err := db.View(t.Context(), "d", "v", core.ViewOptions{}, func(*core.ViewRow) error { return nil })
	require.NoError(t, err)
	assert.Equal(t, uint64(1), summary.TotalRows)
	require.Len(t, reported, 1)
	assert.Equal(t, "d v b", reported[0].DesignDoc+" "+reported[0].View+" "+reported[0].DocID)
	assert.ErrorContains(t, reported[0].Err, "boom")
}
