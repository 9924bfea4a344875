package logkv

import (
	"context"
	"errors"

	"github.com/gouchdb/gouchdb/core"
)

// commitQueued commits until the queue is empty. While one commit is under way, the updates that arrive gather for the next.
func (s *Store) commitQueued() {
	for s.moreQueued() {
		if s.options.Durability == MemoryFirst {
			s.acceptOrCommit()
		} else if s.log.Take(s.lifetime, nil) {
			s.commitGroup(nil)
			s.log.Pass()
		}
		s.tidy()
	}
}

// tidy begins in the background what the log needs now and then.
func (s *Store) tidy() {
	s.snapshotIfWorthwhile()
	s.compactIfWorthwhile()
}

// maxStandstills is how often a commit is tried again although the device, which says that the head has moved, shows nothing new.
const maxStandstills = 3

// commitGroup runs a group of updates and those that are queued, one after the other, and commits what they did together.
//
// It is optimistic: the updates run on the state that this store knows, and the device accepts the commit only if that is the newest one. If it
// is not, all run again on what is. That holds for failed updates as well, which may have failed because of what was not known yet.
func (s *Store) commitGroup(group []*request) {
	standstills := 0
	for full := false; ; {
		b := newBatch(s.options, s.newest())
		for _, r := range group {
			s.runIn(b, r)
		}
		for b.size < groupBytes && !b.stale && !full {
			r := s.next()
			if r == nil {
				break
			}
			group = append(group, r)
			s.runIn(b, r)
		}
		again, err := s.settle(b, &standstills)
		if again {
			continue
		}
		if group, full = s.retryFreeing(group, err); full {
			continue
		}
		if b.stale { // then no function has seen what it should have
			for _, r := range group {
				r.err = nil
			}
		}
		s.finish(group, err)
		return
	}
}

// runIn runs the function of a request in a batch; what it did stays there only if it succeeded. The savepoint is from before it.
func (s *Store) runIn(b *batch, r *request) (tx *transaction, before savepoint) {
	if r.aborted || b.stale {
		return nil, before
	}
	if r.err = s.check(r.ctx); r.err != nil {
		return nil, before
	}
	point := b.save()
	tx = s.transaction(b)
	returned := false
	defer func() {
		if !returned { // the function panics, in this goroutine
			b.rollback(point)
		}
	}()
	r.err = r.perform(tx)
	returned = true
	r.aborted = r.err == errAborted
	r.frees = tx.frees
	if r.err == nil {
		r.err = tx.failure
	}
	if r.err == nil {
		r.err = sound(b.tree)
	}
	if r.err == nil {
		r.err = s.check(r.ctx)
	}
	if r.err != nil {
		b.rollback(point)
	} else if !r.logged && b.size != point.size {
		b.changes = true
	}
	return tx, point
}

// transaction begins a run in a batch.
func (s *Store) transaction(b *batch) *transaction {
	return &transaction{reader: reader{store: s, tree: b.tree, batch: b, unlogged: b.base.unlogged}}
}

// settle commits a batch. It returns again when the updates have to run again, otherwise the outcome for those that succeeded.
func (s *Store) settle(b *batch, standstills *int) (again bool, err error) {
	switch {
	case b.stale:
		*standstills++
	case b.empty():
		// Nothing to commit; whether that is right depends on there being nothing newer.
	default:
		err := s.append(b)
		if !errors.Is(err, ErrHeadMoved) {
			s.noticeClosed(err)
			return false, err
		}
		*standstills++
	}
	found, err := s.catchUp(s.lifetime)
	if err != nil {
		s.noticeClosed(err)
		return false, err
	}
	moved := s.newest() != b.base
	switch {
	case found[b.commit]:
		return false, nil // the device had taken the commit already, without our knowing
	case moved:
		*standstills = 0
		return true, nil
	case b.stale:
		if *standstills < maxStandstills {
			_, err := s.reload(s.lifetime)
			return err == nil, err
		}
		return false, core.ErrCorrupt.Because("the log lacks a record that is still referred to")
	case b.empty():
		return false, nil
	case *standstills < maxStandstills:
		return true, nil
	}
	return false, core.ErrStorage.Because("the storage refuses a commit that follows the newest one").From(ErrHeadMoved)
}

// append gives the records of a batch to the device and, when it has taken them, publishes the state that they lead to.
func (s *Store) append(b *batch) error {
	records := s.sealed(b)
	if err := s.device.Append(s.lifetime, b.first(), records, s.options.Durability); err != nil {
		return err
	}
	for i, record := range records {
		s.cache.put(b.first()+uint64(i), record)
	}
	s.publish(b.result(), nil, b.size, len(records), b.changes)
	return nil
}

// finish tells the callers.
func (s *Store) finish(group []*request, err error) {
	for _, r := range group {
		outcome := r.err
		if outcome == nil {
			outcome = err
		}
		// A close that lost patience with the device ends what was under way with the store's context; the caller should hear of the close.
		if s.lifetime.Err() != nil && errors.Is(outcome, context.Canceled) && r.ctx.Err() == nil {
			outcome = core.ErrClosed
		}
		r.done <- outcome
	}
}
