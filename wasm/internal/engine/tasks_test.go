package engine_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gouchdb/gouchdb/adapters/memory"
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/wasm/internal/engine"
)

// indexing is a database whose indexes are as far as is said.
type indexing struct {
	core.Adapter
	progress []docstore.IndexProgress
	err      error
}

func (db *indexing) IndexProgress(context.Context) ([]docstore.IndexProgress, error) {
	return db.progress, db.err
}

func TestIndexesAreTasks(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	opened := map[string]*indexing{}
	s.engine = engine.New(engine.Openers{"stored": {Open: func(ctx context.Context, name string, _ []byte) (core.Adapter, error) {
		if name == "damaged" {
			return nil, core.ErrCorrupt
		}
		db, err := memory.Open(ctx, name)
		opened[name] = &indexing{Adapter: db}
		return opened[name], err
	}}}, s.deliver)
	tasks := func() string { return s.call(`["activeTasks",0,{}]`) }
	s.open("stored", "notes")
	s.open("stored", "other")
	assert.Equal(t, "corrupt", s.fail(`["open",0,{"adapter":"stored","name":"damaged"}]`).Name)
	assert.Equal(t, `[]`, tasks())

	opened["notes"].progress = []docstore.IndexProgress{{DesignDoc: "_design/x", Name: "by n", Done: 5, Total: 20}, {DesignDoc: "_design/views", Total: 7}}
	opened["other"].err = core.ErrClosed // just now
	assert.Equal(t, `[{"type":"indexer","database":"notes","design_document":"_design/x","index":"by n","changes_done":5,"total_changes":20},`+
		`{"type":"indexer","database":"notes","design_document":"_design/views","changes_done":0,"total_changes":7}]`, tasks())

	opened["other"].err = core.ErrStorage
	assert.Equal(t, core.ErrStorage.Name, s.fail(`["activeTasks",0,{}]`).Name)
}
