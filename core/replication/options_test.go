package replication

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
)

func TestImpossibleOptionsAreNamed(t *testing.T) {
	t.Parallel()
	for option, options := range map[string]Options{
		"BatchSize":          {BatchSize: -1},
		"BatchesLimit":       {BatchesLimit: -1},
		"BatchBytes":         {BatchBytes: -1},
		"Checkpoint":         {Checkpoint: "sometimes"},
		"CheckpointInterval": {CheckpointInterval: -time.Second},
		"Retry.Attempts":     {Retry: RetryPolicy{Attempts: -1}},
		"Retry.MinDelay":     {Retry: RetryPolicy{MinDelay: -1}},
		"Retry.MaxDelay":     {Retry: RetryPolicy{MaxDelay: -1}},
		"QueryParams":        {Selector: []byte(`{}`), QueryParams: []byte(`{}`)},
		"DocIDs":             {DocIDs: []string{"good", "_bad"}},
	} {
		// The databases are never asked: there are none.
		result, err := Run(t.Context(), nil, nil, options)
		assert.ErrorContains(t, err, "option "+option+":")
		assert.Equal(t, 400, core.AsError(err).Status)
		assert.False(t, result.OK)
	}
	for _, options := range []Options{
		{DocIDs: []string{"a"}, Selector: []byte(`{}`)}, {View: "a/b", DesignFilter: "a/b"}, {View: "a"}, {DesignFilter: "a/b/c"}, {DesignDocs: true, DocIDs: []string{}},
		{DesignFilter: "a/b", QueryParams: []byte(`1`)},
	} {
		_, err := options.complete()
		assert.ErrorIs(t, err, core.ErrBadRequest)
	}
	_, err := Options{DocIDs: []string{"_local/x"}}.complete()
	assert.ErrorContains(t, err, "local documents do not replicate")
	_, _, err = Sync(t.Context(), nil, nil, Options{Since: "5"})
	assert.ErrorContains(t, err, "option Since:")
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	options, err := Options{}.complete()
	require.NoError(t, err)
	assert.Equal(t, 500, options.BatchSize)
	assert.Equal(t, 4, options.BatchesLimit)
	assert.Equal(t, 1_000_000, options.BatchBytes)
	assert.Equal(t, CheckpointBoth, options.Checkpoint)
	assert.Equal(t, 30*time.Second, options.CheckpointInterval)
	assert.Equal(t, RetryPolicy{Attempts: 6, MinDelay: 500 * time.Millisecond, MaxDelay: 30 * time.Second}, options.Retry)
	assert.NotEqual(t, options.Random(), options.Random())
	assert.WithinDuration(t, time.Now(), options.Clock.Now(), time.Minute)
}
