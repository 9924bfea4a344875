//go:build !js

package fetchhttp

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
)

// serve opens the database "notes" of a server that is nothing but handler.
func serve(t *testing.T, handler http.HandlerFunc, options Options) *DB {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	options.SkipSetup = true
	db, err := Open(t.Context(), server.URL+"/notes", options)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	return db
}

func TestNativeRequests(t *testing.T) {
	t.Parallel()
	db := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		assert.Empty(t, r.TransferEncoding, "a proxy may refuse chunks")
		assert.Equal(t, strconv.Itoa(len(body)), r.Header.Get("Content-Length"), "%s %s", r.Method, r.URL)
		assert.Empty(t, r.Header.Get("Content-Encoding"))
		user, password, _ := r.BasicAuth()
		assert.Equal(t, []string{"ada", "sécret"}, []string{user, password})
		switch r.RequestURI {
		case "/notes/_bulk_docs":
			assert.JSONEq(t, `{"docs":[{"_id":"ü","v":1}]}`, string(body))
			w.WriteHeader(http.StatusCreated)
			_, _ = io.WriteString(w, `[{"ok":true,"id":"ü","rev":"1-a"}]`)
		case "/notes":
			assert.Equal(t, http.MethodPut, r.Method)
			w.WriteHeader(http.StatusCreated)
			_, _ = io.WriteString(w, `{"ok":true}`)
		default:
			assert.Fail(t, "unexpected", r.RequestURI)
		}
	}, Options{User: "ada", Password: "sécret"})
	revision, err := core.Put(t.Context(), db, &core.Document{ID: "ü", Body: []byte(`{"v":1}`)})
	require.NoError(t, err)
	assert.Equal(t, "1-a", revision.String())
	require.NoError(t, db.create(t.Context()))

	get := serve(t, func(w http.ResponseWriter, r *http.Request) {
		assert.Empty(t, r.Header.Get("Content-Length"))
		assert.Equal(t, "/notes/a%2Fb%2Bc", r.URL.EscapedPath())
		_, _ = io.WriteString(w, `{"_id":"a/b+c","_rev":"1-a"}`)
	}, Options{})
	_, err = get.Get(t.Context(), "a/b+c", core.GetOptions{})
	require.NoError(t, err)
}

func TestNativeFailures(t *testing.T) {
	t.Parallel()
	t.Run("nobody there", func(t *testing.T) {
		t.Parallel()
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		require.NoError(t, listener.Close())
		_, err = Open(t.Context(), "http://ada:s3cr3t@"+listener.Addr().String()+"/notes", Options{})
		require.ErrorIs(t, err, core.ErrUnreachable)
		var refused *net.OpError
		assert.ErrorAs(t, err, &refused, "the cause is kept")
		assert.NotContains(t, err.Error(), "s3cr3t")
	})
	t.Run("another protocol", func(t *testing.T) {
		t.Parallel()
		server := httptest.NewUnstartedServer(http.NotFoundHandler())
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		server.StartTLS()
		defer server.Close()
		_, err := Open(t.Context(), server.URL+"/notes", Options{})
		assert.ErrorIs(t, err, core.ErrUnreachable, "a certificate that nobody vouches for")
		trusting, err := Open(t.Context(), server.URL+"/notes", Options{Doer: HTTPClient(server.Client()), SkipSetup: true})
		require.NoError(t, err)
		_, err = trusting.Info(t.Context())
		assert.ErrorIs(t, err, core.ErrNotCouchDB)
	})
	t.Run("cut off", func(t *testing.T) {
		t.Parallel()
		for _, length := range []string{"1000", ""} {
			db := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				if length != "" {
					w.Header().Set("Content-Length", length)
				}
				_, _ = io.WriteString(w, `{"_id":"a","_re`)
				panic(http.ErrAbortHandler)
			}, Options{})
			_, err := db.Get(t.Context(), "a", core.GetOptions{})
			assert.ErrorIs(t, err, core.ErrUnreachable)
			_, _, err = core.ListAllDocs(t.Context(), db, core.AllDocsOptions{})
			assert.ErrorIs(t, err, core.ErrUnreachable)
		}
	})
	t.Run("silent", func(t *testing.T) {
		t.Parallel()
		db := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, Options{Timeout: 30 * time.Millisecond})
		_, err := db.Info(t.Context())
		assert.ErrorIs(t, err, core.ErrUnreachable)
	})
}

