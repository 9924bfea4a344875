package replication

import (
	"context"
	"time"

	"github.com/gouchdb/gouchdb/core"
)

// verdict is what an error means for what was being done.
type verdict int

const (
	verdictFatal   verdict = iota // the run ends
	verdictRetry                  // may pass: try the same again after a while
	verdictSlower                 // try again after a while, however often
	verdictDenied                 // the target refuses this document
	verdictDivide                 // something in what was sent is the reason: send less, down to the document at fault
	verdictMissing                // what was asked for is not there
)

// judge reads an error of a call or of one document in it. It is the error table of the specification.
func judge(err *core.Error) verdict {
	switch err.Name {
	case core.ErrClosed.Name, core.ErrCorrupt.Name, core.ErrNewerFormat.Name, core.ErrNotCouchDB.Name:
		return verdictFatal // trying again gives the same
	}
	switch err.Status {
	case 400, 412, 413, 415, 501:
		return verdictDivide
	case 401, 403:
		return verdictDenied
	case 404:
		return verdictMissing
	case 408:
		return verdictRetry
	case 429:
		return verdictSlower
	case 507:
		return verdictFatal
	}
	if err.Status >= 500 {
		return verdictRetry
	}
	return verdictFatal
}

// retrier repeats calls that fail for reasons that may pass.
type retrier struct {
	policy  RetryPolicy
	clock   Clock
	random  func() uint64
	onRetry func(err *core.Error, delay time.Duration)
	waker   *waker // nil: a pause has its full length
}

// do calls until it succeeds, fails for good, or has spent its attempts. The error tells the step and wraps the last failure,
// or the context's error once that has ended.
func (r *retrier) do(ctx context.Context, step string, call func() error) error {
	for spent, waits := 1, 0; ; waits++ {
		if ctx.Err() != nil {
			return &stepError{step, ctx.Err()}
		}
		var woken <-chan struct{}
		if r.waker != nil {
			woken = r.waker.woken()
		}
		err := call()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return &stepError{step, ctx.Err()}
		}
		failure := core.AsError(err)
		switch verdict := judge(failure); {
		case verdict == verdictRetry && spent < r.policy.Attempts:
			spent++
		case verdict == verdictSlower && r.policy.Attempts > 1:
		default:
			return &stepError{step, err}
		}
		delay, asked := r.delay(waits), core.RetryAfter(err)
		if judge(failure) == verdictSlower {
			asked = max(asked, delay)
		}
		r.onRetry(failure, max(delay, asked))
		if err := r.pause(ctx, woken, delay, asked); err != nil {
			return &stepError{step, err}
		}
	}
}

// pause waits for delay, unless it is woken, and for what the server asked for in any case.
func (r *retrier) pause(ctx context.Context, woken <-chan struct{}, delay, asked time.Duration) error {
	if woken == nil || asked >= delay {
		return r.clock.Sleep(ctx, max(delay, asked))
	}
	if asked > 0 {
		if err := r.clock.Sleep(ctx, asked); err != nil {
			return err
		}
	}
	sleep, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		select {
		case <-woken:
			stop()
		case <-sleep.Done():
		}
	}()
	err := r.clock.Sleep(sleep, delay-asked)
	if ctx.Err() == nil {
		return nil
	}
	return err
}

// delay grows exponentially with the waits before it. Half of it is chance, so that clients which lost the same server do not come
// back all at once.
func (r *retrier) delay(waits int) time.Duration {
	full := min(r.policy.MinDelay, r.policy.MaxDelay)
	for i := 0; i < waits && full < r.policy.MaxDelay; i++ {
		if full > r.policy.MaxDelay/2 {
			full = r.policy.MaxDelay
		} else {
			full *= 2
		}
	}
	return full/2 + time.Duration(r.random()%uint64(full/2+1))
}

// stepError tells what the replicator was doing.
type stepError struct {
	step  string
	cause error
}

func (e *stepError) Error() string { return "replication: " + e.step + ": " + e.cause.Error() }
func (e *stepError) Unwrap() error { return e.cause }
