package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/adapters/file"
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/server"
)

// counted is an opener of files that counts what is open.
type counted struct{ open atomic.Int32 }

type countedDB struct {
	core.Adapter
	count *counted
	once  sync.Once
}

func (c *counted) opener(ctx context.Context, path string) (core.Adapter, error) {
	db, err := file.Open(ctx, path, file.Options{})
	if err != nil {
		return nil, err
	}
	c.open.Add(1)
	return &countedDB{Adapter: db, count: c}, nil
}

func (db *countedDB) Close() error {
	db.once.Do(func() { db.count.open.Add(-1) })
	return db.Adapter.Close()
}

func (db *countedDB) Destroy(ctx context.Context) error {
	db.once.Do(func() { db.count.open.Add(-1) })
	return db.Adapter.Destroy(ctx)
}

func TestDirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var count counted
	databases, err := server.Directory(dir, count.opener)
	require.NoError(t, err)
	s := start(t, server.Options{Databases: databases})
	names := []string{"a", "a/b", "a_$()+-z", "b0"}
	for _, name := range names {
		s.ok(t, "PUT", "/"+strings.NewReplacer("/", "%2F", "+", "%2B").Replace(name), "")
	}
	// What others put there is not a database.
	require.NoError(t, os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("x"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Upper.gouch"), []byte("x"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "%zz.gouch"), []byte("x"), 0o600))
	var listed []string
	require.NoError(t, json.Unmarshal([]byte(s.ok(t, "GET", "/_all_dbs", "")), &listed))
	assert.Equal(t, []string{"a", "a/b", "a_$()+-z", "b0"}, listed)
	assert.JSONEq(t, `["a_$()+-z","a/b"]`, s.ok(t, "GET", `/_all_dbs?startkey="b"&descending=true&skip=0&limit=2`, ""))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, entry := range entries {
		assert.NotContains(t, entry.Name(), "$", "names are safe on every file system")
	}

	s.ok(t, "DELETE", "/b0", "")
	assert.NoFileExists(t, filepath.Join(dir, "b0.gouch"))
	assert.EqualValues(t, 3, count.open.Load())
}

// A database that cannot be opened says so, does not concern the others, and can be deleted.
func TestDamagedDatabase(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "damaged.gouch"), []byte(strings.Repeat("not a database ", 100)), 0o600))
	var count counted
	databases, err := server.Directory(dir, count.opener)
	require.NoError(t, err)
	s := start(t, server.Options{Databases: databases})
	response, text := s.do(t, call{path: "/damaged"})
	assert.Equal(t, http.StatusInternalServerError, response.StatusCode)
	assert.Contains(t, text, `"ref":`)
	assert.NotContains(t, text, dir, "paths are the operator's business")
	s.ok(t, "PUT", "/sound", "")
	s.ok(t, "DELETE", "/damaged", "")
	s.ok(t, "PUT", "/damaged", "")
}

func TestIdleDatabasesAreClosed(t *testing.T) {
	t.Parallel()
	var count counted
	databases, err := server.Directory(t.TempDir(), count.opener)
	require.NoError(t, err)
	s := start(t, server.Options{Databases: databases, MaxOpenDatabases: 2})
	for i := range 6 {
		s.ok(t, "PUT", fmt.Sprintf("/db%d", i), "")
		s.ok(t, "PUT", fmt.Sprintf("/db%d/doc", i), `{}`)
	}
	feed := s.open(t, call{path: "/db0/_changes?feed=continuous&heartbeat=10000"})
	defer func() { _ = feed.Body.Close() }()
	for i := range 6 {
		s.ok(t, "GET", fmt.Sprintf("/db%d/doc", i), "")
	}
	assert.LessOrEqual(t, count.open.Load(), int32(4), "two idle ones, the one with the feed, and the one just used")
	s.ok(t, "PUT", "/db0/late", `{}`)
	line := make([]byte, 4096)
	var text string
	for !strings.Contains(text, `"late"`) {
		n, err := feed.Body.Read(line)
		require.NoError(t, err, "a database with a feed stays open")
		text += string(line[:n])
	}
}

// Creating, using and deleting one database from many sides at once ends in one of these states, never between them.
func TestCreateAndDeleteRace(t *testing.T) {
	t.Parallel()
	var count counted
	databases, err := server.Directory(t.TempDir(), count.opener)
	require.NoError(t, err)
	s := start(t, server.Options{Databases: databases})
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			for i := range 20 {
				c := []call{{method: "PUT", path: "/db"}, {method: "PUT", path: "/db/doc", body: `{}`}, {path: "/db/_changes"}, {method: "DELETE", path: "/db"}}[(worker+i)%4]
				response, text := s.do(t, c)
				assert.Contains(t, []int{200, 201, 404, 409, 412}, response.StatusCode, "%s %s: %s", c.method, c.path, text)
			}
		})
	}
	group.Wait()
	s.do(t, call{method: "DELETE", path: "/db"})
	s.ok(t, "PUT", "/db", "")
	s.ok(t, "DELETE", "/db", "")
	assert.Zero(t, count.open.Load())
}
