package logkv_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/kv/kvtest"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/core/kv/logkv/memdevice"
	"github.com/gouchdb/gouchdb/internal/seeds"
)

// body is a value that says whose it is, long enough to stay out of the tree.
func body(account, balance int) string {
	return strconv.Itoa(balance) + " " + strings.Repeat(strconv.Itoa(account)+",", 60)
}

func balanceOf(account int, value []byte) (int, error) {
	text, rest, _ := strings.Cut(string(value), " ")
	if rest != strings.Repeat(strconv.Itoa(account)+",", 60) {
		return 0, fmt.Errorf("account %d holds %.40q", account, value)
	}
	return strconv.Atoi(text)
}

func accountKey(account int) []byte { return []byte("account" + strconv.Itoa(100+account)) }

// Several tabs move money between accounts, compact, and look: no view may ever see money lost or made, nor a value that is not its key's.
func TestTabs(t *testing.T) {
	for name, options := range map[string]logkv.Options{"compacting now and then": small, "compacting by themselves": busy} {
		t.Run(name, func(t *testing.T) { testTabs(t, options) })
	}
}

func testTabs(t *testing.T, options logkv.Options) {
	kvtest.CheckGoroutines(t)
	seed := seeds.For(t)
	const tabs, accounts, rounds, money = 3, 30, 60, 1000
	ctx := context.Background()
	storage := memdevice.New()
	var stores []*logkv.Store
	for range tabs {
		stores = append(stores, open(t, storage, options))
	}
	require.NoError(t, stores[0].Update(ctx, func(tx kv.Tx) error {
		for account := range accounts {
			tx.Put(accountKey(account), []byte(body(account, money)))
		}
		return nil
	}))
	for _, store := range stores {
		require.NoError(t, store.Refresh(ctx))
	}
	transfer := func(store *logkv.Store, from, to, amount int) error {
		return store.Update(ctx, func(tx kv.Tx) error {
			values, err := tx.GetMany(ctx, [][]byte{accountKey(from), accountKey(to)})
			if err != nil {
				return err
			}
			a, err := balanceOf(from, values[0])
			if err != nil {
				return err
			}
			b, err := balanceOf(to, values[1])
			if err != nil {
				return err
			}
			tx.Put(accountKey(from), []byte(body(from, a-amount)))
			tx.Put(accountKey(to), []byte(body(to, b+amount)))
			return nil
		})
	}
	look := func(store *logkv.Store) error {
		return store.View(ctx, func(s kv.Snapshot) error {
			sum, account := 0, 0
			for entry, err := range s.Scan(ctx, kv.Range{}) {
				if err != nil {
					return err
				}
				balance, err := balanceOf(account, entry.Value)
				if err != nil {
					return err
				}
				sum += balance
				account++
			}
			if sum != accounts*money {
				return fmt.Errorf("%d in all", sum)
			}
			return nil
		})
	}
	var group sync.WaitGroup
	for worker := range 2 * tabs {
		random := rand.New(rand.NewPCG(seed, uint64(worker)))
		store := stores[worker%tabs]
		group.Go(func() {
			for range rounds {
				switch n := random.IntN(20); {
				case n == 0:
					assert.NoError(t, store.Compact(ctx))
				case n < 6:
					// A view that is outlived by a compaction elsewhere says so; anything else must be right.
					if err := look(store); !errors.Is(err, core.ErrStorage) {
						assert.NoError(t, err)
					}
				default:
					from := random.IntN(accounts)
					to := (from + 1 + random.IntN(accounts-1)) % accounts
					assert.NoError(t, transfer(store, from, to, random.IntN(50)))
				}
			}
		})
	}
	group.Wait()
	for _, store := range append(stores, open(t, storage, options)) {
		require.NoError(t, store.Refresh(ctx))
		require.NoError(t, look(store))
	}
}

// openDeaf returns a store that does not hear of others' commits.
func openDeaf(t *testing.T, storage *memdevice.Storage, options logkv.Options) *logkv.Store {
	t.Helper()
	device := storage.Open(nil)
	store, err := logkv.Open(context.Background(), device, options)
	require.NoError(t, err)
	device.Watch(func() {})
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}

