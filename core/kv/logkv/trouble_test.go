package logkv_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
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

// trouble is a device whose appends find no room, or whose answers get lost, now and then; and which can carry out what follows them.
type trouble struct {
	logkv.Device

	mutex   sync.Mutex
	random  *rand.Rand
	healed  bool
	first   uint64
	follows [][]byte
}

func (d *trouble) Hurry() (calm func()) { return func() {} }

func (d *trouble) Follow(first uint64, records [][]byte) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.first, d.follows = first, nil
	for _, record := range records {
		d.follows = append(d.follows, bytes.Clone(record))
	}
}

func (d *trouble) Append(ctx context.Context, first uint64, records [][]byte, durability logkv.Durability) error {
	d.mutex.Lock()
	chance := d.random.IntN(8)
	if d.healed {
		chance = 7
	}
	d.follows = nil
	d.mutex.Unlock()
	if chance == 0 {
		return core.ErrStorageFull
	}
	for range 20 { // meanwhile others may do something
		runtime.Gosched()
	}
	err := d.Device.Append(ctx, first, records, durability)
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if err == nil && d.follows != nil && d.first == first+uint64(len(records)) {
		_ = d.Device.Append(ctx, d.first, d.follows, durability) // nobody is told
	}
	if chance == 1 && err == nil {
		for range 1000 { // others go on from there
			runtime.Gosched()
		}
		return core.ErrStorage.From(errAnswerLost)
	}
	return err
}

func (d *trouble) heal() {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.healed = true
}

// troubled says whether an error is one of those.
func troubled(err error) bool {
	return errors.Is(err, core.ErrStorageFull) || errors.Is(err, errAnswerLost)
}

var errAnswerLost = errors.New("the answer was lost")

// sets are of members, which several stores add and remove.
type sets struct {
	mutex   sync.Mutex
	added   map[string]bool // as it was acknowledged
	removed map[string]bool
}

func members(value []byte) []string { return strings.Fields(string(value)) }

// add adds a member to a set, and can be done again on any state.
func (s *sets) add(ctx context.Context, store kv.Store, set, member string) error {
	again := func(ctx context.Context, tx kv.Tx) error {
		value, _, err := tx.Get(ctx, []byte(set))
		if err == nil && !slices.Contains(members(value), member) {
			tx.Put([]byte(set), append(bytes.Clone(value), " "+member...))
		}
		return err
	}
	err := store.Update(ctx, func(tx kv.Tx) error {
		if !strings.HasSuffix(member, "0") { // the others wait for the log
			tx.(kv.Redoer).Redo(func(ctx context.Context, _ kv.Snapshot, tx kv.Tx) error { return again(ctx, tx) })
		}
		return again(ctx, tx)
	})
	if err == nil {
		s.mutex.Lock()
		s.added[set+" "+member] = true
		s.mutex.Unlock()
	}
	return err
}

// remove removes a member that is in the log, and waits for that. It must never come back.
func (s *sets) remove(ctx context.Context, store kv.Store, set string, which int) error {
	removed := ""
	err := store.Update(ctx, func(tx kv.Tx) error {
		value, _, err := tx.Get(ctx, []byte(set))
		all := members(value)
		if removed = ""; err == nil && len(all) > 0 {
			removed = all[which%len(all)]
			tx.Put([]byte(set), []byte(strings.Join(slices.DeleteFunc(all, func(one string) bool { return one == removed }), " ")))
		}
		return err
	})
	if removed != "" && (err == nil || errors.Is(err, errAnswerLost)) {
		s.mutex.Lock()
		s.removed[set+" "+removed] = err == nil
		s.mutex.Unlock()
	}
	return err
}

// Several stores change the same sets. Appends fail and their answers get lost, contexts are left and stay, logs are compacted, stores are closed in the middle of
// writing and opened again, at random. In the end every member is there once that was added, as it was acknowledged, and none that was removed.
func TestTabsInTrouble(t *testing.T) {
	for name, durability := range map[string]logkv.Durability{"relaxed": logkv.Relaxed, "memory-first": logkv.MemoryFirst} {
		compacting, removing := busy, small
		compacting.Durability, removing.Durability = durability, durability
		t.Run(name+", compacting", func(t *testing.T) { testTrouble(t, compacting, false) })
		t.Run(name+", removing", func(t *testing.T) { testTrouble(t, removing, true) })
	}
}

func testTrouble(t *testing.T, options logkv.Options, removes bool) {
	kvtest.CheckGoroutines(t)
	seed := seeds.For(t)
	const tabs, lives, writers = 3, 3, 3
	rounds := seeds.Rounds(40)
	ctx := context.Background()
	storage := memdevice.New()
	s := &sets{added: map[string]bool{}, removed: map[string]bool{}}
	write := func(store *logkv.Store, random *rand.Rand, name string) {
		for i := range rounds {
			set := fmt.Sprint("set", random.IntN(8))
			var err error
			switch choice := random.IntN(30); {
			case choice == 0 && !removes:
				err = store.Compact(ctx)
			case choice == 1:
				err = store.Flush(ctx)
			case choice == 2:
				err = store.Refresh(ctx)
			case choice == 3:
				err = store.Leave(ctx)
			case choice == 4:
				err = store.Stay(ctx)
			case choice < 8 && removes:
				err = s.remove(ctx, store, set, random.IntN(100))
			default:
				err = s.add(ctx, store, set, fmt.Sprint(name, ".", i))
			}
			if errors.Is(err, core.ErrClosed) {
				return
			}
			if !troubled(err) {
				assert.NoError(t, err)
			}
		}
	}
	var group sync.WaitGroup
	for tab := range tabs {
		group.Go(func() {
			for life := range lives {
				device := &trouble{Device: storage.Open(nil), random: rand.New(rand.NewPCG(seed, uint64(10*tab+life)))}
				store, err := logkv.Open(ctx, device, options)
				if !assert.NoError(t, err) {
					return
				}
				done := make(chan struct{}, writers)
				for writer := range writers {
					name := fmt.Sprint(tab, ".", life, ".", writer)
					random := rand.New(rand.NewPCG(seed, uint64(1000+100*tab+10*life+writer)))
					go func() {
						write(store, random, name)
						done <- struct{}{}
					}()
				}
				<-done
				device.heal()
				assert.NoError(t, store.Close())
				for range writers - 1 {
					<-done
				}
			}
		})
	}
	group.Wait()
	got, err := contents(storage)
	require.NoError(t, err)
	have := map[string]int{}
	for set, value := range got {
		for _, member := range members([]byte(value)) {
			have[set+" "+member]++
		}
	}
	for member, count := range have {
		assert.Equal(t, 1, count, member)
		assert.False(t, s.removed[member], "%s was removed", member)
	}
	for member := range s.added {
		if _, removed := s.removed[member]; !removed {
			assert.Equal(t, 1, have[member], "%s was acknowledged", member)
		}
	}
}
