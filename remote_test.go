package gouchdb_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb"
	"github.com/gouchdb/gouchdb/adapters/memory"
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/server"
)

// startServer runs a server with the user "me", whose password is "secret"; hear is told of each request first.
func startServer(t *testing.T, hear func(*http.Request)) (url string) {
	t.Helper()
	hash, err := server.HashPassword("secret", 1)
	require.NoError(t, err)
	handler, err := server.New(server.Options{
		Databases: server.Memory(func(ctx context.Context, name string) (core.Adapter, error) { return memory.Open(ctx, name) }),
		Users:     []server.User{{Name: "me", PasswordHash: hash, Roles: []string{"_admin"}}},
	})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, handler.Close()) })
	listening := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hear(r)
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(listening.Close)
	return listening.URL
}

func TestRemoteOptions(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var requests []*http.Request
	url := startServer(t, func(r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		requests = append(requests, r)
	})
	location := url + "/notes"
	credentials := gouchdb.Options{User: "me", Password: "secret"}
	_, err := gouchdb.Open(t.Context(), location, gouchdb.Options{Create: true})
	require.ErrorIs(t, err, gouchdb.ErrUnauthorized)
	_, err = gouchdb.Open(t.Context(), location, credentials)
	require.ErrorIs(t, err, gouchdb.ErrMissing, "it is not made unless that is asked for")

	create := credentials
	create.Create, create.CookieAuth, create.Header = true, true, map[string]string{"X-From": "a test"}
	requests = nil
	db, err := gouchdb.Open(t.Context(), location, create)
	require.NoError(t, err)
	_, err = db.Put(t.Context(), "a", map[string]any{})
	require.NoError(t, err)
	require.NoError(t, db.Close())
	for _, r := range requests {
		assert.Equal(t, "a test", r.Header.Get("X-From"), r.URL.Path)
		assert.Empty(t, r.Header.Get("Authorization"), "with a cookie, the password goes over the line once")
		assert.Equal(t, r.URL.Path != "/_session", r.Header.Get("Cookie") != "", r.URL.Path)
	}

	db, err = gouchdb.Open(t.Context(), location, credentials)
	require.NoError(t, err, "now it is there")
	_, err = db.Get(t.Context(), "a", gouchdb.GetOptions{})
	require.NoError(t, err)
	require.NoError(t, db.Close())
}

func TestRemoteTimeout(t *testing.T) {
	t.Parallel()
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(silent.Close)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	_, err := gouchdb.Open(ctx, silent.URL+"/notes", gouchdb.Options{Timeout: 50 * time.Millisecond})
	require.ErrorIs(t, err, gouchdb.ErrUnreachable)
	require.NoError(t, ctx.Err())
}

// An option is never left out of account: where it means nothing, it is an error.
func TestOptionsOfOtherKinds(t *testing.T) {
	t.Parallel()
	file := "file:" + filepath.Join(t.TempDir(), "notes")
	for _, options := range []gouchdb.Options{
		{User: "me"}, {Password: "secret"}, {CookieAuth: true}, {Header: map[string]string{}}, {Create: true}, {Timeout: time.Second},
	} {
		for _, location := range []string{"memory:notes", file} {
			_, err := gouchdb.Open(t.Context(), location, options)
			require.ErrorIs(t, err, gouchdb.ErrBadRequest, "%s %+v", location, options)
		}
	}
	for _, options := range []gouchdb.Options{{MaxDocumentSize: 1000}, {AutoCompaction: true}} {
		_, err := gouchdb.Open(t.Context(), "http://127.0.0.1:1/notes", options)
		require.ErrorIs(t, err, gouchdb.ErrBadRequest, "%+v", options)
	}
}
