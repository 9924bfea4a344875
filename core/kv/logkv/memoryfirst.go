package logkv

import (
	"context"
	"errors"
	"time"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/kv/internal/signal"
)

// ahead is what MemoryFirst has acknowledged and not logged yet: one batch that is being appended, and one that takes in what is acknowledged meanwhile. Both build on
// the logged state onto. When another context turns out to have appended first, what they hold is done again on its state, as one batch.
//
// Changing it takes the log; moving flying on, and onto, takes the flight as well, which is held while the batch is being appended, so that the log
// is free for more to be acknowledged. The store's mutex guards all of it for readers.
type ahead struct {
	onto   *state
	flying *batch
	sealed [][]byte // the records of flying
	open   *batch

	accepted, logged uint64 // updates so far
	done             signal.Broadcast
	failure          error // why what is acknowledged could not be logged the last time
	attempts         int   // that failed since one succeeded
	timer            *time.Timer
	closing          bool // nothing is acknowledged early any more
	leaving          bool // nothing is acknowledged early for now
}

var _ kv.Redoer = (*transaction)(nil)

const (
	// flushDelay is how long acknowledged updates wait for others to be logged with.
	flushDelay = 4 * time.Millisecond
	// retryDelay is how long a flush that failed waits for the next try, doubled with each.
	retryDelay    = 100 * time.Millisecond
	maxRetryDelay = 30 * time.Second
)

func (a *ahead) empty() bool { return a.flying == nil && a.open == nil }

// early reports whether anything may be acknowledged before it is logged.
func (a *ahead) early() bool { return a.failure == nil && !a.closing && !a.leaving }

// succeeded takes note that the log can be written. What is acknowledged from now on does not wait for the next try after a failure, which may be far away.
func (a *ahead) succeeded() {
	if a.failure != nil && a.timer != nil {
		a.timer.Reset(flushDelay)
	}
	a.failure, a.attempts = nil, 0
}

// recognise takes note of what turns out to be in the log although the device has not said so. Others may have gone on from there, so it must not be done again.
func (a *ahead) recognise(found map[commitID]bool) {
	for _, b := range []**batch{&a.flying, &a.open} {
		if *b != nil && found[(*b).commit] {
			a.logged += uint64(len((*b).accepted))
			*b = nil
		}
	}
}

func (a *ahead) stopTimer() {
	if a.timer != nil {
		a.timer.Stop()
	}
}

// Redo implements kv.Redoer.
func (t *transaction) Redo(again func(ctx context.Context, was kv.Snapshot, tx kv.Tx) error) {
	t.redo = again
}

// acceptOrCommit acknowledges what is queued as long as it can. The first update that has to be in the log before, and what follows it, is committed
// after all that was acknowledged.
func (s *Store) acceptOrCommit() {
	if !s.log.Take(s.lifetime, nil) {
		return
	}
	left := s.acceptQueued()
	s.log.Pass()
	if left == nil || !s.flight.Take(s.lifetime, nil) {
		s.finish(left, core.ErrClosed)
		return
	}
	defer s.flight.Pass()
	if err := s.flush(); err != nil {
		s.finish(left, err)
		return
	}
	if !s.log.Take(s.lifetime, nil) {
		s.finish(left, core.ErrClosed)
		return
	}
	s.commitGroup(left)
	s.log.Pass()
}

// acceptQueued runs and acknowledges queued updates. It returns the one with which it does not work, nil when none is left. The caller holds the log.
func (s *Store) acceptQueued() (left []*request) {
	for {
		r := s.next()
		if r == nil {
			return nil
		}
		if !s.accept(r) {
			return []*request{r}
		}
	}
}

// Prompt reports whether an update would be acknowledged now without waiting.
func (s *Store) Prompt() bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.options.Durability == MemoryFirst && !s.committing && !s.closed && s.ahead.early()
}

// acceptNow runs and acknowledges an update in its caller's goroutine, if nobody else is at it. Otherwise the update is as if it had not been begun.
func (s *Store) acceptNow(ctx context.Context, write func(kv.Tx) error) bool {
	if !s.Prompt() || !s.log.TryTake() {
		return false
	}
	defer s.log.Pass()
	// Somebody who commits may have let go of the log only for what was acknowledged before to be logged, and nothing may come between.
	return s.Prompt() && s.accept(&request{ctx: ctx, write: write})
}

