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
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/internal/regexps"
	"github.com/gouchdb/gouchdb/javascript"
	"github.com/gouchdb/gouchdb/server"
)

func TestOwnServer(t *testing.T) {
	t.Parallel()
	password := "correct horse"
	hash, err := server.HashPassword(password, 1000)
	require.NoError(t, err)
	handler, err := server.New(server.Options{
		Databases: server.Memory(func(ctx context.Context, name string) (core.Adapter, error) {
			return memory.OpenWith(ctx, docstore.Options{Name: name, Regexp: regexps.Compile, Scripts: javascript.New(javascript.Options{})})
		}),
		Users: []server.User{{Name: "ada", PasswordHash: hash, Roles: []string{"_admin"}}},
	})
	require.NoError(t, err)
	running := httptest.NewServer(handler)
	t.Cleanup(func() {
		assert.NoError(t, handler.Close())
		running.Close()
	})
	t.Run("wrong password", func(t *testing.T) {
		db, err := fetchhttp.Open(t.Context(), running.URL+"/wrong", fetchhttp.Options{User: "ada", Password: "battery", SkipSetup: true})
		require.NoError(t, err)
		for range 20 { // five would lock the account
			_, err = db.Info(t.Context())
			require.ErrorIs(t, err, core.ErrUnauthorized)
		}
		require.NoError(t, db.Close())
		db, err = fetchhttp.Open(t.Context(), running.URL+"/right", fetchhttp.Options{User: "ada", Password: password, Create: true})
		require.NoError(t, err)
		require.NoError(t, db.Destroy(t.Context()))
	})
	for name, mode := range map[string]fetchhttp.AuthMode{"basic": fetchhttp.BasicAuth, "cookie": fetchhttp.CookieAuth} {
		t.Run(name, func(t *testing.T) {
			h := harness(running.URL, fetchhttp.Options{User: "ada", Password: password, Auth: mode})
			h.Lacks = []adaptertest.Capability{
				adaptertest.TemporaryViews, // CouchDB has none either
				adaptertest.NewIdentity,    // a remote database is known by its URL
				adaptertest.LocalSeq,       // a server's sequences are opaque, _local_seq is a plain number: CouchDB's are so, too
			}
			adaptertest.Run(t, h)
		})
	}
}

// TestRecordedQueries asks our server, as a client, what CouchDB was asked.
func TestRecordedQueries(t *testing.T) {
	t.Parallel()
	open := func(t *testing.T, options docstore.Options, name string) core.Adapter {
		handler, err := server.New(server.Options{
			Databases: server.Memory(func(ctx context.Context, name string) (core.Adapter, error) {
				options.Name = name
				return memory.OpenWith(ctx, options)
			}),
			AllowAnonymous: true,
		})
		require.NoError(t, err)
		running := httptest.NewServer(handler)
		t.Cleanup(func() {
			assert.NoError(t, handler.Close())
			running.Close()
		})
		db, err := fetchhttp.Open(t.Context(), running.URL+"/"+name, fetchhttp.Options{Create: true})
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, db.Close()) })
		return db
	}
	t.Run("finds", func(t *testing.T) {
		t.Parallel()
		adaptertest.RunRecordedQueries(t, func(t *testing.T, name string) core.Adapter {
			return open(t, docstore.Options{Regexp: regexps.Compile}, name)
		})
	})
	t.Run("views", func(t *testing.T) {
		t.Parallel()
		adaptertest.RunRecordedViews(t, javascript.New(javascript.Options{}), func(t *testing.T, scripts core.Scripts) core.Adapter {
			return open(t, docstore.Options{Scripts: scripts}, "views")
		})
	})
}
