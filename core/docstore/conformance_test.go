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
)

// survivor is a store whose content outlives the database that closes it, as that of a disk does.
type survivor struct {
	kv.Store
}

func (s *survivor) Close() error { return nil }

func (s *survivor) Destroy(context.Context) error {
	s.Store = memkv.New()
	return nil
}

// TestConformanceWhenReopened runs the suite with what the memory adapter lacks: persistence. What it says of closed
// databases is the store's business.
func TestConformanceWhenReopened(t *testing.T) {
	t.Parallel()
	for _, autoCompaction := range []bool{false, true} {
		lacks := []adaptertest.Capability{adaptertest.ClosedErrors}
		name := "with all bodies"
		if autoCompaction {
			name = "with auto compaction"
			lacks = append(lacks, adaptertest.InnerBodies)
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stores := map[core.Adapter]*survivor{}
			open := func(t *testing.T, name string, store *survivor) core.Adapter {
				db, err := docstore.Open(t.Context(), store, docstore.Options{Name: name, Adapter: "test", AutoCompaction: autoCompaction})
				require.NoError(t, err)
				stores[db] = store
				return db
			}
			adaptertest.Run(t, adaptertest.Harness{
				Open: func(t *testing.T, name string) core.Adapter { return open(t, name, &survivor{Store: memkv.New()}) },
				Reopen: func(t *testing.T, db core.Adapter, name string) core.Adapter {
					return open(t, name, stores[db])
				},
				Lacks:  lacks,
				Serial: true,
			})
		})
	}
}
