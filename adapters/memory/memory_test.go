package memory_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/adapters/memory"
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/adaptertest"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/internal/regexps"
	"github.com/gouchdb/gouchdb/javascript"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	adaptertest.Run(t, adaptertest.Harness{
		Open: func(t *testing.T, name string) core.Adapter {
			db, err := memory.OpenWith(t.Context(), docstore.Options{Name: name, Regexp: regexps.Compile, Scripts: javascript.New(javascript.Options{})})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, db.Close()) })
			return db
		},
		Lacks: []adaptertest.Capability{adaptertest.Persistence},
	})
}

func TestInfo(t *testing.T) {
	t.Parallel()
	db, err := memory.Open(t.Context(), "notes")
	require.NoError(t, err)
	info, err := db.Info(t.Context())
	require.NoError(t, err)
	require.Equal(t, "notes", info.Name)
	require.Equal(t, "memory", info.Adapter)
	require.NotEmpty(t, info.UUID)
}

func TestRecordedViews(t *testing.T) {
	t.Parallel()
	adaptertest.RunRecordedViews(t, javascript.New(javascript.Options{}), func(t *testing.T, scripts core.Scripts) core.Adapter {
		db, err := memory.OpenWith(t.Context(), docstore.Options{Scripts: scripts})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, db.Close()) })
		return db
	})
}
