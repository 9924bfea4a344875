package docstore_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/adaptertest"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/kv/memkv"
	"github.com/gouchdb/gouchdb/internal/regexps"
)

func TestRecordedQueries(t *testing.T) {
	t.Parallel()
	adaptertest.RunRecordedQueries(t, func(t *testing.T, _ string) core.Adapter {
		db, err := docstore.Open(t.Context(), memkv.New(), docstore.Options{Regexp: regexps.Compile})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, db.Close()) })
		return db
	})
}