// TestNativeCancelReachesTheServer ends a call whose answer hangs, and waits for the server to notice.
func TestNativeCancelReachesTheServer(t *testing.T) {
	t.Parallel()
	arrived, left := make(chan struct{}), make(chan struct{})
	db := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "{\"results\":[\n")
		w.(http.Flusher).Flush()
		close(arrived)
		<-r.Context().Done()
		close(left)
	}, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
	}()
	_, err := db.Changes(ctx, core.ChangesOptions{Since: "1", Wait: time.Hour}, nil)
	assert.Equal(t, context.Canceled, err)
	<-left
}

func TestNativeRedirectAcrossOrigins(t *testing.T) {
	t.Parallel()
	seen := make(chan http.Header, 1)
	stranger := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen <- r.Header
		_, _ = io.WriteString(w, `{"_id":"a","_rev":"1-a"}`)
	}))
	defer stranger.Close()
	db := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/notes/a" {
			http.Redirect(w, r, "/moved/a", http.StatusPermanentRedirect)
			return
		}
		_, _, ok := r.BasicAuth()
		assert.True(t, ok, "at home")
		http.Redirect(w, r, stranger.URL+"/notes/a", http.StatusTemporaryRedirect)
	}, Options{User: "ada", Password: "secret", Header: map[string]string{"X-Api-Key": "k"}})
	_, err := db.Get(t.Context(), "a", core.GetOptions{})
	require.NoError(t, err)
	header := <-seen
	assert.Empty(t, header.Get("Authorization"))
	assert.Empty(t, header.Get("X-Api-Key"))
	assert.Equal(t, "application/json", header.Get("Accept"))
}

func TestNativeCookies(t *testing.T) {
	t.Parallel()
	logins := 0
	db := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/_session" {
			logins++
			assert.Equal(t, "ada", r.FormValue("name"))
			assert.Equal(t, "s&crét", r.FormValue("password"))
			http.SetCookie(w, &http.Cookie{Name: "AuthSession", Value: "c" + strconv.Itoa(logins), Path: "/", HttpOnly: true})
			_ = json.NewEncoder(w).Encode(map[string]any{"ok": true})
			return
		}
		cookie, err := r.Cookie("AuthSession")
		if err != nil || cookie.Value != "c2" {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, notAuthorized)
			return
		}
		_, _ = io.WriteString(w, aDocument)
	}, Options{Auth: CookieAuth, User: "ada", Password: "s&crét"})
	_, err := db.Get(t.Context(), "a", core.GetOptions{})
	require.NoError(t, err)
	assert.Equal(t, 2, logins)
}

// TestNativeConnections: calls one after the other share a connection, and Close leaves none.
func TestNativeConnections(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "_all_docs") {
			_, _ = io.WriteString(w, `{"rows":[]}`)
			return
		}
		_, _ = io.WriteString(w, aDocument)
	}))
	states := make(chan http.ConnState, 100)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) { states <- state }
	server.Start()
	defer server.Close()
	db, err := Open(t.Context(), server.URL+"/notes", Options{SkipSetup: true})
	require.NoError(t, err)
	for range 5 {
		_, err := db.Get(t.Context(), "a", core.GetOptions{})
		require.NoError(t, err)
		_, _, err = core.ListAllDocs(t.Context(), db, core.AllDocsOptions{})
		require.NoError(t, err)
	}
	require.NoError(t, db.Close())
	opened := 0
	for state := range states {
		if state == http.StateNew {
			opened++
		}
		if state == http.StateClosed {
			break
		}
	}
	assert.Equal(t, 1, opened)
}

func TestWithoutURL(t *testing.T) {
	t.Parallel()
	plain := errors.New("x")
	assert.Equal(t, plain, withoutURL(plain))
	_, err := newDoer().Do(t.Context(), &Request{Method: "GET", URL: "http://ada:s3cr3t@127.0.0.1:1/\x7f"})
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "s3cr3t")
}
