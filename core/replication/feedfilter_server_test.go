//go:build !js

package replication_test

import (
	"context"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/adapters/fetchhttp"
	"github.com/gouchdb/gouchdb/adapters/memory"
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/server"
)

func init() {
	places["remote"] = func(t *testing.T) core.Adapter {
		handler, err := server.New(server.Options{
			Databases: server.Memory(func(ctx context.Context, name string) (core.Adapter, error) {
				return memory.OpenWith(ctx, docstore.Options{Name: name, Scripts: remainders})
			}),
			AllowAnonymous: true,
		})
		require.NoError(t, err)
		running := httptest.NewServer(handler)
		db, err := fetchhttp.Open(t.Context(), running.URL+"/db", fetchhttp.Options{Create: true})
		require.NoError(t, err)
		t.Cleanup(func() {
			assert.NoError(t, db.Close())
			handler.Drain()
			running.Close()
			assert.NoError(t, handler.Close())
		})
		return db
	}
}
