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
	close(scripts.release)
	<-answered
	assert.JSONEq(t, "[]", s.ok(t, "GET", "/_active_tasks", ""))
}
