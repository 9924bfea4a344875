package logkv

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
)

// request is an Update that is waiting, running, or waiting for its outcome. Its function runs in the goroutine that called Update, as often as
// it has to, when the goroutine that commits says so.
type request struct {
	ctx   context.Context
	write func(kv.Tx) error
	run   chan *transaction // sent by the committer: run now; nil when it runs in the caller's goroutine
	ran   chan error        // the answer
	done  chan error        // the outcome; holds one, so that nobody waits for a caller who has left
	left  chan struct{}     // closed when the caller has left

	begun bool // guarded by the store's mutex; a request that has begun is no longer in the queue

	// These are the committer's.
	err     error // of the last run
	frees   bool  // so the last run has said; see kv.Freer
	aborted bool  // the function panicked, or the caller has left

	// logged: it is a step of a compaction, which must not be acknowledged before it is logged, and changes nothing that a view shows.
	logged bool
}

// Update implements kv.Store.
//
// When the context ends before the update has begun, nothing was done. After that, Update waits for the outcome, so that an error other
// than ErrStorage means that nothing was committed. Only when the device does not answer for some seconds after the context has ended, Update
// gives up with an ErrStorage which says that the outcome is not known, and whose cause is the context's error.
func (s *Store) Update(ctx context.Context, write func(kv.Tx) error) error {
	return s.update(ctx, write, false)
}

func (s *Store) update(ctx context.Context, write func(kv.Tx) error, logged bool) error {
	if err := s.check(ctx); err != nil {
		return err
	}
	if !logged && s.acceptNow(ctx, write) {
		return nil
	}
	if err := kv.MayWait(ctx); err != nil {
		return err
	}
	r := &request{
		ctx: ctx, write: write, logged: logged,
		run: make(chan *transaction), ran: make(chan error, 1), done: make(chan error, 1), left: make(chan struct{}),
	}
	if err := s.enqueue(r); err != nil {
		return err
	}
	ended := ctx.Done()
	var patience <-chan time.Time
	for {
		select {
		case tx := <-r.run:
			r.execute(tx)
		case err := <-r.done:
			return err
		case <-ended:
			if s.withdraw(r) {
				return ctx.Err()
			}
			ended, patience = nil, time.After(s.grace)
		case <-patience:
			close(r.left)
			return core.ErrStorage.Because("the storage does not answer; whether the update was committed is not known").From(ctx.Err())
		}
	}
}

// errAborted stands for the outcome of a function that did not return.
var errAborted = errors.New("the function of the update did not return")

// perform has the function run, in the goroutine that has called Update.
func (r *request) perform(tx *transaction) error {
	if r.run == nil { // this one
		return r.write(tx)
	}
	select {
	case r.run <- tx:
		return <-r.ran
	case <-r.left:
		return errAborted
	}
}

// execute runs the function and answers, also when it panics or ends the goroutine.
func (r *request) execute(tx *transaction) {
	err := errAborted
	defer func() { r.ran <- err }()
	err = r.write(tx)
}

// enqueue puts a request into the queue and sees to it that somebody works on the queue.
func (s *Store) enqueue(r *request) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.closed {
		return core.ErrClosed
	}
	s.queue = append(s.queue, r)
	if !s.committing {
		s.committing = true
		s.background.Go(s.commitQueued)
	}
	return nil
}

// withdraw takes a request out of the queue, unless it has begun.
func (s *Store) withdraw(r *request) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if r.begun {
		return false
	}
	s.queue = slices.DeleteFunc(s.queue, func(other *request) bool { return other == r })
	return true
}

// next takes the first request out of the queue, nil when there is none.
func (s *Store) next() *request {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if len(s.queue) == 0 {
		return nil
	}
	r := s.queue[0]
	s.queue = s.queue[1:]
	r.begun = true
	return r
}

// moreQueued reports whether there is more to commit; when there is not, the next enqueue starts a committer.
func (s *Store) moreQueued() bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.committing = len(s.queue) > 0
	return s.committing
}
