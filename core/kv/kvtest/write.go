package kvtest

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core/kv"
)

func testSnapshotIsolation(t *testing.T, h Harness) {
	store := h.open(t)
	ctx := context.Background()
	large := strings.Repeat("before", 500)
	put(t, store, "a", "1", "b", large, "c", "3")
	require.NoError(t, store.View(ctx, func(s kv.Snapshot) error {
		i := 0
		for entry, err := range s.Scan(ctx, kv.Range{}) {
			require.NoError(t, err)
			// Each step of the scan is followed by a commit that would show.
			put(t, store, "b", "changed"+strconv.Itoa(i), "bb"+strconv.Itoa(i), "new")
			require.NoError(t, store.Update(ctx, func(tx kv.Tx) error {
				tx.Delete([]byte("c"))
				return nil
			}))
			want := []string{"a=1", "b=" + large, "c=3"}[i]
			assert.Equal(t, want, string(entry.Key)+"="+string(entry.Value))
			i++
		}
		assert.Equal(t, 3, i)
		require.NoError(t, store.Compact(ctx))
		text, err := getIn(s, "b")
		assert.NoError(t, err)
		assert.Equal(t, brief(large), text)
		assert.Equal(t, []string{"a=1", brief("b=" + large), "c=3"}, scan(t, s, kv.Range{}))
		return nil
	}))
	assert.Equal(t, []string{"a=1", "b=changed2", "bb0=new", "bb1=new", "bb2=new"}, everything(t, store))
}

func testReaderDoesNotWait(t *testing.T, h Harness) {
	store := h.open(t)
	put(t, store, "a", "1")
	require.NoError(t, store.Update(context.Background(), func(tx kv.Tx) error {
		tx.Put([]byte("a"), []byte("2"))
		// Were the reader to wait for this update, both would wait for ever.
		assert.Equal(t, "1", get(t, store, "a"))
		return nil
	}))
	assert.Equal(t, "2", get(t, store, "a"))
}

func testFailedUpdate(t *testing.T, h Harness) {
	store := h.open(t)
	put(t, store, "a", "1", "b", "2")
	changed := store.Changed()
	err := store.Update(context.Background(), func(tx kv.Tx) error {
		tx.Put([]byte("a"), []byte("changed"))
		tx.Delete([]byte("b"))
		tx.Put([]byte("c"), []byte(strings.Repeat("x", 3000)))
		return errDeliberate
	})
	require.ErrorIs(t, err, errDeliberate)
	assert.Equal(t, []string{"a=1", "b=2"}, everything(t, store))
	select {
	case <-changed:
		assert.Fail(t, "nothing has changed")
	default:
	}
	if h.Reopen != nil {
		store = h.Reopen(t, store)
		assert.Equal(t, []string{"a=1", "b=2"}, everything(t, store))
		require.NoError(t, store.Close())
	}
}

func testPanickingUpdate(t *testing.T, h Harness) {
	store := h.open(t)
	put(t, store, "a", "1")
	assert.PanicsWithValue(t, "deliberate", func() {
		_ = store.Update(context.Background(), func(tx kv.Tx) error {
			tx.Put([]byte("a"), []byte("changed"))
			panic("deliberate")
		})
	})
	put(t, store, "b", "2")
	assert.Equal(t, []string{"a=1", "b=2"}, everything(t, store))
}

