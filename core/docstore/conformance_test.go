package docstore_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/adaptertest"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/kv/memkv"
	"github.com/gouchdb/gouchdb/internal/regexps"
	"github.com/gouchdb/gouchdb/javascript"
)

// survivor is a store whose content outlives the database that closes it, as that of a disk does.
type survivor struct {
	kv.Store
	empty func() kv.Store
}

func (s *survivor) Close() error { return nil }

func (s *survivor) Destroy(context.Context) error {
	s.Store = s.empty()
	return nil
}

// TestConformanceWhenReopened runs the suite with what the memory adapter lacks: persistence, auto compaction, and other writers
// that were first. What the suite says of closed databases is the store's business.
func TestConformanceWhenReopened(t *testing.T) {
	t.Parallel()
	variants := []struct {
		name    string
		options docstore.Options
		store   func() kv.Store
		lacks   []adaptertest.Capability
	}{
		{"plain", docstore.Options{}, func() kv.Store { return memkv.New() }, nil},
		{"auto compaction", docstore.Options{AutoCompaction: true}, func() kv.Store { return memkv.New() }, []adaptertest.Capability{adaptertest.InnerBodies}},
		{"contended", docstore.Options{}, func() kv.Store { return &contendedStore{Store: memkv.New()} }, nil},
	}
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			stores := map[core.Adapter]*survivor{}
			open := func(t *testing.T, name string, store *survivor) core.Adapter {
				options := v.options
				options.Name, options.Adapter, options.Regexp, options.Scripts = name, "test", regexps.Compile, javascript.New(javascript.Options{})
				db, err := docstore.Open(t.Context(), store, options)
				require.NoError(t, err)
				stores[db] = store
				return db
			}
			adaptertest.Run(t, adaptertest.Harness{
				Open: func(t *testing.T, name string) core.Adapter {
					return open(t, name, &survivor{Store: v.store(), empty: v.store})
				},
				Reopen: func(t *testing.T, db core.Adapter, name string) core.Adapter { return open(t, name, stores[db]) },
				Lacks:  append(v.lacks, adaptertest.ClosedErrors),
				Serial: true,
			})
		})
	}
}
