package docstore_test

import (
	"context"
	"errors"
	"iter"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/internal/fault"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/kv/memkv"
)

// faultyStore lets an injector disturb every read, every step of a scan and every commit.
type faultyStore struct {
	kv.Store
	injector fault.Injector
}

func (s *faultyStore) View(ctx context.Context, read func(kv.Snapshot) error) error {
	return s.Store.View(ctx, func(snapshot kv.Snapshot) error { return read(&faultySnapshot{snapshot, &s.injector}) })
}

func (s *faultyStore) Update(ctx context.Context, write func(kv.Tx) error) error {
	return s.injector.Do(ctx, func() error {
		return s.Store.Update(ctx, func(tx kv.Tx) error {
			if err := write(&faultyTx{faultySnapshot{tx, &s.injector}, tx}); err != nil {
				return err
			}
			return s.injector.Do(ctx, func() error { return nil }) // the commit
		})
	})
}

type faultySnapshot struct {
	kv.Snapshot
	injector *fault.Injector
}

func (s *faultySnapshot) Get(ctx context.Context, key []byte) (value []byte, found bool, err error) {
	err = s.injector.Do(ctx, func() error {
		value, found, err = s.Snapshot.Get(ctx, key)
		return err
	})
	return value, found, err
}

func (s *faultySnapshot) GetMany(ctx context.Context, keys [][]byte) (values [][]byte, err error) {
	err = s.injector.Do(ctx, func() error {
		values, err = s.Snapshot.GetMany(ctx, keys)
		return err
	})
	return values, err
}

func (s *faultySnapshot) Scan(ctx context.Context, r kv.Range) iter.Seq2[kv.Entry, error] {
	return func(yield func(kv.Entry, error) bool) {
		for entry, err := range s.Snapshot.Scan(ctx, r) {
			if failed := s.injector.Do(ctx, func() error { return err }); failed != nil {
				yield(kv.Entry{}, failed)
				return
			}
			if !yield(entry, nil) {
				return
			}
		}
	}
}

type faultyTx struct {
	faultySnapshot
	tx kv.Tx
}

func (t *faultyTx) Put(key, value []byte) { t.tx.Put(key, value) }
func (t *faultyTx) Delete(key []byte)     { t.tx.Delete(key) }

// faultScript is a list of calls, each of which writes or reads all of several documents, or nothing of them.
var faultScript = []struct {
	name string
	call func(ctx context.Context, db *docstore.DB) error
}{
	{"create", func(ctx context.Context, db *docstore.DB) error {
		return writeAll(ctx, db, false, `{"_id":"a","v":1}`, `{"_id":"b","v":1}`, `{"_id":"_local/l","v":1}`)
	}},
	{"edit", func(ctx context.Context, db *docstore.DB) error {
		return writeAll(ctx, db, false, `{"_id":"a","_rev":"1-7a7e4b29f3af401e69b6f86e4c26b727","v":2}`,
			`{"_id":"b","_rev":"1-7a7e4b29f3af401e69b6f86e4c26b727","_deleted":true}`)
	}},
	{"replicate", func(ctx context.Context, db *docstore.DB) error {
		return writeAll(ctx, db, true, `{"_id":"a","_rev":"1-x","v":"x"}`, `{"_id":"c","_rev":"3-c","_revisions":{"start":3,"ids":["c","b","a"]},"v":3}`)
	}},
	{"set the limit", func(ctx context.Context, db *docstore.DB) error { return db.SetRevsLimit(ctx, 2) }},
	{"stem", func(ctx context.Context, db *docstore.DB) error {
		return writeAll(ctx, db, false, `{"_id":"c","_rev":"3-c","v":4}`)
	}},
	{"list", func(ctx context.Context, db *docstore.DB) error {
		_, _, err := core.ListAllDocs(ctx, db, core.AllDocsOptions{IncludeDocs: true})
		return err
	}},
	{"changes", func(ctx context.Context, db *docstore.DB) error {
		_, _, err := core.ListChanges(ctx, db, core.ChangesOptions{IncludeDocs: true, AllLeaves: true, Since: "1", Limit: 1})
		return err
	}},
	{"open", func(ctx context.Context, db *docstore.DB) error {
		_, err := db.OpenRevs(ctx, "a", core.OpenRevsOptions{All: true, WithRevisions: true})
		return err
	}},
	{"compact", func(ctx context.Context, db *docstore.DB) error { return db.Compact(ctx) }},
	{"purge", func(ctx context.Context, db *docstore.DB) error {
		_, err := db.Purge(ctx, []core.DocRevs{{ID: "a", Revs: []core.Rev{{Generation: 1, Hash: "x"}}}, {ID: "nope"}})
		return err
	}},
}

