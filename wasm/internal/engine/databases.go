package engine

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
)

// Openers are the adapters that databases can be opened with, by the names that JavaScript knows.
type Openers map[string]Opener

// Opener opens the databases of one adapter.
type Opener struct {
	// Open opens or creates a database. options is a JSON object with what the adapter understands.
	Open func(ctx context.Context, name string, options []byte) (core.Adapter, error)
	// Remote databases belong to the one who opened them: others may come with other credentials.
	Remote bool
	// Volatile databases live as long as the engine, or until they are destroyed; closing them ends only the use of them.
	Volatile bool
}

// databases owns what is open. Handles on one local database share one adapter, so that they see each other's changes and
// that nobody is locked out by himself.
type databases struct {
	openers Openers

	mu      sync.Mutex
	last    int64
	handles map[int64]*database
	shared  map[sharedKey]*shared
}

type sharedKey struct{ adapter, name string }

// shared is an open adapter, or one that is being opened.
type shared struct {
	key     sharedKey
	opener  Opener
	opened  chan struct{} // closed when adapter and err are there
	adapter core.Adapter
	err     error
	users   int
}

// database is a handle: one opening of a database.
type database struct {
	*shared

	mu     sync.Mutex
	closed bool
	calls  map[*call]struct{} // under way
}

func newDatabases(openers Openers) *databases {
	return &databases{openers: openers, handles: map[int64]*database{}, shared: map[sharedKey]*shared{}}
}

func (d *database) adapter() core.Adapter { return d.shared.adapter }

// attach makes a call end when the handle is closed.
func (d *database) attach(c *call) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return core.ErrClosed
	}
	d.calls[c] = struct{}{}
	return nil
}

func (d *database) detach(c *call) {
	d.mu.Lock()
	delete(d.calls, c)
	d.mu.Unlock()
}

// end makes the calls that are under way fail with ErrClosed, and those that come.
func (d *database) end() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	for c := range d.calls {
		c.cancel(core.ErrClosed)
	}
}

// open returns a new handle on a database.
func (d *databases) open(ctx context.Context, adapterName, name string, options []byte) (int64, error) {
	opener, found := d.openers[adapterName]
	if !found {
		return 0, core.ErrNotImplemented.Because("there is no adapter `" + adapterName + "` here")
	}
	s, first := d.join(ctx, sharedKey{adapterName, name}, opener)
	if first {
		opening := ctx
		if !opener.Remote {
			opening = context.WithoutCancel(ctx) // it goes on when the first who asked for it gives up: others may wait for it too
		}
		go func() {
			s.adapter, s.err = opener.Open(opening, name, options)
			close(s.opened)
		}()
	}
	select {
	case <-s.opened:
	case <-ctx.Done():
		go func() {
			<-s.opened
			_ = d.leave(s)
		}()
		return 0, ctx.Err()
	}
	if s.err != nil {
		_ = d.leave(s)
		return 0, s.err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.last++
	d.handles[d.last] = &database{shared: s, calls: map[*call]struct{}{}}
	return d.last, nil
}

// join counts a user of a database; first tells that it has to be opened.
func (d *databases) join(ctx context.Context, key sharedKey, opener Opener) (s *shared, first bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s := d.shared[key]; s != nil && !opener.Remote && !s.isGone(ctx) {
		s.users++
		return s, false
	}
	s = &shared{key: key, opener: opener, opened: make(chan struct{}), users: 1}
	if !opener.Remote {
		d.shared[key] = s
	}
	return s, true
}

// local returns the local databases that are open.
func (d *databases) local() (open []*shared) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, s := range d.shared {
		select {
		case <-s.opened:
			if s.err == nil {
				open = append(open, s)
			}
		default:
		}
	}
	return open
}

// isGone reports whether the storage below was removed, by another tab or with the site's data. Whoever has the database open
// then hears that it is closed; whoever opens it now gets a new one.
func (s *shared) isGone(ctx context.Context) bool {
	select {
	case <-s.opened:
	default:
		return false
	}
	if s.err != nil {
		return false
	}
	_, err := s.adapter.Identity(ctx)
	return errors.Is(err, core.ErrClosed)
}

// drainer is a database that may have acknowledged what it has not committed.
type drainer interface {
	Drain(ctx context.Context) error
	kv.Leaver
	Refresh(ctx context.Context) error
}

// drain waits until what this database has acknowledged is committed, or does something else that concerns that.
func (s *shared) drain(ctx context.Context, way func(drainer, context.Context) error) error {
	select {
	case <-s.opened:
	default:
		return nil
	}
	if local, ok := s.adapter.(drainer); ok && s.err == nil {
		return way(local, ctx)
	}
	return nil
}

// drain does it for all open databases at once. One that cannot be committed does not hold up the others.
func (d *databases) drain(ctx context.Context, way func(drainer, context.Context) error) error {
	d.mu.Lock()
	open := slices.Collect(maps.Values(d.shared))
	d.mu.Unlock()
	results := make(chan error, len(open))
	for _, s := range open {
		go func() { results <- s.drain(ctx, way) }()
	}
	var failures []error
	for range open {
		failures = append(failures, <-results)
	}
	return errors.Join(failures...)
}

// leave is the reverse of join: the last user of a database closes it. For the others, what the one who leaves was told to be written is.
func (d *databases) leave(s *shared) error {
	d.mu.Lock()
	s.users--
	last := s.users == 0 && (s.err != nil || !s.opener.Volatile)
	if last {
		d.forget(s)
	}
	d.mu.Unlock()
	switch {
	case s.err != nil:
		return nil
	case !last:
		return s.drain(context.Background(), drainer.Drain)
	}
	return s.adapter.Close()
}

// forget lets the next opening of a database begin anew. d.mu is held.
func (d *databases) forget(s *shared) {
	if d.shared[s.key] == s {
		delete(d.shared, s.key)
	}
}

func (d *databases) get(handle int64) (*database, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	db, found := d.handles[handle]
	if !found {
		return nil, core.ErrClosed
	}
	return db, nil
}

// take removes a handle and ends its calls.
func (d *databases) take(handle int64) (*database, error) {
	d.mu.Lock()
	db, found := d.handles[handle]
	delete(d.handles, handle)
	d.mu.Unlock()
	if !found {
		return nil, core.ErrClosed
	}
	db.end()
	return db, nil
}

// close ends the calls of a handle and releases it.
func (d *databases) close(handle int64) error {
	db, err := d.take(handle)
	if err != nil {
		return nil // closing twice does no harm
	}
	return d.leave(db.shared)
}

// destroy removes a database with its data. Other handles on it then fail with ErrClosed.
func (d *databases) destroy(ctx context.Context, handle int64) error {
	db, err := d.take(handle)
	if err != nil {
		return err
	}
	d.mu.Lock()
	d.forget(db.shared)
	for number, other := range d.handles {
		if other.shared == db.shared {
			delete(d.handles, number)
			other.end()
		}
	}
	d.mu.Unlock()
	return db.shared.adapter.Destroy(ctx)
}
