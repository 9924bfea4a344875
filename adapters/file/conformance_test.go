package file_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/adapters/file"
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/adaptertest"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/internal/regexps"
	"github.com/gouchdb/gouchdb/javascript"
)

func TestRecordedQueries(t *testing.T) {
	t.Parallel()
	adaptertest.RunRecordedQueries(t, func(t *testing.T, name string) core.Adapter {
		db, err := file.Open(t.Context(), filepath.Join(t.TempDir(), name), file.Options{Docs: docstore.Options{Regexp: regexps.Compile}})
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, db.Close()) })
		return db
	})
}

func TestConformance(t *testing.T) {
	t.Parallel()
	type opened struct {
		path string
		db   core.Adapter
	}
	var databases sync.Map // from a name to the *opened that has it now
	open := func(t *testing.T, o *opened) core.Adapter {
		db, err := file.Open(t.Context(), o.path, file.Options{Docs: docstore.Options{Regexp: regexps.Compile, Scripts: javascript.New(javascript.Options{})}})
		require.NoError(t, err)
		o.db = db
		return db
	}
	adaptertest.Run(t, adaptertest.Harness{
		Open: func(t *testing.T, name string) core.Adapter {
			o := &opened{path: filepath.Join(t.TempDir(), name)}
			databases.Store(name, o)
			t.Cleanup(func() { assert.NoError(t, o.db.Destroy(context.Background())) })
			return open(t, o)
		},
		Reopen: func(t *testing.T, db core.Adapter, name string) core.Adapter {
			require.NoError(t, db.Close())
			o, _ := databases.Load(name)
			return open(t, o.(*opened))
		},
	})
}

func TestRecordedViews(t *testing.T) {
	t.Parallel()
	adaptertest.RunRecordedViews(t, javascript.New(javascript.Options{}), func(t *testing.T, scripts core.Scripts) core.Adapter {
		db, err := file.Open(t.Context(), filepath.Join(t.TempDir(), "views"), file.Options{Docs: docstore.Options{Scripts: scripts}})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, db.Close()) })
		return db
	})
}
