package logkv

import (
	"errors"
	"time"

	"github.com/gouchdb/gouchdb/core"
)

// flush logs everything that is acknowledged by now. The caller holds the flight, and not the log.
func (s *Store) flush() error {
	s.mutex.Lock()
	awaited := s.ahead.accepted
	s.mutex.Unlock()
	for standstills := 0; ; {
		if !s.log.Take(s.lifetime, nil) {
			return core.ErrClosed
		}
		ready, err := s.prepareFlight(awaited)
		s.log.Pass()
		if err != nil {
			return s.flushFailed(err)
		}
		if !ready {
			return nil
		}
		err = s.device.Append(s.lifetime, s.ahead.flying.first(), s.ahead.sealed, MemoryFirst)
		if err == nil {
			s.land()
			continue
		}
		if errors.Is(err, core.ErrStorageFull) && s.useReserve(s.lifetime) {
			continue
		}
		if !errors.Is(err, ErrHeadMoved) {
			return s.flushFailed(err)
		}
		before := s.newestLogged()
		if standstills++; standstills > maxStandstills {
			return s.flushFailed(core.ErrStorage.Because("the storage refuses a commit that follows the newest one").From(err))
		}
		if !s.log.Take(s.lifetime, nil) {
			return core.ErrClosed
		}
		_, err = s.catchUp(s.lifetime)
		s.log.Pass()
		if err != nil {
			return s.flushFailed(err)
		}
		if s.newestLogged() != before {
			standstills = 0
		}
	}
}

// prepareFlight makes the next batch ready to be appended; there is none when all that is awaited has arrived. The caller holds the flight and the log.
func (s *Store) prepareFlight(awaited uint64) (ready bool, err error) {
	if err := s.rebase(); err != nil {
		return false, err
	}
	a := &s.ahead
	if a.flying == nil && a.open != nil && a.logged < awaited {
		sealed := s.sealed(a.open)
		s.mutex.Lock()
		a.flying, a.sealed, a.open = a.open, sealed, nil
		// What it builds on is in the log by now, and need not be kept in memory.
		s.current = a.flying.preview(nil)
		s.mutex.Unlock()
	}
	return a.flying != nil, nil
}

// sealed finishes the records of a batch. The caller holds the log.
func (s *Store) sealed(b *batch) [][]byte {
	if b.commit == (commitID{}) {
		s.commits++
		b.commit = commitID{writer: s.writer, sequence: s.commits}
	}
	return b.seal()
}

// land takes note that the device has taken the batch. The caller holds the flight, not the log.
func (s *Store) land() {
	a := &s.ahead
	for i, record := range a.sealed {
		s.cache.put(a.flying.first()+uint64(i), record)
	}
	s.mutex.Lock()
	b := a.flying
	s.logged = b.result()
	a.onto = s.logged
	a.logged += uint64(len(b.accepted))
	a.flying, a.sealed = nil, nil
	late := a.failure != nil // then there are settled views that have not waited for it
	a.succeeded()
	if a.open == nil {
		s.current = s.logged
	}
	s.tail.add(b.size, len(b.records))
	s.mutex.Unlock()
	a.done.Fire()
	if late {
		s.changed.Fire()
	}
}

// flushFailed keeps the reason for those who come later, and sees to it that there is another try.
func (s *Store) flushFailed(err error) error {
	s.noticeClosed(err)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	a := &s.ahead
	a.failure = err
	if a.timer == nil && !s.closed {
		a.timer = time.AfterFunc(min(retryDelay<<min(a.attempts, 16), maxRetryDelay), s.flushInBackground)
		a.attempts++
	}
	a.done.Fire()
	return err
}

// rebase does what is acknowledged again on the newest logged state, if another context has moved that on. What the device has taken
// without our knowing is found there and not made twice. The caller holds the flight and the log.
func (s *Store) rebase() error {
	a := &s.ahead
	for standstills := 0; !a.empty() && a.onto != s.newestLogged(); standstills++ {
		onto := s.newestLogged()
		next, count, err := s.redoOnto(onto)
		if err != nil {
			return err
		}
		if next.stale {
			if standstills == maxStandstills {
				return core.ErrCorrupt.Because("the log lacks a record that is still referred to")
			}
			if _, err := s.reload(s.lifetime); err != nil {
				return err
			}
			continue
		}
		s.mutex.Lock()
		a.flying, a.sealed, a.onto = nil, nil, onto
		if next.empty() {
			a.open, s.current = nil, onto
			a.logged += count
			a.succeeded()
		} else {
			a.open, s.current = next, next.preview(nil)
		}
		s.mutex.Unlock()
		a.done.Fire()
		s.changed.Fire()
	}
	return nil
}

// redoOnto makes a batch of all that is acknowledged, on another state than it was acknowledged on.
func (s *Store) redoOnto(onto *state) (b *batch, count uint64, err error) {
	was := s.newest()
	acknowledged := &reader{store: s, tree: was.tree, unlogged: was.unlogged}
	b = newBatch(s.options, onto)
	b.changes = true
	b.save()
	for _, from := range []*batch{s.ahead.flying, s.ahead.open} {
		if from == nil {
			continue
		}
		b.accepted = append(b.accepted, from.accepted...)
	}
	for _, again := range b.accepted {
		tx := s.transaction(b)
		err := again(s.lifetime, acknowledged, tx)
		if b.stale {
			return b, 0, nil
		}
		if err = errors.Join(err, tx.failure, sound(b.tree)); err != nil {
			return nil, 0, err
		}
	}
	return b, uint64(len(b.accepted)), nil
}
