// Package memkv is a kv.Store in memory: an ordered tree whose committed states are never changed again, so a snapshot costs nothing
// and readers never wait.
package memkv

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/kv/internal/signal"
	"github.com/gouchdb/gouchdb/core/kv/internal/tree"
	"github.com/gouchdb/gouchdb/core/kv/internal/turn"
)

// Store is a kv.Store in memory. What it holds is gone when it is closed.
type Store struct {
	current atomic.Pointer[state]
	writers turn.Line
	changed signal.Broadcast
	closed  chan struct{} // closed with the store; it lets waiting writers go
	close   func()
}

// state is a committed state; nothing in it changes.
type state struct {
	tree  *tree.Tree
	bytes uint64 // of all keys and values
}

var _ kv.Store = (*Store)(nil)

// New returns an empty store.
func New() *Store {
	s := &Store{closed: make(chan struct{})}
	s.close = sync.OnceFunc(func() { close(s.closed) })
	s.current.Store(&state{tree: tree.New()})
	return s
}

// View implements kv.Store.
func (s *Store) View(ctx context.Context, read func(kv.Snapshot) error) error {
	if err := s.check(ctx); err != nil {
		return err
	}
	return read(&snapshot{store: s, state: *s.current.Load()})
}

// Update implements kv.Store. Each write function runs once.
func (s *Store) Update(ctx context.Context, write func(kv.Tx) error) error {
	if err := s.takeTurn(ctx); err != nil {
		return err
	}
	defer s.writers.Pass()

	before := s.current.Load()
	tx := &transaction{snapshot: snapshot{store: s, state: state{tree: before.tree.Copy(), bytes: before.bytes}}}
	if err := write(tx); err != nil {
		return err
	}
	if tx.failure != nil {
		return tx.failure
	}
	if err := s.check(ctx); err != nil {
		return err
	}
	if tx.written {
		s.current.Store(&tx.state)
		s.changed.Fire()
	}
	return nil
}

// takeTurn waits until it is the caller's turn to write, the context ends or the store closes.
func (s *Store) takeTurn(ctx context.Context) error {
	if err := s.check(ctx); err != nil {
		return err
	}
	taken := s.writers.Take(ctx, s.closed)
	err := s.check(ctx)
	if err != nil && taken {
		s.writers.Pass()
	}
	return err
}

// check returns why a call cannot go on.
func (s *Store) check(ctx context.Context) error {
	select {
	case <-s.closed:
		return core.ErrClosed
	default:
		return ctx.Err()
	}
}

// Changed implements kv.Store.
func (s *Store) Changed() <-chan struct{} { return s.changed.Next() }

// Refresh does nothing: nobody else has this store.
func (s *Store) Refresh(ctx context.Context) error { return s.check(ctx) }

// Flush does nothing: memory is as durable as it gets.
func (s *Store) Flush(ctx context.Context) error { return s.check(ctx) }

// Compact does nothing: the garbage collector does it.
func (s *Store) Compact(ctx context.Context) error { return s.check(ctx) }

// Stats implements kv.Store.
func (s *Store) Stats(ctx context.Context) (kv.Stats, error) {
	if err := s.check(ctx); err != nil {
		return kv.Stats{}, err
	}
	now := s.current.Load()
	return kv.Stats{LiveBytes: now.bytes, Keys: uint64(now.tree.Len())}, nil
}

// Close implements kv.Store.
func (s *Store) Close() error {
	s.close()
	s.current.Store(&state{tree: tree.New()})
	s.changed.Close()
	return nil
}

// Destroy is Close.
func (s *Store) Destroy(context.Context) error { return s.Close() }
