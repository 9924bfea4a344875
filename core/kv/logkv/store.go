package logkv

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/kv/internal/signal"
	"github.com/gouchdb/gouchdb/core/kv/internal/turn"
)

// Store is a kv.Store over a Device. The function of an update may open views, but must not call Update, Refresh, Compact, Close or Destroy, which wait
// for the update to end.
type Store struct {
	device  Device
	options Options
	cache   *cache
	fetches fetches
	changed signal.Broadcast
	writer  uint64        // tells this store's commits from those of all others
	grace   time.Duration // see the constant

	// log is held by whoever moves current on: a commit, or a catching up with other writers.
	log turn.Line
	// flight is held, and taken before log, by whoever appends without the log in his hands, and by those who must not meet such a one.
	flight     turn.Line
	commits    uint64    // tried so far; guarded by log
	compacting turn.Line // held by Compact
	compacted  uint64    // the head when Compact last had nothing left to do; guarded by compacting

	nextCompaction uint64 // how large the log has to be for the next automatic compaction; guarded by mutex
	compactsItself bool   // right now; guarded by mutex

	mutex      sync.Mutex
	current    *state     // what views see
	logged     *state     // what of it is in the log; the same but with MemoryFirst
	viewing    []*state   // states that views are reading; see state.views
	queue      []*request // updates that have not begun
	committing bool       // a goroutine works on the queue
	catchingUp bool       // a goroutine is about to
	tail       tail

	ahead ahead // what is acknowledged and not logged; see there

	snapshotDone signal.Broadcast // fires when a snapshot has been written, or has not

	closing    chan struct{} // closed when the store begins to close
	closed     bool          // guarded by mutex; set when closing is closed
	closeOnce  sync.Once
	closeErr   error
	background sync.WaitGroup
	// lifetime is the context of what is done for no caller in particular, or for several. It ends when the store has closed.
	lifetime context.Context
	end      context.CancelFunc
	// leisure is the context of what can as well be left undone. It ends when the store begins to close.
	leisure    context.Context
	endLeisure context.CancelFunc
}

var _ kv.Store = (*Store)(nil)

// Open reads what the device holds and returns a store of it, which owns the device from then on. When it fails, the device is the caller's to close.
// Errors: ErrCorrupt, ErrNewerFormat, and the device's.
func Open(ctx context.Context, device Device, options Options) (*Store, error) {
	s := &Store{
		device:  device,
		options: options.withDefaults(),
		writer:  rand.Uint64(),
		grace:   grace,
		closing: make(chan struct{}),
	}
	s.cache = newCache(s.options.CacheBytes)
	loaded, err := s.load(ctx)
	if err != nil {
		return nil, err
	}
	s.lifetime, s.end = context.WithCancel(context.Background())
	s.leisure, s.endLeisure = context.WithCancel(s.lifetime)
	s.nextCompaction = s.leastCompaction()
	s.current, s.logged, s.tail = loaded.state, loaded.state, loaded.tail
	s.ahead.onto = s.logged
	device.Watch(s.catchUpSoon)
	s.snapshotIfWorthwhile()
	return s, nil
}

// check returns why a call cannot go on.
func (s *Store) check(ctx context.Context) error {
	select {
	case <-s.closing:
		return core.ErrClosed
	default:
		return ctx.Err()
	}
}

// View implements kv.Store.
func (s *Store) View(ctx context.Context, read func(kv.Snapshot) error) error {
	if err := s.check(ctx); err != nil {
		return err
	}
	return s.view(&s.current, read)
}

// view calls read with the newest or the logged state, and keeps compaction from removing what that refers to.
func (s *Store) view(which **state, read func(kv.Snapshot) error) error {
	s.mutex.Lock()
	viewed := *which
	if viewed.views++; viewed.views == 1 {
		s.viewing = append(s.viewing, viewed)
	}
	s.mutex.Unlock()
	defer s.release(viewed)
	return read(&reader{store: s, tree: viewed.tree, unlogged: viewed.unlogged})
}

func (s *Store) release(viewed *state) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if viewed.views--; viewed.views == 0 {
		s.viewing = slices.DeleteFunc(s.viewing, func(st *state) bool { return st == viewed })
	}
}

// newest returns the newest state.
func (s *Store) newest() *state {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.current
}

