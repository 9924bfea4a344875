package docstore_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/kv/memkv"
)

func openStore(t *testing.T, store kv.Store) *docstore.DB {
	t.Helper()
	db, err := docstore.Open(t.Context(), store, docstore.Options{Name: "test"})
	require.NoError(t, err)
	return db
}

// tamper changes what is stored behind the database's back.
func tamper(t *testing.T, store kv.Store, change func(tx kv.Tx)) {
	t.Helper()
	require.NoError(t, store.Update(t.Context(), func(tx kv.Tx) error {
		change(tx)
		return nil
	}))
}

func value(t *testing.T, tx kv.Tx, key string) []byte {
	t.Helper()
	found, ok, err := tx.Get(t.Context(), []byte(key))
	require.NoError(t, err)
	require.True(t, ok, "%q", key)
	return bytes.Clone(found)
}

// TestCheckFinds damages a database in every way that Check is there for. The document a has sequence 1 and body 2, b has 2 and 3.
func TestCheckFinds(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		change func(t *testing.T, tx kv.Tx)
		want   string
	}{
		{"nothing", func(*testing.T, kv.Tx) {}, ""},
		{"missing body", func(_ *testing.T, tx kv.Tx) { tx.Delete([]byte("b\x01\x02")) }, "1 bodies are missing"},
		{"orphan body", func(_ *testing.T, tx kv.Tx) { tx.Put([]byte("b\x01\x09"), []byte("{}")) }, "body 9 belongs to no document"},
		{"body that is no JSON", func(_ *testing.T, tx kv.Tx) { tx.Put([]byte("b\x01\x02"), []byte("{")) }, `document "a": a body is not a JSON object`},
		{"missing sequence", func(_ *testing.T, tx kv.Tx) { tx.Delete([]byte("s\x01\x01")) }, "the feed has \"\" at its sequence"},
		{"orphan sequence", func(_ *testing.T, tx kv.Tx) { tx.Put([]byte("s\x01\x07"), []byte("a")) }, "2 documents but 3 entries in the feed"},
		{"swapped sequence", func(_ *testing.T, tx kv.Tx) { tx.Put([]byte("s\x01\x01"), []byte("b")) }, "the feed has \"b\" at its sequence"},
		{"missing document", func(_ *testing.T, tx kv.Tx) { tx.Delete([]byte("da")) }, "counted 1 living and 0 deleted documents, but the counters say 2 and 0"},
		{"wrong flag", func(t *testing.T, tx kv.Tx) {
			record := value(t, tx, "da")
			record[0] ^= 1
			tx.Put([]byte("da"), record)
		}, "contrary to its winner"},
		{"shared body", func(t *testing.T, tx kv.Tx) {
			record := value(t, tx, "da")
			record[1] = 2
			tx.Put([]byte("db"), record)
		}, "shares a body with"},
		{"damaged tree", func(t *testing.T, tx kv.Tx) { tx.Put([]byte("da"), value(t, tx, "da")[:9]) }, `document "a": corrupt`},
		{"sequence from the future", func(t *testing.T, tx kv.Tx) {
			record := value(t, tx, "da")
			record[1] = 99
			tx.Put([]byte("da"), record)
		}, "its sequence is not given out yet"},
		{"body from the future", func(t *testing.T, tx kv.Tx) {
			counters := value(t, tx, "m")
			counters[3] = 2
			tx.Put([]byte("m"), counters)
		}, "a body whose number is not given out yet"},
		{"unknown key", func(_ *testing.T, tx kv.Tx) { tx.Put([]byte("zzz"), nil) }, "there is a key that means nothing"},
		{"damaged local document", func(_ *testing.T, tx kv.Tx) { tx.Put([]byte("l_local/x"), []byte{1, '['}) }, `local document "_local/x" cannot be read`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			store := memkv.New()
			db := openStore(t, store)
			require.NoError(t, writeAll(t.Context(), db, false, `{"_id":"a","v":1}`, `{"_id":"b","v":2}`))
			tamper(t, store, func(tx kv.Tx) { c.change(t, tx) })
			report, err := db.Check(t.Context())
			require.NoError(t, err)
			if c.want == "" {
				assert.Empty(t, report.Problems)
				assert.Equal(t, docstore.Report{Documents: 2, Revisions: 2, Bodies: 2}, report)
				return
			}
			assert.Contains(t, strings.Join(report.Problems, "\n"), c.want)
		})
	}
}

// TestDamageIsReported reads damaged data: the error says so, and never invents an answer.
func TestDamageIsReported(t *testing.T) {
	t.Parallel()
	reads := map[string]func(t *testing.T, db *docstore.DB) error{
		"get": func(t *testing.T, db *docstore.DB) error {
			_, err := db.Get(t.Context(), "a", core.GetOptions{})
			return err
		},
		"all docs": func(t *testing.T, db *docstore.DB) error {
			_, _, err := core.ListAllDocs(t.Context(), db, core.AllDocsOptions{IncludeDocs: true})
			return err
		},
		"changes": func(t *testing.T, db *docstore.DB) error {
			_, _, err := core.ListChanges(t.Context(), db, core.ChangesOptions{IncludeDocs: true})
			return err
		},
		"bulk get": func(t *testing.T, db *docstore.DB) error {
			_, err := db.BulkGet(t.Context(), []core.DocRev{{ID: "a"}}, core.BulkGetOptions{})
			return err
		},
	}
	damages := map[string]func(tx kv.Tx){
		"body":   func(tx kv.Tx) { tx.Delete([]byte("b\x01\x02")) },
		"record": func(tx kv.Tx) { tx.Put([]byte("da"), []byte{0, 1, 0xFF}) },
		"head":   func(tx kv.Tx) { tx.Put([]byte("da"), []byte{0}) },
	}
	for damage, change := range damages {
		for name, read := range reads {
			t.Run(damage+"/"+name, func(t *testing.T) {
				t.Parallel()
				store := memkv.New()
				db := openStore(t, store)
				require.NoError(t, writeAll(t.Context(), db, false, `{"_id":"a","v":1}`))
				tamper(t, store, change)
				require.ErrorIs(t, read(t, db), core.ErrCorrupt)
			})
		}
	}
	t.Run("write", func(t *testing.T) {
		t.Parallel()
		store := memkv.New()
		db := openStore(t, store)
		require.NoError(t, writeAll(t.Context(), db, false, `{"_id":"a","v":1}`))
		tamper(t, store, damages["record"])
		require.ErrorIs(t, writeAll(t.Context(), db, true, `{"_id":"a","_rev":"1-x"}`), core.ErrCorrupt)
		tamper(t, store, func(tx kv.Tx) { tx.Delete([]byte("m")) })
		require.ErrorIs(t, writeAll(t.Context(), db, false, `{"_id":"b"}`), core.ErrCorrupt)
	})
}
