package engine

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/adapters/memory"
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
)

// What could not be opened is there until all who have waited for it are gone. Nothing is asked of it, although there may be something, half open.
func TestWhatCouldNotBeOpenedIsLeftAlone(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	half, err := memory.Open(ctx, "half")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, half.Close()) })
	d := newDatabases(Openers{"stored": {Open: func(context.Context, string, []byte) (core.Adapter, error) { return undrained{half}, core.ErrCorrupt }}})
	s, first := d.join(ctx, sharedKey{"stored", "a"}, d.openers["stored"]) // who waits, and does not look yet
	require.True(t, first)
	s.adapter, s.err = s.opener.Open(ctx, "a", nil)
	close(s.opened)
	_, err = d.open(ctx, "stored", "a", nil)
	require.ErrorIs(t, err, core.ErrCorrupt)
	assert.Empty(t, d.local())
	assert.NoError(t, d.drain(ctx, drainer.Drain))
	require.NoError(t, d.leave(s))
	assert.Empty(t, d.shared)
}

// undrained is a database that cannot commit what it has acknowledged.
type undrained struct{ *docstore.DB }

func (undrained) Drain(context.Context) error { return core.ErrStorage }
