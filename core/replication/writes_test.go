package replication_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/replication"
)

// meeting is a target where the first write waits for the second.
type meeting struct {
	core.Adapter
	writes atomic.Int64
	second chan struct{}
	fails  error // of the first write
}

func (m *meeting) BulkDocs(ctx context.Context, docs []*core.Document, options core.BulkDocsOptions) ([]core.BulkResult, error) {
	if !options.Replicated { // a checkpoint
		return m.Adapter.BulkDocs(ctx, docs, options)
	}
	switch m.writes.Add(1) {
	case 1:
		select {
		case <-m.second:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if m.fails != nil {
			return nil, m.fails
		}
	case 2:
		close(m.second)
		if m.fails != nil {
			<-ctx.Done() // ended by the failure of the first
			return nil, ctx.Err()
		}
	}
	return m.Adapter.BulkDocs(ctx, docs, options)
}

// TestWritesOverlap: the second write of a batch does not wait for the first.
func TestWritesOverlap(t *testing.T) {
	t.Parallel()
	source, target := open(t), open(t)
	fill(t, source, 0, 400)
	var changed []int
	result := replicate(t, source, &meeting{Adapter: target, second: make(chan struct{})}, replication.Options{BatchBytes: 10_000, OnEvent: func(event replication.Event) {
		if event.Type == replication.EventChange {
			changed = append(changed, event.Result.DocsWritten)
		}
	}})
	assert.Equal(t, 400, result.DocsWritten)
	assert.Equal(t, leaves(t, source), leaves(t, target))
	assert.IsIncreasing(t, changed)
}

// TestFailureEndsOverlappingWrites: a write that fails for good ends the other, and no checkpoint tells of either.
func TestFailureEndsOverlappingWrites(t *testing.T) {
	t.Parallel()
	source, target := open(t), open(t)
	fill(t, source, 0, 400)
	full := core.NewError(507, "quota", "the disk is full")
	broken := &meeting{Adapter: target, second: make(chan struct{}), fails: full}
	result, err := replication.Run(t.Context(), source, broken, replication.Options{BatchBytes: 10_000})
	require.ErrorIs(t, err, full)
	assert.Equal(t, 0, result.DocsWritten)
	assert.Equal(t, int64(2), broken.writes.Load())
	result = replicate(t, source, target, replication.Options{})
	assert.Equal(t, 400, result.DocsWritten)
	assert.Equal(t, leaves(t, source), leaves(t, target))
}
