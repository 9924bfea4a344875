//go:build js && wasm

package indexeddb

import (
	"context"
	"errors"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/adaptertest"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/kv/kvtest"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/internal/regexps"
	"github.com/gouchdb/gouchdb/javascript"
)

func openDB(t *testing.T, name string) *docstore.DB {
	t.Helper()
	options := Relaxed()
	options.Docs.Regexp = regexps.Compile
	options.Docs.Scripts = javascript.New(javascript.Options{})
	db, err := Open(context.Background(), name, options)
	require.NoError(t, err)
	return db
}

func TestConformance(t *testing.T) {
	prefix := freshName()
	open := map[string]*docstore.DB{} // the one to close in the end
	adaptertest.Run(t, adaptertest.Harness{
		Open: func(t *testing.T, name string) core.Adapter {
			open[name] = openDB(t, prefix+name)
			t.Cleanup(func() {
				assert.NoError(t, open[name].Close())
				assert.NoError(t, deleteDatabase(context.Background(), namePrefix+prefix+name))
			})
			return open[name]
		},
		Reopen: func(t *testing.T, db core.Adapter, name string) core.Adapter {
			require.NoError(t, db.Close())
			open[name] = openDB(t, prefix+name)
			return open[name]
		},
	})
}

func TestStoreConformance(t *testing.T) {
	names := map[kv.Store]string{}
	open := func(t *testing.T, name string) kv.Store {
		store, err := logkv.Open(context.Background(), openDevice(t, name), logkv.Options{Durability: logkv.Relaxed})
		require.NoError(t, err)
		names[store] = name
		return store
	}
	kvtest.Run(t, kvtest.Harness{
		New: func(t *testing.T) kv.Store { return open(t, freshName()) },
		Reopen: func(t *testing.T, store kv.Store) kv.Store {
			require.NoError(t, store.Close())
			return open(t, names[store])
		},
		Another: func(t *testing.T, store kv.Store) kv.Store { return open(t, names[store]) },
	})
}

// Two openings of one database are what two tabs are: their writes interleave, none is lost, and each sees what the other did.
func TestTwoTabs(t *testing.T) {
	name := freshName()
	ctx := t.Context()
	tabs := []*docstore.DB{openDB(t, name), openDB(t, name)}
	const rounds = 20
	failures := make(chan error, len(tabs))
	for n, tab := range tabs {
		go func() {
			var failure error
			for round := range rounds {
				doc := &core.Document{ID: strconv.Itoa(n) + "-" + strconv.Itoa(round), Body: core.EmptyBody}
				_, err := core.Put(ctx, tab, doc)
				failure = errors.Join(failure, err)
			}
			failures <- failure
		}()
	}
	for range tabs {
		require.NoError(t, <-failures)
	}
	for _, tab := range tabs {
		require.NoError(t, tab.Flush(ctx))
		// The other tab's last writes arrive by notice: wait for the change, not for a time.
		seen, since := map[string]bool{}, core.Seq("")
		for len(seen) < len(tabs)*rounds {
			summary, err := tab.Changes(ctx, core.ChangesOptions{Since: since, Wait: answerTimeout}, func(change *core.Change) error {
				assert.False(t, seen[change.ID], "one sequence for each document")
				seen[change.ID] = true
				return nil
			})
			require.NoError(t, err)
			since = summary.LastSeq
		}
		report, err := tab.Check(ctx)
		require.NoError(t, err)
		require.Empty(t, report.Problems)
		require.NoError(t, tab.Close())
	}
}

func TestADatabaseNeedsAName(t *testing.T) {
	_, err := Open(context.Background(), "", Options{})
	require.ErrorIs(t, err, core.ErrBadRequest)
}

func TestRecordedQueries(t *testing.T) {
	adaptertest.RunRecordedQueries(t, func(t *testing.T, _ string) core.Adapter {
		name := freshName()
		db := openDB(t, name)
		t.Cleanup(func() {
			assert.NoError(t, db.Close())
			assert.NoError(t, deleteDatabase(context.Background(), namePrefix+name))
		})
		return db
	})
}

func TestRecordedViews(t *testing.T) {
	adaptertest.RunRecordedViews(t, javascript.New(javascript.Options{}), func(t *testing.T, scripts core.Scripts) core.Adapter {
		name, options := freshName(), Relaxed()
		options.Docs.Scripts = scripts
		db, err := Open(context.Background(), name, options)
		require.NoError(t, err)
		t.Cleanup(func() {
			assert.NoError(t, db.Close())
			assert.NoError(t, deleteDatabase(context.Background(), namePrefix+name))
		})
		return db
	})
}
