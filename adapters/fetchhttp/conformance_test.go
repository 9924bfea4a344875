package fetchhttp_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/adapters/fetchhttp"
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/adaptertest"
	"github.com/gouchdb/gouchdb/internal/expresspouch"
)

// harness runs the suite against a server at a URL.
func harness(serverURL string, options fetchhttp.Options) adaptertest.Harness {
	open := func(t *testing.T, name string) core.Adapter {
		creating := options
		creating.Create = true
		db, err := fetchhttp.Open(t.Context(), serverURL+"/"+name, creating)
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, db.Close()) })
		return db
	}
	return adaptertest.Harness{
		Open: func(t *testing.T, name string) core.Adapter {
			db := open(t, name)
			t.Cleanup(func() {
				// Not by db, which the case may have closed, or whose database it may have removed.
				unchecked := options
				unchecked.SkipSetup = true
				last, err := fetchhttp.Open(context.Background(), serverURL+"/"+name, unchecked)
				require.NoError(t, err)
				if err := last.Destroy(context.Background()); err != nil {
					assert.ErrorIs(t, err, core.ErrNoDatabase)
				}
				assert.NoError(t, last.Close())
			})
			return db
		},
		Reopen: func(t *testing.T, db core.Adapter, name string) core.Adapter {
			assert.NoError(t, db.Close())
			return open(t, name)
		},
		Slow: true,
	}
}

// TestExpressPouchDB runs the suite against PouchDB behind its own server, which differs from CouchDB in what it lacks here.
func TestExpressPouchDB(t *testing.T) {
	t.Parallel()
	h := harness(expresspouch.Start(t), fetchhttp.Options{})
	h.Lacks = []adaptertest.Capability{
		adaptertest.NewIdentity, // a remote database is known by its URL
		// PouchDB's semantics.
		adaptertest.AttachmentHistory,
		adaptertest.RevisionIDs,
		adaptertest.DeletedStatus,
		adaptertest.DeletedReason,
		adaptertest.DeletedConflicts,
		adaptertest.LatestIsWinner,
		adaptertest.LeafOrder,
		adaptertest.LocalSeq,
		adaptertest.LocalRevisions,
		adaptertest.TombstoneConflict,
		adaptertest.CleanRefusals,
		adaptertest.InnerKnown,
		adaptertest.WideIDs,
		adaptertest.UnusualIDs,
		// What it does not count, check or limit.
		adaptertest.Offsets,
		adaptertest.Pending,
		adaptertest.DeletedCount,
		adaptertest.SequenceErrors,
		adaptertest.FilteredSequence,
		adaptertest.ServerFilters,
		adaptertest.BatchRefusal,
		adaptertest.SizeLimit,
		// What it does not offer, or cannot bear.
		adaptertest.WholeMango, adaptertest.WholeViews, adaptertest.TemporaryViews,
		adaptertest.RevsLimit,
		adaptertest.Purge,
		adaptertest.DeepJSON,
		adaptertest.LongIDs,
	}
	adaptertest.Run(t, h)
}
