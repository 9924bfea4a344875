package faultadapter_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/adapters/memory"
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/internal/faultadapter"
)

func TestFaults(t *testing.T) {
	t.Parallel()
	doc := &core.Document{ID: "a", Body: core.EmptyBody}
	for name, test := range map[string]struct {
		fault   faultadapter.Fault
		err     error
		written bool
	}{
		"none":   {faultadapter.Fault{}, nil, true},
		"before": {faultadapter.Fault{Before: core.ErrUnreachable}, core.ErrUnreachable, false},
		"midway": {faultadapter.Fault{Midway: core.ErrUnreachable}, core.ErrUnreachable, true},
		"after":  {faultadapter.Fault{After: core.ErrUnreachable}, core.ErrUnreachable, true},
	} {
		db, err := memory.Open(t.Context(), "")
		require.NoError(t, err)
		script := faultadapter.FailOnce(faultadapter.Call{Side: "x", Method: "BulkDocs", N: 2}, test.fault)
		wrapped := script.Wrap("x", db)
		_, err = core.Put(t.Context(), wrapped, &core.Document{ID: "first", Body: core.EmptyBody})
		require.NoError(t, err)
		_, err = core.Put(t.Context(), wrapped, doc)
		assert.ErrorIs(t, err, test.err, name)
		_, err = db.Get(t.Context(), "a", core.GetOptions{})
		assert.Equal(t, test.written, err == nil, name)
		assert.Equal(t, []faultadapter.Call{{Side: "x", Method: "BulkDocs", N: 1}, {Side: "x", Method: "BulkDocs", N: 2}}, script.Calls())
		assert.Equal(t, map[faultadapter.Call]int{{Side: "x", Method: "BulkDocs"}: 2}, script.Counts())
	}
}

func TestFaultsOfReadings(t *testing.T) {
	t.Parallel()
	for rows, fault := range []faultadapter.Fault{{Before: core.ErrUnreachable}, {Midway: core.ErrUnreachable}, {After: core.ErrUnreachable}} {
		db, err := memory.Open(t.Context(), "")
		require.NoError(t, err)
		for _, docID := range []string{"a", "b"} {
			_, err := core.Put(t.Context(), db, &core.Document{ID: docID, Body: core.EmptyBody})
			require.NoError(t, err)
		}
		script := faultadapter.Script{Decide: func(faultadapter.Call, any) faultadapter.Fault { return fault }}
		wrapped := script.Wrap("x", db)
		changes, _, err := core.ListChanges(t.Context(), wrapped, core.ChangesOptions{})
		assert.ErrorIs(t, err, core.ErrUnreachable)
		assert.Len(t, changes, rows)
		docs, _, err := core.ListAllDocs(t.Context(), wrapped, core.AllDocsOptions{})
		assert.ErrorIs(t, err, core.ErrUnreachable)
		assert.Len(t, docs, rows)
	}
}

func TestHang(t *testing.T) {
	t.Parallel()
	db, err := memory.Open(t.Context(), "")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	script := faultadapter.Script{Decide: func(faultadapter.Call, any) faultadapter.Fault {
		cancel()
		return faultadapter.Fault{Hang: true}
	}}
	_, err = script.Wrap("x", db).Info(ctx)
	assert.ErrorIs(t, err, context.Canceled)
}