func TestAFailureBasedOnAnOldStateIsTriedOnTheNewest(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	storage := memdevice.New()
	deaf := openDeaf(t, storage, logkv.Options{})
	other := open(t, storage, logkv.Options{})
	put(t, other, "a", "1")
	runs := 0
	require.NoError(t, deaf.Update(ctx, func(tx kv.Tx) error {
		runs++
		if _, found, err := tx.Get(ctx, []byte("a")); !found {
			return errors.Join(err, errors.New("there is no a"))
		}
		return nil
	}))
	assert.Equal(t, 2, runs)
}

func TestAWriterThatHasSleptThroughACompaction(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	storage := memdevice.New()
	other := open(t, storage, small)
	large := strings.Repeat("large", 300)
	kept := strings.Repeat("kept", 150)
	put(t, other, "kept", kept, "n", "0")
	put(t, other, "kept too", kept) // there must be something to put together with it
	deaf := openDeaf(t, storage, small)
	viewed := make(chan struct{})
	resume := make(chan struct{})
	result := make(chan error, 1)
	go func() {
		result <- deaf.View(ctx, func(s kv.Snapshot) error {
			close(viewed)
			<-resume
			value, _, err := s.Get(ctx, []byte("kept"))
			if err == nil && string(value) != kept {
				err = errors.New("wrong value")
			}
			return err
		})
	}()
	<-viewed
	for i := range 30 {
		put(t, other, "n", strconv.Itoa(i), "filler"+strconv.Itoa(i%3), large)
		require.NoError(t, other.Compact(ctx))
	}
	assert.NotContains(t, storage.Numbers(), uint64(1), "the sleeper's records are gone")
	close(resume)
	assert.NoError(t, <-result, "the value is found where it was moved to")
	// It writes on what is there now, not on what it remembers.
	require.NoError(t, deaf.Update(ctx, func(tx kv.Tx) error {
		value, _, err := tx.Get(ctx, []byte("n"))
		tx.Put([]byte("n"), append([]byte("then "), value...))
		return err
	}))
	require.NoError(t, other.Refresh(ctx))
	assert.Equal(t, "then 29", get(t, other, "n"))
	assert.Equal(t, kept, get(t, deaf, "kept"))
}

func TestAViewOutlivedByACompactionElsewhere(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	storage := memdevice.New()
	other := open(t, storage, small)
	put(t, other, "a", strings.Repeat("before", 100))
	deaf := openDeaf(t, storage, logkv.Options{CacheBytes: 1})
	require.NoError(t, deaf.View(ctx, func(s kv.Snapshot) error {
		put(t, other, "a", strings.Repeat("after ", 100))
		require.NoError(t, other.Compact(ctx))
		_, _, err := s.Get(ctx, []byte("a"))
		assert.ErrorIs(t, err, core.ErrStorage, "neither the old value nor, in its place, the new one")
		return nil
	}))
	// An update runs again instead.
	require.NoError(t, deaf.Update(ctx, func(tx kv.Tx) error {
		value, _, err := tx.Get(ctx, []byte("a"))
		if err == nil {
			assert.Equal(t, strings.Repeat("after ", 100), string(value))
		}
		return err
	}))
}

func put(t *testing.T, store kv.Store, pairs ...string) {
	t.Helper()
	require.NoError(t, store.Update(context.Background(), func(tx kv.Tx) error {
		for i := 0; i < len(pairs); i += 2 {
			tx.Put([]byte(pairs[i]), []byte(pairs[i+1]))
		}
		return nil
	}))
}

func get(t *testing.T, store kv.Store, key string) (text string) {
	t.Helper()
	require.NoError(t, store.View(context.Background(), func(s kv.Snapshot) error {
		value, found, err := s.Get(context.Background(), []byte(key))
		text = string(value)
		if !found {
			text = "absent"
		}
		return err
	}))
	return text
}
