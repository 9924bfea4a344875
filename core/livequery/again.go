package livequery

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/internal/pause"
)

// A database that cannot be asked for a while, mostly a remote one, does not end a live query.

const (
	firstPause = time.Second
	lastPause  = 30 * time.Second
)

// mayPass reports whether it is worth asking again after a failure.
func mayPass(err error) bool {
	failure := core.AsError(err)
	switch failure.Name {
	case core.ErrClosed.Name, core.ErrCorrupt.Name, core.ErrNewerFormat.Name, core.ErrNotCouchDB.Name:
		return false
	}
	switch failure.Status {
	case 408, 429:
		return true
	case 501, 507:
		return false
	}
	return failure.Status >= 500
}

// again asks until the database answers, and returns what has become of the result meanwhile. Everything is found anew: a server that was restored from a backup
// does not know the place in the feed any more. It fails when the failure is one that does not pass.
func (q *query) again(ctx context.Context, err error) ([]Change, error) {
	before := q.shown()
	for waits := 0; ; waits++ {
		if err := waitAgain(ctx, waits, err); err != nil {
			return nil, err
		}
		if err = q.find(ctx); err == nil {
			return difference(before, q.shown()), nil
		}
		if ctx.Err() != nil || !mayPass(err) {
			return nil, err
		}
	}
}

// waitAgain waits, longer from time to time, and at least as long as a server has asked for. Half of it is chance, so that clients which lost the same server do not
// come back all at once.
func waitAgain(ctx context.Context, waits int, failure error) error {
	delay := min(firstPause<<min(waits, 10), lastPause)
	delay = delay/2 + time.Duration(rand.Uint64()%uint64(delay/2))
	delay = max(delay, core.RetryAfter(failure))
	return pause.For(ctx, delay)
}
