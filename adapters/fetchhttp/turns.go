package fetchhttp

import (
	"context"
	"sync"

	"github.com/gouchdb/gouchdb/core"
)

// polls are the turns of one server among the databases of this process.
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

// enterHere waits for a turn among the databases of this process.
func (db *DB) enterHere(ctx context.Context) (turn, error) {
	return pollsOf(db.at.origin, db.options.MaxPolls).enter(ctx, db.life)
}

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
func (p *polls) enter(ctx, life context.Context) (turn, error) {
	if err := p.take(ctx, life); err != nil {
		return turn{}, err
	}
	return turn{crowded: p.whenCrowded(), leave: func() { <-p.turns }}, nil
}

func (p *polls) take(ctx, life context.Context) error {
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

// whenCrowded returns what is closed while somebody waits.
func (p *polls) whenCrowded() <-chan struct{} {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.crowded
}
