package server_test

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/adapters/file"
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/server"
)

// ledger notes which databases are opened and closed, by their names.
type ledger struct {
	server.Databases
	mu    sync.Mutex
	notes []string
}

type ledgerDB struct {
	core.Adapter
	close func()
}

func (db ledgerDB) Close() error {
	db.close()
	return db.Adapter.Close()
}

func (l *ledger) note(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.notes = append(l.notes, text)
}

func (l *ledger) taken() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	notes := l.notes
	l.notes = nil
	return notes
}

func (l *ledger) noted(name string, db core.Adapter, err error) (core.Adapter, error) {
	if err != nil {
		return nil, err
	}
	l.note("open " + name)
	return ledgerDB{db, func() { l.note("close " + name) }}, nil
}

func (l *ledger) Open(ctx context.Context, name string) (core.Adapter, error) {
	db, err := l.Databases.Open(ctx, name)
	return l.noted(name, db, err)
}

func (l *ledger) Create(ctx context.Context, name string) (core.Adapter, error) {
	db, err := l.Databases.Create(ctx, name)
	return l.noted(name, db, err)
}

// Of the databases that nobody uses, as many as were allowed stay open: those that were used last.
func TestDatabasesThatWereUsedLastStayOpen(t *testing.T) {
	t.Parallel()
	directory, err := server.Directory(t.TempDir(), func(ctx context.Context, path string) (core.Adapter, error) {
		return file.Open(ctx, path, file.Options{})
	})
	require.NoError(t, err)
	l := &ledger{Databases: directory}
	s := start(t, server.Options{Databases: l, MaxOpenDatabases: 2})
	for _, name := range []string{"a", "b"} {
		response, _ := s.do(t, call{path: "/" + name})
		assert.Equal(t, 404, response.StatusCode)
		s.ok(t, "PUT", "/"+name, "")
		response, _ = s.do(t, call{method: "PUT", path: "/" + name})
		assert.Equal(t, 412, response.StatusCode)
	}
	assert.Equal(t, []string{"open a", "open b"}, l.taken())
	for _, step := range []struct {
		method, name string
		want         []string
	}{
		{"GET", "a", nil},
		{"PUT", "c", []string{"open c", "close b"}},
		{"GET", "a", nil},
		{"GET", "b", []string{"open b", "close c"}},
		{"GET", "a", nil},
		{"GET", "b", nil},
		{"GET", "c", []string{"open c", "close a"}},
		{"DELETE", "c", nil},
		{"GET", "a", []string{"open a"}},
	} {
		s.ok(t, step.method, "/"+step.name, "")
		assert.Equal(t, step.want, l.taken(), "%s %s", step.method, step.name)
	}
}
