//go:build !js

package fetchhttp_test

import (
	"context"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/adapters/fetchhttp"
	"github.com/gouchdb/gouchdb/adapters/memory"
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/adaptertest"
	"github.com/gouchdb/gouchdb/internal/expresspouch"
	"github.com/gouchdb/gouchdb/server"
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

func TestOwnServer(t *testing.T) {
	t.Parallel()
	password := "correct horse"
	hash, err := server.HashPassword(password, 1000)
	require.NoError(t, err)
	handler, err := server.New(server.Options{
		Databases: server.Memory(func(ctx context.Context, name string) (core.Adapter, error) { return memory.Open(ctx, name) }),
		Users:     []server.User{{Name: "ada", PasswordHash: hash, Roles: []string{"_admin"}}},
	})
	require.NoError(t, err)
	running := httptest.NewServer(handler)
	t.Cleanup(func() {
		assert.NoError(t, handler.Close())
		running.Close()
	})
	for name, mode := range map[string]fetchhttp.AuthMode{"basic": fetchhttp.BasicAuth, "cookie": fetchhttp.CookieAuth} {
		t.Run(name, func(t *testing.T) {
			h := harness(running.URL, fetchhttp.Options{User: "ada", Password: password, Auth: mode})
			h.Lacks = []adaptertest.Capability{
				adaptertest.NewIdentity, // a remote database is known by its URL
				adaptertest.LocalSeq,    // a server's sequences are opaque, _local_seq is a plain number: CouchDB's are so, too
			}
			adaptertest.Run(t, h)
		})
	}
}

// TestExpressPouchDB runs the suite against PouchDB behind its own server, which differs from CouchDB in what it lacks here.
func TestExpressPouchDB(t *testing.T) {
	t.Parallel()
	h := harness(expresspouch.Start(t), fetchhttp.Options{})
	h.Lacks = []adaptertest.Capability{
		adaptertest.NewIdentity, // a remote database is known by its URL
		adaptertest.RevisionIDs,
		adaptertest.DeletedStatus,
		adaptertest.LatestIsWinner,
		adaptertest.LeafOrder,
		adaptertest.Offsets,
		adaptertest.Pending,
		adaptertest.DeletedCount,
		adaptertest.LocalSeq,
		adaptertest.LocalRevisions,
		adaptertest.TombstoneConflict,
		adaptertest.BornDeleted,
		adaptertest.BatchRefusal,
		adaptertest.RevsLimit,
		adaptertest.Purge,
		adaptertest.DeepJSON,
		adaptertest.SizeLimit,
		adaptertest.LongIDs,
		adaptertest.DeletedReason,
		adaptertest.DeletedConflicts,
		adaptertest.CleanRefusals,
		adaptertest.InnerKnown,
		adaptertest.WideIDs,
		adaptertest.UnusualIDs,
		adaptertest.SequenceErrors,
		adaptertest.FilteredSequence,
	}
	adaptertest.Run(t, h)
}
