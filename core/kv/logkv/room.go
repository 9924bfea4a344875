package logkv

import (
	"context"
	"errors"
	"slices"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
)

// Reserver is a Device that keeps some room for when there is no other. What is acknowledged already may use it, and what makes room: deletions and compaction.
type Reserver interface {
	// Release gives that room back, for the next calls to use, and takes its time; released is false when there was none left to give back. When what is written next
	// finds no room all the same, it is called again.
	Release(ctx context.Context) (released bool, err error)
	// Refused is told that a write was refused that makes no room and does not get any. The device may see to it, without making anybody wait, that there is room later
	// where something was removed.
	Refused()
}

var _ kv.Freer = (*transaction)(nil)

// Frees implements kv.Freer.
func (t *transaction) Frees() { t.frees = true }

// useReserve reports whether there may be more room now.
func (s *Store) useReserve(ctx context.Context) bool {
	device, ok := s.device.(Reserver)
	if !ok {
		return false
	}
	released, err := device.Release(ctx)
	return err == nil && released
}

// retryFreeing takes those updates out of a group that found no room and make none, and tells them. It reports whether the rest may succeed now.
func (s *Store) retryFreeing(group []*request, err error) (rest []*request, again bool) {
	if !errors.Is(err, core.ErrStorageFull) {
		return group, false
	}
	var refused []*request
	rest = slices.DeleteFunc(group, func(r *request) bool {
		if r.err == nil && !r.frees {
			refused = append(refused, r)
			return true
		}
		return false
	})
	if device, ok := s.device.(Reserver); ok && len(refused) > 0 {
		device.Refused()
	}
	s.finish(refused, err)
	frees := slices.ContainsFunc(rest, func(r *request) bool { return r.err == nil })
	return rest, frees && (len(refused) > 0 || s.useReserve(s.lifetime))
}

// removeCovered removes records without writing anything, for when there is no room for the snapshots that a compaction begins with: those that nobody refers to, up to the
// older of the two snapshots that there are.
func (s *Store) removeCovered(ctx context.Context) error {
	s.mutex.Lock()
	newest := s.tail.covers
	s.mutex.Unlock()
	older, err := s.device.Load(ctx, newest, 0)
	if err != nil {
		return err
	}
	numbers, _, _, err := s.needed(ctx, older.Covers)
	if err != nil {
		return err
	}
	return s.device.Remove(ctx, gaps(numbers, older.Covers))
}