// accept runs an update and acknowledges it, if that can be done before it is logged: it has succeeded, changed something, and can be done again.
func (s *Store) accept(r *request) bool {
	s.mutex.Lock()
	a := &s.ahead
	b := a.open
	full := b != nil && (b.size >= groupBytes || b.commit != commitID{}) || !a.early()
	if b == nil {
		b = newBatch(s.options, s.current)
	}
	s.mutex.Unlock()
	if full || r.logged {
		return false
	}
	size := b.size
	tx, before := s.runIn(b, r)
	if r.err != nil || r.aborted || b.stale || tx.redo == nil || b.size == size {
		if r.err == nil && tx != nil {
			b.rollback(before)
		}
		b.stale = false
		if !r.aborted {
			r.err = nil // it runs again; should it not get so far, this would not be why
		}
		return false
	}
	next := b.preview(b.base.unlogged)

	s.mutex.Lock()
	if !a.early() { // meanwhile: somebody who closes or leaves has not waited for it
		s.mutex.Unlock()
		b.rollback(before)
		return false
	}
	b.accepted = append(b.accepted, tx.redo)
	a.open = b
	s.current = next
	a.accepted++
	if a.timer == nil && !s.closed {
		a.timer = time.AfterFunc(flushDelay, s.flushInBackground)
	}
	s.mutex.Unlock()
	s.changed.Fire()
	if r.done != nil {
		r.done <- nil
	}
	return true
}

// flushInBackground logs what is acknowledged, and tries again later when that fails.
func (s *Store) flushInBackground() {
	s.mutex.Lock()
	s.ahead.timer = nil
	s.mutex.Unlock()
	s.inBackground(func() {
		if s.flight.Take(s.lifetime, s.closing) {
			_ = s.flush() // it is kept for those who have to hear of it
			s.flight.Pass()
			s.tidy()
		}
	})
}

// drain returns when everything that is acknowledged by now is in the log, or why it cannot be.
func (s *Store) drain(ctx context.Context) error {
	s.mutex.Lock()
	empty := s.ahead.empty()
	s.mutex.Unlock()
	if empty {
		return nil
	}
	result := make(chan error, 1)
	s.inBackground(func() {
		if !s.flight.Take(s.lifetime, s.closing) {
			result <- core.ErrClosed
			return
		}
		defer s.flight.Pass()
		result <- s.flush()
	})
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-s.closing:
		return core.ErrClosed
	}
}

// Leave is Drain for a context that may end at any moment: as far as the device can do it, everything acknowledged by now is out of this context's hands before this
// first waits for anything. Until Stay, updates are acknowledged when they are in the log.
func (s *Store) Leave(ctx context.Context) error {
	s.mutex.Lock()
	s.ahead.leaving = true
	s.mutex.Unlock()
	if device, leaves := s.device.(Leaver); leaves {
		s.follow(device)
		calm := device.Hurry()
		defer calm()
	}
	return s.Drain(ctx)
}

// Stay takes Leave back.
func (s *Store) Stay(context.Context) error {
	s.mutex.Lock()
	s.ahead.leaving = false
	s.mutex.Unlock()
	return nil
}

// follow hands over what was acknowledged since the flight began that is under way. It stays ahead of the log as well, in case that the context goes on: then it is
// found there, and not made twice.
func (s *Store) follow(device Leaver) {
	if !s.log.TryTake() {
		return
	}
	defer s.log.Pass()
	s.mutex.Lock()
	flying, open := s.ahead.flying, s.ahead.open
	s.mutex.Unlock()
	if flying != nil && open != nil {
		device.Follow(open.first(), s.sealed(open))
	}
}

// drainToClose is drain for the last time.
func (s *Store) drainToClose() error {
	s.mutex.Lock()
	s.ahead.closing = true
	s.mutex.Unlock()
	ctx, cancel := context.WithTimeout(s.lifetime, s.grace)
	defer cancel()
	err := s.drain(ctx)
	if err == nil || errors.Is(err, core.ErrClosed) { // the storage is gone, and what it held
		return nil
	}
	known := core.AsError(err)
	return known.Because("the last updates were acknowledged and could not be stored: " + known.Reason).From(err)
}

// ViewSettled views the state that is in the log, after waiting for what is acknowledged by now to get there. When that cannot be for now, it is not
// shown.
func (s *Store) ViewSettled(ctx context.Context, read func(kv.Snapshot) error) error {
	if err := s.check(ctx); err != nil {
		return err
	}
	s.mutex.Lock()
	awaited := s.ahead.accepted
	s.mutex.Unlock()
	for {
		next := s.ahead.done.Next()
		s.mutex.Lock()
		there := s.ahead.logged >= awaited || s.ahead.failure != nil
		s.mutex.Unlock()
		if there {
			return s.view(&s.logged, read)
		}
		select {
		case <-next:
		case <-ctx.Done():
			return ctx.Err()
		case <-s.closing:
			return core.ErrClosed
		}
	}
}
