package logkv

import (
	"context"
	"errors"
	"slices"

	"github.com/gouchdb/gouchdb/core"
)

// tail is what an open would have to read after the newest snapshot.
type tail struct {
	covers        uint64 // by the newest snapshot
	snapshotBytes int
	bytes         int
	records       int
	writing       bool // a snapshot is being written
}

func (t *tail) add(bytes, records int) {
	t.bytes += bytes
	t.records += records
}

// recordCost is the number of bytes that take as long to read as one record more.
const recordCost = 512

// cost is how much there is to read, in bytes.
func (t *tail) cost() int { return t.bytes + recordCost*t.records }

// worthwhile is the cost from which on a new snapshot pays: its own size, so that snapshots never more than double what is written.
func (s *Store) worthwhile() int { return max(s.options.SnapshotBytes, s.tail.snapshotBytes) }

// snapshotIfWorthwhile writes a snapshot in the background when the tail has grown long.
func (s *Store) snapshotIfWorthwhile() {
	s.mutex.Lock()
	due := !s.tail.writing && s.tail.cost() >= s.worthwhile()
	s.mutex.Unlock()
	if !due {
		return
	}
	s.inBackground(func() {
		// A failure costs time at the next open and nothing else; the next commits will try again.
		_, _ = s.writeSnapshot(s.leisure, func() error { return s.pause(s.leisure) })
	})
}

// snapshotOnClose writes one when a quarter of the way to the next is done, because nobody has to wait for it now.
func (s *Store) snapshotOnClose() {
	s.mutex.Lock()
	due := s.tail.cost() >= s.worthwhile()/4
	s.mutex.Unlock()
	if due {
		_, _ = s.writeSnapshot(s.lifetime, func() error { return nil }) // as above
	}
}

// errBusy: another snapshot is being written.
var errBusy = errors.New("a snapshot is being written")

// writeSnapshot writes a snapshot of the newest state and returns that. It is encoded from a state that does not change, with pauses, so writers go on meanwhile; only
// the device's writing may keep them.
func (s *Store) writeSnapshot(ctx context.Context, pause func() error) (*state, error) {
	s.mutex.Lock()
	if s.tail.writing {
		s.mutex.Unlock()
		return nil, errBusy
	}
	before, covered := s.tail, s.logged
	if before.covers == covered.head {
		s.mutex.Unlock()
		return covered, nil
	}
	s.tail.writing = true
	s.mutex.Unlock()

	chunks, err := encodeSnapshot(covered, pause)
	given := err == nil
	if given {
		err = s.device.WriteSnapshot(ctx, covered.head, chunks)
	}

	s.mutex.Lock()
	defer s.mutex.Unlock()
	defer s.snapshotDone.Fire()
	s.tail.writing = false
	if !given {
		return nil, err
	}
	// After a failure the tail counts as new, too: a device without space must not be asked again after every commit.
	s.tail.bytes = max(0, s.tail.bytes-before.bytes)
	s.tail.records = max(0, s.tail.records-before.records)
	if err != nil {
		return nil, err
	}
	s.tail.covers = covered.head
	s.tail.snapshotBytes = totalSize(chunks)
	return covered, nil
}

// verifySnapshot reads the newest snapshot back. What it stands for is about to be removed.
func (s *Store) verifySnapshot(ctx context.Context, covers uint64) error {
	base, err := s.device.Load(ctx, Newest, 0)
	if err != nil {
		return err
	}
	if base.Covers < covers {
		return core.ErrCorrupt.Because("a snapshot that was written is not there")
	}
	return checkSnapshot(base.Covers, base.Chunks)
}

// gaps returns the ranges of numbers from 1 to last that are not in keep, which is ascending.
func gaps(keep []uint64, last uint64) []NumberRange {
	var ranges []NumberRange
	next := uint64(1)
	for _, number := range slices.Compact(keep) {
		if number > last {
			break
		}
		if number > next {
			ranges = append(ranges, NumberRange{First: next, Last: number - 1})
		}
		next = number + 1
	}
	if next <= last {
		ranges = append(ranges, NumberRange{First: next, Last: last})
	}
	return ranges
}
