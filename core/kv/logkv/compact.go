package logkv

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"time"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/internal/order"
)

// Compact implements kv.Store.
//
// It writes the living values of records that are mostly garbage anew, then removes all records that nothing refers to any more: neither the
// newest state, nor a view of this store that is still open, nor what replaying the log from the older of the two snapshots needs, so that one damaged snapshot
// can still be done without. Views in other contexts find moved values at their new place.
//
// Readers are not held up. Writers wait for a step at most, which moves a quarter of a megabyte.
func (s *Store) Compact(ctx context.Context) error {
	if err := s.check(ctx); err != nil {
		return err
	}
	if !s.compacting.Take(ctx, s.closing) {
		return s.check(ctx)
	}
	defer s.compacting.Pass()
	if err := s.Refresh(ctx); err != nil {
		return err
	}
	if err := s.drain(ctx); err != nil {
		return err
	}
	if s.newestLogged().head == s.compacted {
		return nil
	}
	before, err := s.snapshotNow(ctx)
	if err != nil {
		return err
	}
	if err := s.moveLiveValues(ctx); err != nil {
		return err
	}
	if s.newestLogged().head == before.head {
		// Nothing had to move. An empty record lets there be a second snapshot that covers all that is going to be removed.
		if err := s.commit(ctx, func(tx *transaction) error {
			tx.batch.room(0)
			return nil
		}); err != nil {
			return err
		}
	}
	after, err := s.snapshotNow(ctx)
	if err != nil {
		return err
	}
	if err := s.verifySnapshot(ctx, after.head); err != nil {
		return err
	}
	return s.removeDead(ctx, before, after)
}

// compactIfWorthwhile compacts in the background when too little of the log is alive.
func (s *Store) compactIfWorthwhile() {
	s.mutex.Lock()
	logged, ratio := s.logged, s.options.CompactionRatio
	due := ratio > 0 && !s.compactsItself && logged.logBytes >= s.nextCompaction && float64(logged.logBytes) > ratio*float64(logged.bytes)
	if due {
		s.compactsItself = true
	}
	s.mutex.Unlock()
	if !due {
		return
	}
	s.inBackground(func() {
		err := s.Compact(s.leisure)
		s.mutex.Lock()
		defer s.mutex.Unlock()
		s.compactsItself = false
		// What is left may be all that can be done (views that are open, a ratio hard to reach), and a failure, which costs space and nothing else, may repeat
		// itself. So it takes some growth until the next try.
		s.nextCompaction = max(s.leastCompaction(), s.logged.logBytes/4*5)
		if err != nil {
			s.nextCompaction += s.leastCompaction()
		}
	})
}

// leastCompaction is how large a log is let be.
func (s *Store) leastCompaction() uint64 { return 2 * uint64(s.options.SnapshotBytes) }

// pause lets others run in the middle of long work, and tells when to give that up. Only in WebAssembly that takes something: there is one thread, which gets to
// what the browser has to tell only when all goroutines wait.
func (s *Store) pause(ctx context.Context) error {
	if runtime.GOOS == "js" {
		time.Sleep(time.Millisecond)
	}
	return s.check(ctx)
}

// pauseEvery is how many entries are gone through between two pauses.
const pauseEvery = 8192

// snapshotNow writes a snapshot of the newest state, after the one that is being written, if there is one. Without room for it, it makes some, as far as that goes.
func (s *Store) snapshotNow(ctx context.Context) (covered *state, err error) {
	for removed := false; ; {
		changed := s.snapshotDone.Next()
		covered, err := s.writeSnapshot(ctx, func() error { return s.pause(ctx) })
		switch {
		case errors.Is(err, core.ErrStorageFull) && s.useReserve(ctx):
			continue
		case errors.Is(err, core.ErrStorageFull) && !removed:
			removed = true
			if err := s.removeCovered(ctx); err != nil {
				return nil, err
			}
			continue
		case !errors.Is(err, errBusy):
			return covered, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// use is what of a record a state refers to.
type use struct {
	live int // bytes of values
	end  int // of the last one; the record is hardly longer
}

// uses returns what a state refers to, by record. It calls pause now and then, and gives up when that fails.
func uses(st *state, pause func() error) (map[uint64]use, error) {
	found := map[uint64]use{}
	n := 0
	for item := range st.tree.Scan(kv.Range{}) {
		if n++; n%pauseEvery == 0 {
			if err := pause(); err != nil {
				return nil, err
			}
		}
		if item.External() {
			at := mustAddress(item)
			of := found[at.record]
			found[at.record] = use{live: of.live + at.length, end: max(of.end, at.offset+at.length+checksumSize)}
		}
	}
	return found, sound(st.tree)
}

// needed returns the records that somebody needs: the newest states, or a view that is still open. size is about how large those up to the number last are, and
// states how many different states there are.
func (s *Store) needed(ctx context.Context, last uint64) (numbers []uint64, size uint64, states int, err error) {
	s.mutex.Lock()
	needed := []*state{s.current}
	for _, st := range []*state{s.logged, s.ahead.onto} {
		if !slices.Contains(needed, st) {
			needed = append(needed, st)
		}
	}
	for _, st := range s.viewing {
		if !slices.Contains(needed, st) {
			needed = append(needed, st)
		}
	}
	s.mutex.Unlock()

	kept := map[uint64]int{} // records, and about how long they are
	for _, st := range needed {
		of, err := uses(st, func() error { return s.pause(ctx) })
		if err != nil {
			return nil, 0, 0, err
		}
		for number, use := range of {
			kept[number] = max(kept[number], use.end)
		}
	}
	numbers = make([]uint64, 0, len(kept))
	for number, end := range kept {
		numbers = append(numbers, number)
		if number <= last {
			size += uint64(end)
		}
	}
	order.Values(numbers)
	return numbers, size, len(needed), nil
}

// removeDead removes the records up to last's that nobody needs; head is the state when all was moved.
func (s *Store) removeDead(ctx context.Context, last, head *state) error {
	numbers, size, states, err := s.needed(ctx, last.head)
	if err != nil {
		return err
	}
	if err := s.device.Remove(ctx, gaps(numbers, last.head)); err != nil {
		return err
	}
	done := head.head
	if reclaimed := last.logBytes - min(last.logBytes, size); reclaimed >= uint64(s.options.RecordBytes) {
		err := s.commit(ctx, func(tx *transaction) error {
			tx.batch.reclaim(reclaimed)
			return nil
		})
		if err != nil {
			return err
		}
		done++
	}
	if s.newestLogged().head == done && states == 1 && head.content <= last.head {
		s.compacted = done // until something is committed, there is nothing more to do
	}
	return nil
}

// commit is a step of a compaction, which is in the log when it returns.
func (s *Store) commit(ctx context.Context, write func(*transaction) error) error {
	return s.update(ctx, func(tx kv.Tx) error {
		kv.Frees(tx)
		return write(tx.(*transaction))
	}, true)
}