// newestLogged returns the newest state that is in the log.
func (s *Store) newestLogged() *state {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.logged
}

// publish makes a state that is in the log the newest one, and tells those who wait for changes, if it is one. found are the commits that were found there.
// Views go on seeing what is acknowledged, if there is such; see rebase. The caller holds the log.
func (s *Store) publish(next *state, found map[commitID]bool, bytes, records int, changes bool) {
	s.mutex.Lock()
	s.logged = next
	s.ahead.recognise(found)
	if s.ahead.empty() {
		s.current, s.ahead.onto = next, next
		s.ahead.succeeded()
	}
	s.tail.add(bytes, records)
	s.mutex.Unlock()
	if changes {
		s.ahead.done.Fire()
		s.changed.Fire()
	}
}

// Changed implements kv.Store.
func (s *Store) Changed() <-chan struct{} { return s.changed.Next() }

// Flush implements kv.Store.
func (s *Store) Flush(ctx context.Context) error {
	if err := s.check(ctx); err != nil {
		return err
	}
	if err := s.drain(ctx); err != nil {
		return err
	}
	return s.device.Sync(ctx)
}

// Drain returns when everything acknowledged by now is in the log; see [kv.Drain].
func (s *Store) Drain(ctx context.Context) error {
	if err := s.check(ctx); err != nil {
		return err
	}
	return s.drain(ctx)
}

// Stats implements kv.Store.
func (s *Store) Stats(ctx context.Context) (kv.Stats, error) {
	if err := s.check(ctx); err != nil {
		return kv.Stats{}, err
	}
	size, err := s.device.Size(ctx)
	if err != nil {
		return kv.Stats{}, err
	}
	s.mutex.Lock()
	now, logged, snapshots := s.current, s.logged, 2*s.tail.snapshotBytes
	s.mutex.Unlock()
	if size == 0 {
		size = logged.logBytes + uint64(snapshots)
	}
	return kv.Stats{
		LiveBytes: now.bytes, StoredBytes: size, Keys: uint64(now.tree.Len()),
		LogBytes: logged.logBytes, Unlogged: now.logBytes - min(now.logBytes, logged.logBytes),
		CacheBytes: uint64(s.cache.bytes()), CacheLimit: uint64(s.options.CacheBytes),
	}, nil
}

// inBackground runs work in a goroutine that Close waits for, unless the store is closing already.
func (s *Store) inBackground(work func()) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if !s.closed {
		s.background.Go(work)
	}
}

// Close implements kv.Store. It waits for the commit that is under way and, with MemoryFirst, for what is acknowledged to be logged, a few seconds at most. Its
// error says when that could not be done.
func (s *Store) Close() error {
	s.closeOnce.Do(func() {
		lost := s.drainToClose()
		s.shut()
		patience := time.AfterFunc(s.grace, s.end)
		defer patience.Stop()
		s.background.Wait()
		s.snapshotOnClose()
		s.end()
		s.closeErr = errors.Join(lost, s.device.Close())
		s.forget()
	})
	return s.closeErr
}

// Destroy implements kv.Store.
func (s *Store) Destroy(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.closeOnce.Do(func() {
		s.shut()
		patience := time.AfterFunc(s.grace, s.end)
		defer patience.Stop()
		s.background.Wait()
		s.end()
	})
	defer s.forget()
	if err := s.device.Destroy(ctx); err != nil {
		return errors.Join(err, s.device.Close())
	}
	return nil
}

// shut lets go everything that waits, and begins nothing new.
func (s *Store) shut() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	close(s.closing)
	s.endLeisure()
	for _, r := range s.queue {
		r.done <- core.ErrClosed
	}
	s.queue = nil
	s.changed.Close()
	s.ahead.stopTimer()
}

// forget releases the memory, also when somebody keeps the closed store. It waits for who is catching up with others, whom the device, closed by now, does not keep.
func (s *Store) forget() {
	s.flight.Take(context.Background(), nil)
	defer s.flight.Pass()
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.current = emptyState()
	s.logged = s.current
	s.ahead.open, s.ahead.flying = nil, nil
	s.cache.clear()
}

// noticeClosed shuts the store when the device says that it was closed or destroyed under us.
func (s *Store) noticeClosed(err error) {
	if errors.Is(err, core.ErrClosed) {
		s.shut()
	}
}
