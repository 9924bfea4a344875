package docstore_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/internal/fault"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/kv/memkv"
	"github.com/gouchdb/gouchdb/javascript"
)

// Whatever fails while a view is brought up to date and reduced by a script, nothing is left half done, and the next query answers.
func TestFaultsInViews(t *testing.T) {
	t.Parallel()
	design := `{"_id":"_design/d","views":{"v":{"map":"function (doc) { emit(doc.n, doc.n) }","reduce":"function (keys, values) { return sum(values) }"}}}`
	for _, kind := range []fault.Kind{fault.Fail, fault.Lose} {
		for n := 1; ; n++ {
			store := &faultyStore{Store: memkv.New()}
			db, err := docstore.Open(t.Context(), store, docstore.Options{Scripts: javascript.New(javascript.Options{})})
			require.NoError(t, err)
			db.UpdateViewsInSteps(30) // one of them is stored while the next is prepared
			var texts []string
			for i := range 100 {
				texts = append(texts, fmt.Sprintf(`{"_id":"doc%d","n":%d}`, i, i))
			}
			require.NoError(t, writeAll(t.Context(), db, false, append(texts, design)...))
			ask := func() (total string, err error) {
				_, err = db.View(t.Context(), "d", "v", core.ViewOptions{}, func(row *core.ViewRow) error {
					total = string(row.Value)
					return nil
				})
				return total, err
			}
			start := store.injector.Count()
			store.injector.At(n, kind, nil)
			total, err := ask()
			disturbed := store.injector.Count()-start >= n
			store.injector.Heal()
			if err == nil {
				require.Equal(t, "4950", total, "fault %d", n)
			} else {
				require.ErrorIs(t, err, fault.ErrInjected, "fault %d", n)
			}
			requireSound(t, db)
			total, err = ask()
			require.NoError(t, err)
			require.Equal(t, "4950", total, "fault %d", n)
			if !disturbed {
				require.Greater(t, n, 100)
				break
			}
			if n > 20 {
				n += 6 // the many rows are much alike
			}
		}
	}
}

// A document that was purged leaves no rows, whatever fails while they are looked for.
func TestFaultsWhileAViewForgetsThePurged(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		store := &faultyStore{Store: memkv.New()}
		db := openStore(t, store)
		v := counted{}
		keys := number(t, db, 20)
		got, err := v.rows(t.Context(), db)
		require.NoError(t, err)
		require.Equal(t, keys, got)
		for _, docID := range []string{"doc01", "doc02", "doc20"} {
			doc, err := db.Get(t.Context(), docID, core.GetOptions{})
			require.NoError(t, err)
			_, err = db.Purge(t.Context(), []core.DocRevs{{ID: docID, Revs: []core.Rev{doc.Rev}}})
			require.NoError(t, err)
		}
		start := store.injector.Count()
		store.injector.At(n, fault.Fail, nil)
		got, err = v.rows(t.Context(), db)
		disturbed := store.injector.Count()-start >= n
		store.injector.Heal()
		if err != nil {
			require.ErrorIs(t, err, fault.ErrInjected, "fault %d", n)
			got, err = v.rows(t.Context(), db)
			require.NoError(t, err)
		}
		require.Equal(t, keys[2:19], got, "fault %d", n)
		requireSound(t, db)
		if !disturbed {
			require.Greater(t, n, 10)
			break
		}
	}
}

// A cleanup that is interrupted is finished by the next one.
func TestInterruptedViewCleanup(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		store := &faultyStore{Store: memkv.New()}
		db, err := docstore.Open(t.Context(), store, docstore.Options{Scripts: javascript.New(javascript.Options{})})
		require.NoError(t, err)
		var texts []string
		for i := range 40 {
			texts = append(texts, fmt.Sprintf(`{"_id":"doc%d"}`, i))
		}
		require.NoError(t, writeAll(t.Context(), db, false, texts...))
		before := len(contents(t, store.Store))
		_, err = db.TemporaryView(t.Context(), "function (doc) { emit(doc._id, '"+strings.Repeat("x", 100)+"') }", "", core.ViewOptions{}, func(*core.ViewRow) error { return nil })
		require.NoError(t, err)
		require.Greater(t, len(contents(t, store.Store)), before)
		start := store.injector.Count()
		store.injector.At(n, fault.Fail, nil)
		err = db.ViewCleanup(t.Context())
		disturbed := store.injector.Count()-start >= n
		store.injector.Heal()
		if disturbed {
			require.ErrorIs(t, err, fault.ErrInjected)
			requireSound(t, db)
			require.NoError(t, db.ViewCleanup(t.Context()))
		}
		require.Len(t, contents(t, store.Store), before, "fault %d", n)
		if !disturbed {
			break
		}
	}
}

// TestCheckFindsDamagedViews damages an index in every way that Check is there for.
func TestCheckFindsDamagedViews(t *testing.T) {
	t.Parallel()
	build := func() (*docstore.DB, kv.Store) {
		store := memkv.New()
		db := openStore(t, store)
		var texts []string
		for i := range 300 {
			texts = append(texts, fmt.Sprintf(`{"_id":"doc%d","n":%d}`, i, i))
		}
		require.NoError(t, writeAll(t.Context(), db, false, texts...))
		rowsOf(t, db, byN("1"))
		return db, store
	}
	keysOf := func(store kv.Store, kind byte) (keys []string) {
		for key := range contents(t, store) {
			if key[0] == 'v' && key[1] != 0 && key[2+int(key[1])] == kind {
				keys = append(keys, key)
			}
		}
		return keys
	}
	db, _ := build()
	requireSound(t, db)
	for want, damage := range map[string]func(store kv.Store, tx kv.Tx){
		"299 rows, but 300 are counted": func(store kv.Store, tx kv.Tx) { tx.Delete([]byte(keysOf(store, 'r')[0])) },
		"a row belongs to no document":  func(store kv.Store, tx kv.Tx) { tx.Delete([]byte(keysOf(store, 'd')[0])) },
		"a row cannot be read":          func(store kv.Store, tx kv.Tx) { tx.Put([]byte(keysOf(store, 'r')[0]), nil) },
		"1 nodes are missing":           func(store kv.Store, tx kv.Tx) { tx.Delete([]byte(keysOf(store, 'n')[0])) },
		"a node too many":               func(store kv.Store, tx kv.Tx) { tx.Put([]byte(keysOf(store, 'n')[0]+"x"), []byte{1, 1, 0}) },
		"rows, but says 0":              func(store kv.Store, tx kv.Tx) { tx.Put([]byte(keysOf(store, 'n')[0]), []byte{1, 0, 0}) },
		"the runs of a node have other rows": func(store kv.Store, tx kv.Tx) {
			node := keysOf(store, 'n')[0]
			tx.Put([]byte(node), []byte(contents(t, store)[node]+"\x01x\x00\x00")) // one of no rows
		},
		"a node cannot be read":               func(store kv.Store, tx kv.Tx) { tx.Put([]byte(keysOf(store, 'n')[0]), nil) },
		"a part of a view that is not there":  func(_ kv.Store, tx kv.Tx) { tx.Put([]byte("v\x01\x07dx"), nil) },
		"the record of a view cannot be read": func(_ kv.Store, tx kv.Tx) { tx.Put([]byte("v\x00\x00short"), nil) },
	} {
		db, store := build()
		require.NoError(t, store.Update(t.Context(), func(tx kv.Tx) error {
			damage(store, tx)
			return nil
		}))
		report, err := db.Check(t.Context())
		require.NoError(t, err)
		assert.Contains(t, strings.Join(report.Problems, "\n"), want)
	}
}
