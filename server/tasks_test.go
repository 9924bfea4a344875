package server_test

import (
	"context"
	"encoding/json"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/adapters/memory"
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/javascript"
	"github.com/gouchdb/gouchdb/server"
)

// heldScripts run map functions when they are let.
type heldScripts struct {
	core.Scripts
	came, release chan struct{}
}

func (s heldScripts) Maps(ctx context.Context, sources []string) (core.MapScripts, error) {
	maps, err := s.Scripts.Maps(ctx, sources)
	return heldMaps{maps, s}, err
}

type heldMaps struct {
	core.MapScripts
	held heldScripts
}

func (m heldMaps) Map(ctx context.Context, docs [][]byte) ([][]core.Mapped, error) {
	m.held.came <- struct{}{}
	<-m.held.release
	return m.MapScripts.Map(ctx, docs)
}

// While a view is being built, the server's administrators see how far it is, in CouchDB's words.
func TestActiveTasksListViews(t *testing.T) {
	t.Parallel()
	scripts := heldScripts{javascript.New(javascript.Options{}), make(chan struct{}), make(chan struct{})}
	s := start(t, server.Options{Databases: server.Memory(func(ctx context.Context, name string) (core.Adapter, error) {
		return memory.OpenWith(ctx, docstore.Options{Name: name, Scripts: scripts})
	})})
	s.ok(t, "PUT", "/db", "")
	s.ok(t, "PUT", "/db/_design/d", `{"views":{"v":{"map":"function (doc) { emit(1); }"}}}`)
	s.ok(t, "PUT", "/db/a", `{}`)
	began := time.Now().Unix()
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		response, body := s.do(t, call{path: "/db/_design/d/_view/v"})
		assert.Equal(t, 200, response.StatusCode, body)
	}()
	<-scripts.came
	var tasks []map[string]any
	require.NoError(t, json.Unmarshal([]byte(s.ok(t, "GET", "/_active_tasks", "")), &tasks))
	require.Len(t, tasks, 1)
	for _, member := range []string{"started_on", "updated_on"} {
		assert.InDelta(t, began, tasks[0][member], 60, member)
		delete(tasks[0], member)
	}
	assert.Equal(t, map[string]any{
		"type": "indexer", "database": "db", "design_document": "_design/d", "changes_done": 0.0, "total_changes": 2.0, "progress": 0.0,
		"pid": strconv.Itoa(os.Getpid()),
	}, tasks[0])
	response, _ := s.do(t, call{path: "/_active_tasks", auth: "none"})
	assert.Equal(t, 401, response.StatusCode)
	s.ok(t, "GET", "/db/a", "") // the database that was looked at is not kept
	close(scripts.release)
	<-answered
	assert.JSONEq(t, "[]", s.ok(t, "GET", "/_active_tasks", ""))
}

// tasked is a database whose compactions take as long as they are let, and whose indexes are as far as is said.
type tasked struct {
	core.Adapter
	came, release chan struct{}
	indexes       []docstore.IndexProgress
	err           error
}

func (db *tasked) Compact(context.Context) error {
	db.came <- struct{}{}
	<-db.release
	return nil
}

func (db *tasked) IndexProgress(context.Context) ([]docstore.IndexProgress, error) {
	return db.indexes, db.err
}

func TestActiveTasks(t *testing.T) {
	t.Parallel()
	databases := map[string]*tasked{}
	s := start(t, server.Options{Databases: server.Memory(func(ctx context.Context, name string) (core.Adapter, error) {
		adapter, err := openMemory(ctx, name)
		databases[name] = &tasked{Adapter: adapter, came: make(chan struct{}), release: make(chan struct{})}
		return databases[name], err
	})})
	type task map[string]any
	tasks := func() (listed []task) {
		require.NoError(t, json.Unmarshal([]byte(s.ok(t, "GET", "/_active_tasks", "")), &listed))
		for _, task := range listed {
			assert.Equal(t, strconv.Itoa(os.Getpid()), task["pid"])
			delete(task, "pid")
		}
		return listed
	}
	names := []string{"d", "b", "c", "a"}
	for _, name := range names {
		s.ok(t, "PUT", "/"+name, "")
	}
	assert.Empty(t, tasks())

	began := time.Now().Unix()
	for _, name := range names {
		s.ok(t, "POST", "/"+name+"/_compact", "")
		<-databases[name].came
	}
	listed := tasks()
	require.Len(t, listed, 4)
	for i, name := range []string{"a", "b", "c", "d"} {
		assert.InDelta(t, began, listed[i]["started_on"], 60)
		delete(listed[i], "started_on")
		assert.Equal(t, task{"type": "database_compaction", "database": name}, listed[i], "by name")
		close(databases[name].release)
		s.compacted(t, name)
	}
	assert.Empty(t, tasks())

	at := func(seconds int64) time.Time { return time.Unix(seconds, 0) }
	databases["b"].indexes = []docstore.IndexProgress{
		{DesignDoc: "_design/x", Name: "by n", Done: 50, Total: 200, Began: at(1000), Updated: at(2000)},
		{DesignDoc: "_design/empty", Began: at(3000), Updated: at(4000)},
		{DesignDoc: "_design/more", Done: 300, Total: 200, Began: at(5000), Updated: at(6000)}, // documents have come since it began
	}
	databases["a"].err = core.ErrClosed // just now
	indexer := func(begun, updated float64, ddoc string, done, total, progress float64) task {
		return task{
			"type": "indexer", "database": "b", "started_on": begun, "updated_on": updated,
			"design_document": ddoc, "changes_done": done, "total_changes": total, "progress": progress,
		}
	}
	named := indexer(1000, 2000, "_design/x", 50, 200, 25)
	named["index"] = "by n"
	assert.Equal(t, []task{named, indexer(3000, 4000, "_design/empty", 0, 0, 0), indexer(5000, 6000, "_design/more", 300, 200, 100)}, tasks())

	databases["c"].err = core.ErrStorage
	response, _ := s.do(t, call{path: "/_active_tasks"})
	assert.Equal(t, 500, response.StatusCode)
}
