package replication_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/internal/faultadapter"
	"github.com/gouchdb/gouchdb/core/replication"
)

func TestProgressIsTrue(t *testing.T) {
	t.Parallel()
	source, target := open(t), open(t)
	fill(t, source, 0, 100)
	var pending []int64
	options := replication.Options{BatchSize: 10, OnEvent: func(event replication.Event) {
		if event.Type == replication.EventChange {
			pending = append(pending, event.Pending)
			assert.Equal(t, event.Result.DocsWritten, 10*len(pending))
		}
	}}
	result, err := replication.Run(t.Context(), source, target, options)
	require.NoError(t, err)
	assert.Equal(t, []int64{90, 80, 70, 60, 50, 40, 30, 20, 10, 0}, pending, "with what was written it is all there is")
	assert.Equal(t, result.BytesRead, result.BytesWritten)

	half := open(t)
	fill(t, half, 0, 55)
	pending = nil
	options.OnEvent = func(event replication.Event) {
		if event.Type == replication.EventChange {
			pending = append(pending, event.Pending)
		}
	}
	_, err = replication.Run(t.Context(), source, half, options)
	require.NoError(t, err)
	assert.Equal(t, []int64{40, 30, 20, 10, 0}, pending, "what the target has is not waited for")
}

func TestPagesGrowWhileTheSourceIsQuick(t *testing.T) {
	t.Parallel()
	source := open(t)
	fill(t, source, 0, 4000)
	var limits []int
	script := &faultadapter.Script{Decide: func(_ faultadapter.Call, arguments any) faultadapter.Fault {
		if options, ok := arguments.(core.ChangesOptions); ok {
			limits = append(limits, options.Limit)
		}
		return faultadapter.Fault{}
	}}
	replicate(t, script.Wrap("source", source), open(t), replication.Options{})
	assert.Equal(t, []int{500, 1000, 2000, 2000}, limits)
	limits = nil
	replicate(t, script.Wrap("source", source), open(t), replication.Options{BatchSize: 1000})
	assert.Equal(t, []int{1000, 1000, 1000, 1000, 1000}, limits, "a size that was asked for is kept")
}

func TestFilter(t *testing.T) {
	t.Parallel()
	source, target := open(t), open(t)
	fill(t, source, 0, 30)
	even := replication.Options{FilterName: "even", Filter: func(_ context.Context, docs []*core.Document) ([]bool, error) {
		pass := make([]bool, len(docs))
		for i, doc := range docs {
			pass[i] = (doc.ID[len(doc.ID)-1]-'0')%2 == 0
		}
		return pass, nil
	}}
	first := replicate(t, source, target, even)
	assert.Equal(t, 15, first.DocsWritten)
	assert.Len(t, leaves(t, target), 15)
	assert.Zero(t, replicate(t, source, target, even).MissingChecked, "its checkpoint is found again")

	all := replication.Options{FilterName: "all", Filter: func(_ context.Context, docs []*core.Document) ([]bool, error) {
		pass := make([]bool, len(docs))
		for i := range pass {
			pass[i] = true
		}
		return pass, nil
	}}
	second := replicate(t, source, target, all)
	assert.NotEqual(t, first.ReplicationID, second.ReplicationID)
	assert.Equal(t, leaves(t, source), leaves(t, target), "another name begins anew")
}

func TestFilterThatFails(t *testing.T) {
	t.Parallel()
	failure := errors.New("no such field")
	for name, filter := range map[string]func(context.Context, []*core.Document) ([]bool, error){
		"no such field": func(context.Context, []*core.Document) ([]bool, error) { return nil, failure },
		"0 answers":     func(context.Context, []*core.Document) ([]bool, error) { return nil, nil },
	} {
		source, target := open(t), open(t)
		fill(t, source, 0, 3)
		result, err := replication.Run(t.Context(), source, target, replication.Options{Filter: filter, FilterName: name})
		require.ErrorContains(t, err, name)
		assert.False(t, result.OK)
		requireTrueCheckpoints(t, source, target, result, nil)
		assert.Empty(t, leaves(t, target))
	}
}
