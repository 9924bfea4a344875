//go:build js && wasm

package indexeddb

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/adapters/memory"
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/replication"
	"github.com/gouchdb/gouchdb/internal/leaktest"
	"github.com/gouchdb/gouchdb/internal/safejs"
)

// TestThousandsOfLiveReplicationsLeaveNothing begins and ends live replications from a database in IndexedDB, and makes a change now and then, which takes a transaction.
func TestThousandsOfLiveReplicationsLeaveNothing(t *testing.T) {
	target, err := memory.Open(t.Context(), "")
	require.NoError(t, err)
	source := openDB(t, freshName())
	rev, cycles := core.Rev{}, 0
	leaktest.Run(t, leaktest.Cycles, func() {
		if cycles++; cycles%50 == 0 {
			rev, err = core.Put(t.Context(), source, &core.Document{ID: "a", Rev: rev, Body: []byte(`{}`)})
			require.NoError(t, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		_, err := replication.Run(ctx, source, target, replication.Options{Live: true, Checkpoint: replication.CheckpointNone, OnEvent: func(event replication.Event) {
			if event.Type == replication.EventPaused {
				cancel()
			}
		}})
		require.ErrorIs(t, err, context.Canceled)
	}, safejs.Live)
	require.NoError(t, source.Close())
	require.NoError(t, target.Close())
}

// TestOpeningLeavesNothing opens and closes a database many times.
func TestOpeningLeavesNothing(t *testing.T) {
	name := freshName()
	leaktest.Run(t, leaktest.Cycles/20, func() { require.NoError(t, openDB(t, name).Close()) }, safejs.Live)
}
