//go:build !js

package docstore_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/kv/memkv"
	"github.com/gouchdb/gouchdb/javascript"
)

// A function that does not end fails the query, and what was done before it stays done. In WebAssembly nothing could interrupt it: there is one thread.
func TestEndlessMapFunction(t *testing.T) {
	t.Parallel()
	db, err := docstore.Open(t.Context(), memkv.New(), docstore.Options{Scripts: javascript.New(javascript.Options{Timeout: 30 * time.Millisecond})})
	require.NoError(t, err)
	require.NoError(t, writeAll(t.Context(), db, false, `{"_id":"a","endless":true}`,
		`{"_id":"_design/d","views":{"v":{"map":"function (doc) { while (doc.endless) {} emit(1) }"}}}`))
	_, err = db.View(t.Context(), "d", "v", core.ViewOptions{}, nil)
	require.Error(t, err)
	assert.Equal(t, "timeout", core.AsError(err).Name)
	doc, err := db.Get(t.Context(), "a", core.GetOptions{})
	require.NoError(t, err)
	_, err = core.Put(t.Context(), db, &core.Document{ID: "a", Rev: doc.Rev, Body: []byte(`{}`)})
	require.NoError(t, err)
	summary, err := db.View(t.Context(), "d", "v", core.ViewOptions{}, func(*core.ViewRow) error { return nil })
	require.NoError(t, err)
	assert.Equal(t, uint64(1), summary.TotalRows)
}