func writeAll(ctx context.Context, db *docstore.DB, replicated bool, texts ...string) error {
	var docs []*core.Document
	for _, text := range texts {
		doc, err := core.ParseDocument([]byte(text))
		if err != nil {
			return err
		}
		docs = append(docs, doc)
	}
	results, err := db.BulkDocs(ctx, docs, core.BulkDocsOptions{Replicated: replicated})
	for _, result := range results {
		if result.Err != nil {
			return result.Err
		}
	}
	return err
}

// TestFaults makes each operation of a script fail in turn. The call reports it, and leaves everything as it was, or everything as it
// should be; after the fault the same call succeeds, and the end is the same as without any fault.
func TestFaults(t *testing.T) {
	t.Parallel()
	type state struct {
		store *faultyStore
		db    *docstore.DB
	}
	open := func() state {
		store := &faultyStore{Store: memkv.New()}
		db, err := docstore.Open(t.Context(), store, docstore.Options{NewUUID: func() string { return "uuid" }})
		require.NoError(t, err)
		return state{store, db}
	}
	play := func(s state, steps int) {
		for _, step := range faultScript[:steps] {
			require.NoError(t, step.call(t.Context(), s.db), step.name)
		}
	}
	for i, step := range faultScript {
		t.Run(step.name, func(t *testing.T) {
			before, after := open(), open()
			play(before, i)
			play(after, i+1)
			disturbed := 0
			for _, kind := range []fault.Kind{fault.Fail, fault.Lose} {
				for n := 1; ; n++ {
					s := open()
					play(s, i)
					start := s.store.injector.Count()
					s.store.injector.At(n, kind, nil)
					err := step.call(t.Context(), s.db)
					if s.store.injector.Count()-start < n {
						require.NoError(t, err)
						break // the call has fewer operations than that
					}
					disturbed++
					require.ErrorIs(t, err, fault.ErrInjected, "fault %d", n)
					s.store.injector.Heal()
					report, err := s.db.Check(t.Context())
					require.NoError(t, err)
					require.Empty(t, report.Problems, "fault %d", n)
					now := contents(t, s.store)
					if same := assert.ObjectsAreEqual(contents(t, before.store), now) || assert.ObjectsAreEqual(contents(t, after.store), now); !same {
						require.Equal(t, contents(t, after.store), now, "fault %d left something half done", n)
					}
				}
			}
			require.Positive(t, disturbed)
		})
	}
}

// contents are all entries of a store.
func contents(t *testing.T, store kv.Store) map[string]string {
	t.Helper()
	all := map[string]string{}
	require.NoError(t, store.View(t.Context(), func(s kv.Snapshot) error {
		for entry, err := range s.Scan(t.Context(), kv.Range{}) {
			require.NoError(t, err)
			all[string(entry.Key)] = string(entry.Value)
		}
		return nil
	}))
	return all
}

// contendedStore is one in which every writer finds that another was first: each write function runs, is undone, and runs again.
type contendedStore struct {
	kv.Store
}

var errContended = errors.New("another writer was first")

func (s *contendedStore) Update(ctx context.Context, write func(kv.Tx) error) error {
	err := s.Store.Update(ctx, func(tx kv.Tx) error {
		if err := write(tx); err != nil {
			return err
		}
		return errContended
	})
	if !errors.Is(err, errContended) {
		return err
	}
	return s.Store.Update(ctx, write)
}
