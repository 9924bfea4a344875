package scripttest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/core/kv/logkv/memdevice"
)

type relaxedTab struct{ storage *memdevice.Storage }

func (s relaxedTab) Open(int) (core.Adapter, error) {
	store, err := logkv.Open(context.Background(), s.storage.Open(nil), logkv.Options{Durability: logkv.Relaxed})
	if err != nil {
		return nil, err
	}
	return docstore.Open(context.Background(), store, docstore.Options{})
}

func (s relaxedTab) Crash() error {
	s.storage.Crash()
	return nil
}

func (s relaxedTab) Close() error { return nil }

// Which state a crash has left must be told apart also where the limit hides what differs.
func TestACrashBehindALimit(t *testing.T) {
	t.Parallel()
	h := Harness{New: func() (System, error) { return relaxedTab{memdevice.New()}, nil }, Tabs: 1, Crashes: true, Forgetful: true}
	require.NoError(t, play(t.Context(), h, []step{
		{kind: write, writes: []edit{{body: 7}}}, {kind: write, writes: []edit{{body: 4}}}, {kind: flush},
		{kind: limit, limit: 1}, {kind: compact}, {kind: crash}, {kind: limit, limit: 6},
	}))
}
