package fetchhttp

import (
	"context"
	"sync"
	"time"

	"github.com/gouchdb/gouchdb/core"
)

// A browser has six connections to a server, and a long poll takes one for as long as nothing happens. With Options.MaxPolls the databases of one server share so
// many connections for that: while others wait for their turn, each has it for pollTurn.

// pollTurn is how long a long poll lasts while others wait.
const pollTurn = 2 * time.Second

// polls are the turns of one server.
type polls struct {
	turns chan struct{}

	mutex   sync.Mutex
	waiting int
	crowded chan struct{} // closed while somebody waits
}

var (
	pollsMutex sync.Mutex
	pollsBy    = map[string]*polls{} // by origin
)

func pollsOf(origin string, limit int) *polls {
	pollsMutex.Lock()
	defer pollsMutex.Unlock()
	p := pollsBy[origin]
	if p == nil || cap(p.turns) != limit {
		p = &polls{turns: make(chan struct{}, limit), crowded: make(chan struct{})}
		pollsBy[origin] = p
	}
	return p
}

// enter returns when it is the caller's turn.
func (p *polls) enter(ctx, life context.Context) error {
	select {
	case p.turns <- struct{}{}:
		return nil
	default:
	}
	p.wait(1)
	defer p.wait(-1)
	select {
	case p.turns <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-life.Done():
		return core.ErrClosed
	}
}

// wait counts those who wait.
func (p *polls) wait(more int) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.waiting += more
	switch {
	case p.waiting == 1 && more > 0:
		close(p.crowded)
	case p.waiting == 0:
		p.crowded = make(chan struct{})
	}
}

func (p *polls) leave() { <-p.turns }

// whenCrowded returns what is closed while somebody waits.
func (p *polls) whenCrowded() <-chan struct{} {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.crowded
}

// pollInTurn is a long poll that makes room for others.
func (db *DB) pollInTurn(ctx context.Context, options core.ChangesOptions, each func(*core.Change) error) (core.ChangesSummary, error) {
	turns := pollsOf(db.at.origin, db.options.MaxPolls)
	end := time.Now().Add(options.Wait)
	for {
		if err := turns.enter(ctx, db.life); err != nil {
			return core.ChangesSummary{}, err
		}
		options.Wait = max(time.Until(end), time.Millisecond)
		summary, yielded, err := db.pollUntilCrowded(ctx, turns, options, each)
		turns.leave()
		if !yielded || !time.Now().Before(end) {
			return summary, err
		}
	}
}

// pollUntilCrowded reports that it has yielded when it ended, without having brought anything, because others wait.
func (db *DB) pollUntilCrowded(ctx context.Context, turns *polls, options core.ChangesOptions, each func(*core.Change) error) (core.ChangesSummary, bool, error) {
	polling, stop := context.WithCancel(ctx)
	defer stop()
	begun := make(chan struct{})
	turn := time.NewTimer(pollTurn)
	defer turn.Stop()
	var watching sync.WaitGroup
	crowded := turns.whenCrowded()
	watching.Go(func() {
		select {
		case <-crowded:
		case <-begun:
			return
		case <-polling.Done():
			return
		}
		select {
		case <-turn.C:
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
