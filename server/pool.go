package server

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gouchdb/gouchdb/core"
)

// pool opens each database once, when it is first asked for, and shares it between requests. Databases that nobody uses
// stay open until there are too many of them.
type pool struct {
	source     Databases
	maxIdle    int
	background sync.WaitGroup // of work that holds databases and belongs to no request

	mu    sync.Mutex
	slots map[string]*slot
}

// slot is the place of one database. Its own lock is held while the database is opened, created or deleted.
type slot struct {
	mu sync.Mutex
	db *database // nil when it is not open

	// The pool's lock guards these.
	users    int
	lastUsed time.Time
}

// database is an open database with what the server knows about it.
type database struct {
	core.Adapter
	name   string
	opaque string // the part of its sequences after the number; see sequences.go

	compacting    atomic.Int64 // when it began, in seconds since 1970; 0: it is not being compacted
	settingsMu    sync.Mutex
	settings      *settings
	settingsSaved sync.Mutex
	validators    validators
}

func newPool(source Databases, maxIdle int) *pool {
	return &pool{source: source, maxIdle: maxIdle, slots: map[string]*slot{}}
}

// names returns the names of all databases, sorted.
func (p *pool) names(ctx context.Context) ([]string, error) {
	names, err := p.source.List(ctx)
	slices.Sort(names)
	return names, err
}

func (p *pool) enter(name string) *slot {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.slots[name]
	if s == nil {
		s = &slot{}
		p.slots[name] = s
	}
	s.users++
	return s
}

// leave ends a use of a slot, and closes the databases that have been idle for longest when there are too many.
func (p *pool) leave(name string, s *slot) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.users--
	s.lastUsed = time.Now()
	if s.users > 0 {
		return
	}
	if s.db == nil {
		delete(p.slots, name)
		return
	}
	idle, oldest := 0, name
	for other, candidate := range p.slots {
		if candidate.users == 0 {
			idle++
			if candidate.lastUsed.Before(p.slots[oldest].lastUsed) {
				oldest = other
			}
		}
	}
	if idle > p.maxIdle {
		// Nobody uses it, so closing it waits for nothing; a failure to close is one of a database that is not needed.
		_ = p.slots[oldest].db.Close()
		delete(p.slots, oldest)
	}
}

// acquire returns an open database, and a function that must be called when it is no longer used.
func (p *pool) acquire(ctx context.Context, name string) (*database, func(), error) {
	return p.open(ctx, name, p.source.Open)
}

// create makes a database and returns it like acquire.
func (p *pool) create(ctx context.Context, name string) (*database, func(), error) {
	return p.open(ctx, name, nil)
}

// open opens a database, or creates it when open is nil.
func (p *pool) open(ctx context.Context, name string, open Opener) (*database, func(), error) {
	creating := open == nil
	if creating {
		open = p.source.Create
	}
	if err := validateName(name); err != nil {
		if creating {
			return nil, nil, err
		}
		return nil, nil, core.ErrNoDatabase
	}
	s := p.enter(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	if creating && s.db != nil {
		p.leave(name, s)
		return nil, nil, core.ErrExists
	}
	if s.db == nil {
		adapter, err := open(ctx, name)
		if err != nil {
			p.leave(name, s)
			return nil, nil, err
		}
		info, err := adapter.Info(ctx)
		if err != nil {
			_ = adapter.Close()
			p.leave(name, s)
			return nil, nil, err
		}
		s.db = &database{Adapter: adapter, name: name, opaque: opaquePart(info.UUID)}
	}
	var once sync.Once
	return s.db, func() { once.Do(func() { p.leave(name, s) }) }, nil
}

// delete removes a database. Requests that are using it end with ErrClosed.
func (p *pool) delete(ctx context.Context, name string) error {
	if validateName(name) != nil {
		return core.ErrNoDatabase
	}
	s := p.enter(name)
	defer p.leave(name, s)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.db == nil {
		return p.source.Delete(ctx, name)
	}
	if err := s.db.Destroy(ctx); err != nil {
		return err
	}
	s.db = nil
	if err := p.source.Delete(ctx, name); err != nil && !errors.Is(err, core.ErrNoDatabase) {
		return err
	}
	return nil
}

// close closes all databases.
func (p *pool) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for name, s := range p.slots {
		if s.db != nil {
			errs = append(errs, s.db.Close())
		}
		delete(p.slots, name)
	}
	return errors.Join(errs...)
}

// opened returns the databases that are open, by name. Any of them may be closed at any time, unless somebody uses it.
func (p *pool) opened() (found []*database) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.slots {
		if s.mu.TryLock() { // else it is just being opened, or deleted
			if s.db != nil {
				found = append(found, s.db)
			}
			s.mu.Unlock()
		}
	}
	slices.SortFunc(found, func(a, b *database) int { return strings.Compare(a.name, b.name) })
	return found
}
