package logkv

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/kv/internal/tree"
)

// Compact implements kv.Store.
//
// It writes the living values of records that are mostly garbage anew, then removes all records that nothing refers to any more: neither the
// newest state, nor a view of this store that is still open, nor what replaying the log from the older of the two snapshots needs, so that one damaged snapshot
// can still be done without. Views in other contexts find moved values at their new place.
func (s *Store) Compact(ctx context.Context) error {
	if err := s.check(ctx); err != nil {
		return err
	}
	taken := s.compacting.Take(ctx, s.closing)
	if taken {
		defer s.compacting.Pass()
	}
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
	if s.newestLogged().head == before {
		// Nothing had to move. An empty record lets there be a second snapshot that covers all that is going to be removed.
		if err := s.Update(ctx, func(tx kv.Tx) error {
			tx.(*transaction).batch.room(0)
			return nil
		}); err != nil {
			return err
		}
	}
	after, err := s.snapshotNow(ctx)
	if err != nil {
		return err
	}
	if err := s.verifySnapshot(ctx, after); err != nil {
		return err
	}
	return s.removeDead(ctx, before, after)
}

// snapshotNow writes a snapshot of the newest state, after the one that is being written, if there is one.
func (s *Store) snapshotNow(ctx context.Context) (covers uint64, err error) {
	for {
		changed := s.snapshotDone.Next()
		covers, err := s.writeSnapshot(ctx)
		if !errors.Is(err, errBusy) {
			return covers, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// liveBytes returns how many bytes of each record are values that a state refers to.
func liveBytes(st *state) map[uint64]int {
	live := map[uint64]int{}
	for item := range st.tree.Scan(kv.Range{}) {
		if item.External() {
			at := mustAddress(item)
			live[at.record] += at.length
		}
	}
	return live
}

// sparse returns the records whose values should move: those less than two thirds of which are values, unless they would fill as many records again.
func (s *Store) sparse(live map[uint64]int) map[uint64]bool {
	records, total := map[uint64]bool{}, 0
	for number, bytes := range live {
		if bytes < s.options.RecordBytes*2/3 {
			records[number] = true
			total += bytes
		}
	}
	if len(records) <= 1+total/s.options.RecordBytes {
		return nil
	}
	return records
}

// moveBytes is how much is moved in one commit: little enough for other updates not to wait long.
const moveBytes = 1 << 20

// moveLiveValues writes the values in sparse records anew, in the order in which they were written first.
func (s *Store) moveLiveValues(ctx context.Context) error {
	now := s.newestLogged()
	from := s.sparse(liveBytes(now))
	if len(from) == 0 {
		return nil
	}
	var moves []tree.Item
	for item := range now.tree.Scan(kv.Range{}) {
		if item.External() && from[mustAddress(item).record] {
			moves = append(moves, item)
		}
	}
	slices.SortFunc(moves, func(a, b tree.Item) int {
		x, y := mustAddress(a), mustAddress(b)
		return cmp.Or(cmp.Compare(x.record, y.record), cmp.Compare(x.offset, y.offset))
	})
	for begin := 0; begin < len(moves); {
		end, size := begin, 0
		for end < len(moves) && size < moveBytes {
			size += mustAddress(moves[end]).length
			end++
		}
		if err := s.Update(ctx, func(tx kv.Tx) error {
			return move(ctx, tx.(*transaction), moves[begin:end])
		}); err != nil {
			return err
		}
		begin = end
	}
	return nil
}

// move puts the values of items again, those that still are their keys' values at the same place.
func move(ctx context.Context, tx *transaction, items []tree.Item) error {
	unchanged := make([]tree.Item, 0, len(items))
	for _, item := range items {
		if current, found := tx.tree.Get(item.Key()); found && current == item {
			unchanged = append(unchanged, item)
		}
	}
	values, err := tx.values(ctx, unchanged)
	if err != nil {
		return err
	}
	for i, item := range unchanged {
		tx.Put(item.Key(), values[i])
	}
	return nil
}

// removeDead removes the records up to last that nobody needs.
func (s *Store) removeDead(ctx context.Context, last, head uint64) error {
	s.mutex.Lock()
	needed := slices.Collect(maps.Keys(s.viewing))
	for _, st := range []*state{s.current, s.logged} {
		if !slices.Contains(needed, st) {
			needed = append(needed, st)
		}
	}
	s.mutex.Unlock()

	var keep []uint64
	for _, st := range needed {
		keep = slices.AppendSeq(keep, maps.Keys(liveBytes(st)))
	}
	slices.Sort(keep)
	if err := s.device.Remove(ctx, gaps(keep, last)); err != nil {
		return err
	}
	if len(needed) == 1 {
		s.compacted = head // until something is committed, there is nothing more to do
	}
	return nil
}
