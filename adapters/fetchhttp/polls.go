package fetchhttp

import (
	"context"
	"sync"
	"time"

	"github.com/gouchdb/gouchdb/core"
)

// A browser has six connections to a server, and a long poll takes one for as long as nothing happens. With Options.MaxPolls the databases of one server share so
// many connections for that: while others wait for their turn, each has it for a while.

// pollTurn is how long a long poll lasts while others wait, where the options do not say.
const pollTurn = 2 * time.Second

// turn is a connection that may be used for a long poll.
type turn struct {
	crowded <-chan struct{} // closed while others wait for theirs
	leave   func()
}

// pollInTurn is a long poll that makes room for others.
func (db *DB) pollInTurn(ctx context.Context, options core.ChangesOptions, each func(*core.Change) error) (core.ChangesSummary, error) {
	end := time.Now().Add(options.Wait)
	for {
		turn, err := db.enterTurn(ctx)
		if err != nil {
			return core.ChangesSummary{}, err
		}
		options.Wait = max(time.Until(end), time.Millisecond)
		summary, yielded, err := db.pollUntilCrowded(ctx, turn.crowded, options, each)
		turn.leave()
		if !yielded || !time.Now().Before(end) {
			return summary, err
		}
	}
}

// pollUntilCrowded reports that it has yielded when it ended, without having brought anything, because others wait.
func (db *DB) pollUntilCrowded(ctx context.Context, crowded <-chan struct{}, options core.ChangesOptions, each func(*core.Change) error) (core.ChangesSummary, bool, error) {
	polling, stop := context.WithCancel(ctx)
	defer stop()
	begun := make(chan struct{})
	over := time.NewTimer(db.options.pollTurn)
	defer over.Stop()
	var watching sync.WaitGroup
	watching.Go(func() {
		select {
		case <-crowded:
		case <-begun:
			return
		case <-polling.Done():
			return
		}
		select {
		case <-over.C:
			stop()
		case <-begun:
		case <-polling.Done():
		}
	})
	rows := 0
	summary, err := db.longPoll(polling, options, func(change *core.Change) error {
		if rows++; rows == 1 {
			close(begun) // what arrives is not broken off
			watching.Wait()
			if polling.Err() != nil && ctx.Err() == nil {
				rows = 0
				return polling.Err() // it has been, just before
			}
		}
		return each(change)
	})
	yielded := err != nil && polling.Err() != nil && ctx.Err() == nil && rows == 0
	stop()
	watching.Wait()
	if yielded {
		return core.ChangesSummary{LastSeq: options.Since}, true, nil
	}
	return summary, false, err
}
