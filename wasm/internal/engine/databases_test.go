package engine_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/adapters/memory"
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/wasm/internal/engine"
)

// Another tab removes a database that is open here: the handles on it say so, and who opens it anew gets a new one.
func TestARemovedDatabaseOpensAnew(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	var opened []*docstore.DB
	s.engine = engine.New(engine.Openers{"stored": {Open: func(ctx context.Context, name string, _ []byte) (core.Adapter, error) {
		db, err := memory.Open(ctx, name)
		opened = append(opened, db)
		return db, err
	}}}, s.deliver)
	old := s.open("stored", "notes")
	s.call(`["put",` + old + `,{},{"_id":"a"}]`)
	require.NoError(t, opened[0].Close()) // what a removal by another tab comes to
	assert.Equal(t, "closed", s.fail(`["get",`+old+`,{"id":"a"}]`).Name)

	fresh := s.open("stored", "notes")
	assert.Equal(t, "not_found", s.fail(`["get",`+fresh+`,{"id":"a"}]`).Name)
	s.call(`["put",` + fresh + `,{},{"_id":"b"}]`)
	s.call(`["close",0,{"db":` + old + `}]`)
	assert.Contains(t, s.call(`["get",`+fresh+`,{"id":"b"}]`), `"_id":"b"`, "closing the old handle leaves the new one alone")
	s.open("stored", "notes")
	assert.Len(t, opened, 2, "further handles share the new one")
}

// Who opens a database first may give up: for the others it goes on being opened.
func TestAnOpenThatOthersWaitForGoesOn(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	began, goOn := make(chan struct{}, 2), make(chan struct{})
	s.engine = engine.New(engine.Openers{"stored": {Open: func(ctx context.Context, name string, _ []byte) (core.Adapter, error) {
		began <- struct{}{}
		<-goOn
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		return memory.Open(ctx, name)
	}}}, s.deliver)
	request := `["open",0,{"adapter":"stored","name":"notes"}]`
	first := s.submit(request)
	<-began
	second := s.submit(request)
	s.engine.Cancel(first)
	assert.Contains(t, s.wait(first).text, `"canceled"`)
	close(goOn)
	opened := s.wait(second)
	require.Equal(t, engine.Result, opened.kind, opened.text)
	s.call(`["put",` + opened.text + `,{},{"_id":"a"}]`)
}
