package docstore_test

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/core/kv/logkv/memdevice"
	"github.com/gouchdb/gouchdb/core/kv/memkv"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// counted is a view of the member n. It counts how often it is asked, and calls before with what it is asked about.
type counted struct {
	calls  atomic.Int64
	before func(n int)
}

func (v *counted) view() *docstore.View {
	return &docstore.View{Name: "counted", Map: func(doc *core.Document, emit func(key, value []byte)) error {
		v.calls.Add(1)
		n, _ := rawjson.Int(rawjson.Member(doc.Body, "n"))
		if v.before != nil {
			v.before(int(n))
		}
		emit(rawjson.Member(doc.Body, "n"), nil)
		return nil
	}}
}

// rows queries the view and returns its keys.
func (v *counted) rows(ctx context.Context, db *docstore.DB) (keys []string, err error) {
	_, err = db.QueryView(ctx, v.view(), core.ViewOptions{}, func(row *core.ViewRow) error {
		keys = append(keys, string(row.Key))
		return nil
	})
	return keys, err
}

// number writes documents with the numbers from 1 to count, and returns their keys in the view.
func number(t *testing.T, db *docstore.DB, count int) (keys []string) {
	t.Helper()
	var texts []string
	for n := 1; n <= count; n++ {
		texts = append(texts, fmt.Sprintf(`{"_id":"doc%02d","n":%d}`, n, n))
		keys = append(keys, strconv.Itoa(n))
	}
	require.NoError(t, writeAll(t.Context(), db, false, texts...))
	return keys
}

func TestEachDocumentIsMappedOnce(t *testing.T) {
	t.Parallel()
	for _, count := range []int{0, 1, 4, 5, 6, 10, 12, 33} {
		db := openStore(t, memkv.New())
		db.UpdateViewsInSteps(5)
		want := number(t, db, count)
		v := counted{}
		for range 2 {
			got, err := v.rows(t.Context(), db)
			require.NoError(t, err)
			require.Equal(t, want, got)
			require.Equal(t, int64(count), v.calls.Load())
		}
	}
}

// Another tab is faster, and then stops half way. What was prepared for the step after the one that came too late is of no use.
func TestAViewUpdateThatComesTooLate(t *testing.T) {
	t.Parallel()
	storage := memdevice.New()
	here, there := openTab(t, storage.Open(nil), logkv.Relaxed), openTab(t, storage.Open(nil), logkv.Relaxed)
	want := number(t, here, 12)
	require.NoError(t, there.Refresh(t.Context()))
	there.UpdateViewsInSteps(3)
	ctx, cancel := context.WithCancel(t.Context())
	ours, theirs := counted{}, counted{}
	theirs.before = func(n int) {
		if n == 7 { // in the step after the next, which begins when the first one is stored
			cancel()
		}
	}
	ours.before = func(n int) {
		if n == 2 && ours.calls.Load() == 2 {
			_, err := theirs.rows(ctx, there)
			assert.ErrorIs(t, err, context.Canceled)
		}
	}
	got, err := ours.rows(t.Context(), here)
	require.NoError(t, err)
	assert.Equal(t, want, got)
	stored := ours.calls.Load() - 12
	assert.Positive(t, stored, "some were mapped in vain")
	assert.LessOrEqual(t, stored, int64(10), "and none of them a third time")
	requireSound(t, here)
}

// refusing is a store that takes nothing for some time.
type refusing struct {
	kv.Store
	refuses  bool
	refusals int
}

func (s *refusing) Update(ctx context.Context, write func(kv.Tx) error) error {
	if s.refuses {
		s.refusals++
		return core.ErrStorageFull
	}
	return s.Store.Update(ctx, write)
}

func TestAViewUpdateThatCannotBeStored(t *testing.T) {
	t.Parallel()
	store := &refusing{Store: memkv.New()}
	db := openStore(t, store)
	db.UpdateViewsInSteps(5)
	want := number(t, db, 33)
	v := counted{}
	store.refuses = true
	_, err := v.rows(t.Context(), db)
	require.ErrorIs(t, err, core.ErrStorageFull)
	require.Equal(t, 1, store.refusals, "it ends with the first step that is refused")
	store.refuses = false
	got, err := v.rows(t.Context(), db)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

// A map function in Go that panics does so in the goroutine of the query, which may know what to do, also when it runs while another step is stored. One that ends
// its goroutine, as the checks of a test do that have failed, leaves nothing that is taken for mapped.
func TestAMapFunctionThatDoesNotReturn(t *testing.T) {
	t.Parallel()
	type ask func() ([]string, error)
	for name, test := range map[string]struct {
		leave func()
		ask   func(*testing.T, ask)
	}{
		"panics": {func() { panic("by the function") }, func(t *testing.T, rows ask) {
			assert.PanicsWithValue(t, "by the function", func() { _, _ = rows() })
		}},
		"ends its goroutine": {runtime.Goexit, func(t *testing.T, rows ask) {
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				_, err := rows()
				assert.Error(t, err, "unless it is not told any more")
			}()
			<-ended
		}},
	} {
		for _, at := range []int{2, 8, 12} {
			t.Run(name+" at "+strconv.Itoa(at), func(t *testing.T) {
				t.Parallel()
				db := openStore(t, memkv.New())
				db.UpdateViewsInSteps(5)
				want := number(t, db, 12)
				v := counted{before: func(n int) {
					if n == at {
						test.leave()
					}
				}}
				test.ask(t, func() ([]string, error) { return v.rows(t.Context(), db) })
				v.before = nil
				got, err := v.rows(t.Context(), db)
				require.NoError(t, err)
				require.Equal(t, want, got)
				require.NoError(t, db.Close())
			})
		}
	}
}
