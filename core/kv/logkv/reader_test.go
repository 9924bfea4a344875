package logkv_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core/internal/fault"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/core/kv/logkv/memdevice"
)

// The keys are in memory, and so is a record that was read a moment ago.
func TestTheDeviceIsAskedForAbsentValuesAlone(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	var injector fault.Injector
	store, err := logkv.Open(ctx, memdevice.New().Open(injector.Do), logkv.Options{})
	require.NoError(t, err)
	for i := range 40 { // a record each
		put(t, store, fmt.Sprintf("key%02d", i), strings.Repeat("long", 100))
	}
	asked := func(r kv.Range) int {
		before, count := injector.Count(), 0
		require.NoError(t, store.View(ctx, func(s kv.Snapshot) error {
			for entry, err := range s.Scan(ctx, r) {
				require.NoError(t, err)
				assert.Equal(t, r.KeysOnly, entry.Value == nil)
				count++
			}
			return nil
		}))
		assert.Equal(t, 40, count)
		return injector.Count() - before
	}
	store.DropCache()
	assert.Zero(t, asked(kv.Range{KeysOnly: true}))
	reads := asked(kv.Range{})
	assert.Positive(t, reads)
	assert.Less(t, reads, 10, "several records at once")
	assert.Zero(t, asked(kv.Range{}))
	require.NoError(t, store.Close())
}
