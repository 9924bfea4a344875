package replication

import (
	"context"
	"errors"
	"time"

	"github.com/gouchdb/gouchdb/core"
)

const (
	// pollWait is how long one long poll lasts at most. Signs of life tell earlier that a connection is dead.
	pollWait = 5 * time.Minute
	// idleCommit is how long nothing has to happen before a checkpoint is written ahead of its time.
	idleCommit = time.Second
	// maxRepeat is the longest pause before documents that could not be copied are tried again.
	maxRepeat = 10 * time.Minute
	// sessionAttempts is how often a call is tried within a session when the task goes on for ever. More is left to the next session, which
	// asks both sides anew how far they are: a server that was away may come back with less than it had.
	sessionAttempts = 2
)

var (
	// errRepeat ends a session that has left documents behind, when it is time to try these again.
	errRepeat = errors.New("documents are to be tried again")
	// errForgotten ends a session when a side has lost what it knew of the replication.
	errForgotten = core.NewError(409, "replication_forgotten", "a side has lost what it had")
)

// stayOn runs sessions, one after another, until one fails for good or the context ends.
func (t *Task) stayOn(ctx context.Context, options Options) (*Result, error) {
	within := options
	if options.Retry.Forever {
		within.Retry.Attempts = min(within.Retry.Attempts, sessionAttempts)
	}
	pauses := &retrier{policy: options.Retry, clock: options.Clock, random: options.Random}
	total := Result{}
	known := false // a session has come through: what answers at the address is a database
	var delay time.Duration
	for failures, repeats := 0, 0; ; {
		woken := t.waker.woken()
		within.repeatAfter = min(options.Retry.MinDelay<<min(repeats, 20), maxRepeat)
		s, err := t.session(ctx, within, total)
		total = s.result
		known = known || s.connected
		if s.advanced {
			failures, delay = 0, 0
		}
		switch {
		case ctx.Err() != nil:
			return &s.result, err
		case errors.Is(err, errForgotten):
			continue
		case errors.Is(err, errRepeat):
			repeats++
			continue
		case !options.Retry.Forever || !mayPass(err, known):
			return &s.result, err
		}
		if !s.progress.pinned {
			repeats = 0
		}
		if options.Retry.BackOff != nil {
			delay = max(options.Retry.BackOff(delay), 0)
		} else {
			delay = pauses.delay(failures)
		}
		failures++
		t.report(Event{Type: EventPaused, Err: core.AsError(err), Delay: max(delay, core.RetryAfter(err)), Result: total}, StateWaiting)
		if err := pauses.pause(ctx, woken, delay, core.RetryAfter(err)); err != nil {
			return &total, &stepError{"waiting to try again", err}
		}
	}
}

// mayPass reports whether another session may fare better.
func mayPass(err error, known bool) bool {
	failure := core.AsError(err)
	switch judge(failure) {
	case verdictRetry, verdictSlower:
		return true
	}
	// The login page of a hotel's network is no reason to give up a server that was there an hour ago.
	return known && errors.Is(failure, core.ErrNotCouchDB)
}

// report tells an event that is not a session's, together with the state that it brings.
func (t *Task) report(event Event, state State) {
	t.update(func(status *Status) { status.State, status.Err, status.Result = state, event.Err, event.Result })
	event.Direction = t.direction
	t.events.emit(event)
}

// poll waits for the next changes. It returns early and empty-handed when the task is woken: the connection may have died unnoticed.
func (r *replicator) poll(options core.ChangesOptions, each func(*core.Change) error) (core.ChangesSummary, error) {
	ctx, cancel := context.WithCancel(r.ctx)
	defer cancel()
	woken := r.task.waker.woken()
	interrupted := make(chan struct{})
	go func() {
		defer close(interrupted)
		select {
		case <-woken:
			cancel()
		case <-ctx.Done():
		}
	}()
	rows := 0
	options.Wait = pollWait
	summary, err := r.source.Changes(ctx, options, func(change *core.Change) error {
		rows++
		return each(change)
	})
	ended := ctx.Err() != nil
	cancel()
	<-interrupted
	if err != nil && ended && rows == 0 && r.ctx.Err() == nil {
		return core.ChangesSummary{LastSeq: options.Since}, nil
	}
	return summary, err
}

// rest is where a live session stands between batches.
type rest struct {
	paused bool
	commit *time.Timer // when nothing has happened for a while
	repeat *time.Timer // when documents that could not be copied are tried again; nil while there are none
}

func newRest() *rest {
	r := &rest{commit: time.NewTimer(time.Hour)}
	r.commit.Stop()
	return r
}

func (r *rest) end() {
	r.commit.Stop()
	if r.repeat != nil {
		r.repeat.Stop()
	}
}

func (r *rest) repeats() <-chan time.Time {
	if r.repeat == nil {
		return nil
	}
	return r.repeat.C
}

// next returns the next batch. Of a live session it may be a while until there is one; what is due meanwhile is done.
func (r *replicator) next(queue <-chan *batch) (*batch, error) {
	for {
		select {
		case b, ok := <-queue:
			if !ok {
				return nil, &stepError{"reading changes", r.ctx.Err()}
			}
			r.rest.commit.Stop()
			return b, nil
		case <-r.rest.commit.C:
			if err := r.commit(r.retry); err != nil {
				return nil, err
			}
		case <-r.rest.repeats():
			return nil, errRepeat
		}
	}
}

// settle follows a batch of a live session.
func (r *replicator) settle(b *batch) {
	r.advanced = true
	if r.progress.pinned && r.rest.repeat == nil {
		r.rest.repeat = time.NewTimer(r.options.repeatAfter)
	}
	r.rest.commit.Reset(idleCommit)
	if b.idle && !r.rest.paused {
		r.rest.paused = true
		if r.progress.pinned {
			// Not everything is there: to say that nothing is left would hide it.
			r.task.report(Event{Type: EventPaused, Err: r.firstFailure, Delay: r.options.repeatAfter, Result: r.soFar()}, StateWaiting)
			return
		}
		r.change(StatePaused, 0)
		r.emit(Event{Type: EventPaused})
	}
}

// rouse precedes a batch of a live session.
func (r *replicator) rouse(b *batch) {
	if r.rest.paused && len(b.rows) > 0 {
		r.rest.paused = false
		r.emit(Event{Type: EventActive})
	}
}

// change notes the state and how many changes are still to come.
func (r *replicator) change(state State, pending int64) {
	r.task.update(func(status *Status) {
		status.State, status.Pending, status.Err, status.Result = state, pending, nil, r.soFar()
	})
}