func testReadYourWrites(t *testing.T, h Harness) {
	store := h.open(t)
	ctx := context.Background()
	large := strings.Repeat("large", 1000)
	put(t, store, "a", "1", "b", "2", "c", large)
	require.NoError(t, store.Update(ctx, func(tx kv.Tx) error {
		tx.Put([]byte("a"), []byte("new"))
		tx.Delete([]byte("b"))
		tx.Delete([]byte("never there"))
		tx.Put([]byte("d"), []byte(large+"!"))
		tx.Put([]byte("e"), nil)
		tx.Put([]byte("f"), []byte("gone again"))
		tx.Delete([]byte("f"))
		tx.Delete([]byte("b2"))
		want := []string{"a=new", brief("c=" + large), brief("d=" + large + "!"), "e="}
		assert.Equal(t, want, scan(t, tx, kv.Range{}))
		values, err := tx.GetMany(ctx, [][]byte{[]byte("d"), []byte("b"), []byte("c"), []byte("e"), []byte("f")})
		require.NoError(t, err)
		assert.Equal(t, large+"!", string(values[0]))
		assert.Nil(t, values[1])
		assert.Equal(t, large, string(values[2]))
		assert.NotNil(t, values[3])
		assert.Nil(t, values[4])
		text, err := getIn(tx, "d")
		assert.NoError(t, err)
		assert.Equal(t, brief(large+"!"), text)
		return nil
	}))
	assert.Equal(t, []string{"a=new", brief("c=" + large), brief("d=" + large + "!"), "e="}, everything(t, store))
}

// increment adds one to a decimal counter.
func increment(ctx context.Context, tx kv.Tx, key string) error {
	text, err := getIn(tx, key)
	if err != nil {
		return err
	}
	n, _ := strconv.Atoi(text)
	tx.Put([]byte(key), []byte(strconv.Itoa(n+1)))
	return ctx.Err()
}

func testConcurrentUpdates(t *testing.T, h Harness) {
	stores := []kv.Store{h.open(t)}
	if h.Another != nil {
		stores = append(stores, h.Another(t, stores[0]), h.Another(t, stores[0]))
		for _, other := range stores[1:] {
			defer func() { require.NoError(t, other.Close()) }()
		}
	}
	const writers, rounds = 8, 40
	ctx := context.Background()
	var group sync.WaitGroup
	for writer := range writers {
		group.Go(func() {
			store := stores[writer%len(stores)]
			for round := range rounds {
				err := store.Update(ctx, func(tx kv.Tx) error {
					if err := increment(ctx, tx, "shared"); err != nil {
						return err
					}
					if err := increment(ctx, tx, "own"+strconv.Itoa(writer)); err != nil {
						return err
					}
					if round%5 == 4 {
						return errDeliberate // must not count, nor disturb the others
					}
					return nil
				})
				if round%5 == 4 {
					assert.ErrorIs(t, err, errDeliberate)
				} else {
					assert.NoError(t, err)
				}
			}
		})
	}
	group.Wait()
	for _, store := range stores {
		require.NoError(t, store.Refresh(ctx))
		assert.Equal(t, strconv.Itoa(writers*rounds*4/5), get(t, store, "shared"))
		for writer := range writers {
			assert.Equal(t, strconv.Itoa(rounds*4/5), get(t, store, "own"+strconv.Itoa(writer)))
		}
	}
}

func testUpdateOrder(t *testing.T, h Harness) {
	store := h.open(t)
	ctx := context.Background()
	const n = 50
	var group sync.WaitGroup
	entered, release := make(chan struct{}), make(chan struct{})
	group.Go(func() {
		enterOnce := sync.OnceFunc(func() { close(entered) })
		assert.NoError(t, store.Update(ctx, func(kv.Tx) error {
			enterOnce()
			<-release
			return nil
		}))
	})
	waitFor(t, entered, "the first update to begin")
	// The others are called one after the other; each has begun to wait when its context is first asked whether it is done.
	for i := range n {
		waiting := newWatchedContext()
		group.Go(func() {
			assert.NoError(t, store.Update(waiting, func(tx kv.Tx) error {
				text, err := getIn(tx, "order")
				if err != nil {
					return err
				}
				tx.Put([]byte("order"), []byte(text+","+strconv.Itoa(i)))
				return nil
			}))
		})
		waitFor(t, waiting.waitedFor, "an update to wait")
	}
	close(release)
	group.Wait()
	want := "absent"
	for i := range n {
		want += "," + strconv.Itoa(i)
	}
	assert.Equal(t, want, get(t, store, "order"))
}
