package docstore_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/kv/memkv"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// countingStore counts the entries that views read.
type countingStore struct {
	kv.Store
	read *atomic.Int64
}

func (s countingStore) View(ctx context.Context, read func(kv.Snapshot) error) error {
	return s.Store.View(ctx, func(snapshot kv.Snapshot) error { return read(countingSnapshot{snapshot, s.read}) })
}

type countingSnapshot struct {
	kv.Snapshot
	read *atomic.Int64
}

func (s countingSnapshot) Get(ctx context.Context, key []byte) ([]byte, bool, error) {
	s.read.Add(1)
	return s.Snapshot.Get(ctx, key)
}

func (s countingSnapshot) GetMany(ctx context.Context, keys [][]byte) ([][]byte, error) {
	s.read.Add(int64(len(keys)))
	return s.Snapshot.GetMany(ctx, keys)
}

func (s countingSnapshot) Scan(ctx context.Context, r kv.Range) iter.Seq2[kv.Entry, error] {
	return func(yield func(kv.Entry, error) bool) {
		for entry, err := range s.Snapshot.Scan(ctx, r) {
			s.read.Add(1)
			if !yield(entry, err) {
				return
			}
		}
	}
}

// A reduce over many rows reads what was reduced before, and few of the rows; so does skipping them.
func TestReducesDoNotVisitEachRow(t *testing.T) {
	t.Parallel()
	const rows = 5000
	var read atomic.Int64
	db := openStore(t, countingStore{memkv.New(), &read})
	var texts []string
	for i := range rows {
		texts = append(texts, fmt.Sprintf(`{"_id":"%05d","n":%d}`, i, i))
	}
	require.NoError(t, writeAll(t.Context(), db, false, texts...))
	for name, view := range map[string]*docstore.View{
		"built in": {Name: "built in", Reduce: "_sum"},
		"in Go": {Name: "in Go", ReduceFunc: func(_ []docstore.ReducedKey, values [][]byte, _ bool) ([]byte, error) {
			sum := int64(0)
			for _, value := range values {
				n, _ := rawjson.Int(value)
				sum += n
			}
			return fmt.Append(nil, sum), nil
		}},
	} {
		view.Map = func(doc *core.Document, emit func(key, value []byte)) error {
			emit(rawjson.Member(doc.Body, "n"), []byte("1"))
			return nil
		}
		sum := func(from, to int) string {
			total := ""
			options := core.ViewOptions{StartKey: fmt.Append(nil, from), EndKey: fmt.Append(nil, to)}
			_, err := db.QueryView(t.Context(), view, options, func(row *core.ViewRow) error {
				total = string(row.Value)
				return nil
			})
			require.NoError(t, err, name)
			return total
		}
		require.Equal(t, "5000", sum(0, rows), name) // which builds it, and learns
		for _, r := range [][2]int{{0, rows}, {7, 4990}, {1234, 4321}} {
			read.Store(0)
			want := min(r[1], rows-1) - r[0] + 1
			assert.Equal(t, fmt.Sprint(want), sum(r[0], r[1]), name)
			assert.Less(t, read.Load(), int64(want/5), "%s: from %d to %d", name, r[0], r[1])
		}
		read.Store(0)
		_, err := db.QueryView(t.Context(), view, core.ViewOptions{Reduce: new(bool), Skip: 4000, Limit: 1}, func(row *core.ViewRow) error {
			assert.Equal(t, "4000", string(row.Key), name)
			return nil
		})
		require.NoError(t, err)
		assert.Less(t, read.Load(), int64(800), name)
	}
}

// Groups by key are made of nodes and of the runs of nodes, wherever they begin and end.
func TestGroupsDoNotVisitRows(t *testing.T) {
	t.Parallel()
	const rows, keys = 5000, 50
	var read atomic.Int64
	db := openStore(t, countingStore{memkv.New(), &read})
	var texts []string
	for i := range rows {
		texts = append(texts, fmt.Sprintf(`{"_id":"%05d","key":%d.0,"n":%d}`, i, i%keys, i))
	}
	require.NoError(t, writeAll(t.Context(), db, false, texts...))
	view := &docstore.View{Name: "by key", Reduce: "_sum", Map: func(doc *core.Document, emit func(key, value []byte)) error {
		emit(rawjson.Member(doc.Body, "key"), rawjson.Member(doc.Body, "n"))
		return nil
	}}
	groups := func(options core.ViewOptions) (groups []string) {
		options.Group = true
		_, err := db.QueryView(t.Context(), view, options, func(row *core.ViewRow) error {
			groups = append(groups, string(row.Key)+" "+string(row.Value))
			return nil
		})
		require.NoError(t, err)
		return groups
	}
	var want []string
	for key := range keys {
		// The text of a key is that of the first row.
		want = append(want, fmt.Sprintf("%d.0 %d", key, rows/keys*key+rows/2*(rows/keys-1)))
	}
	require.Equal(t, want, groups(core.ViewOptions{}))
	read.Store(0)
	assert.Equal(t, want, groups(core.ViewOptions{}))
	assert.Less(t, read.Load(), int64(rows/10))
	read.Store(0)
	assert.Equal(t, want[7:10], groups(core.ViewOptions{StartKey: []byte("5"), Skip: 2, Limit: 3}))
	assert.Less(t, read.Load(), int64(rows/50))
	slices.Reverse(want)
	assert.Equal(t, want, groups(core.ViewOptions{Descending: true}))
}
