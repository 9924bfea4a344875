package memkv

import (
	"context"
	"iter"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/kv/internal/tree"
)

// checkEvery is how many entries a scan yields between two looks at its context.
const checkEvery = 64

// snapshot reads a state.
type snapshot struct {
	state
	store *Store
}

// Get implements kv.Snapshot.
func (s *snapshot) Get(ctx context.Context, key []byte) ([]byte, bool, error) {
	if err := s.store.check(ctx); err != nil {
		return nil, false, err
	}
	item, found := s.tree.Get(key)
	if !found {
		return nil, false, nil
	}
	return item.Value(), true, nil
}

// GetMany implements kv.Snapshot.
func (s *snapshot) GetMany(ctx context.Context, keys [][]byte) ([][]byte, error) {
	if err := s.store.check(ctx); err != nil {
		return nil, err
	}
	values := make([][]byte, len(keys))
	s.tree.GetMany(keys, func(i int, item tree.Item) { values[i] = item.Value() })
	return values, nil
}

// Scan implements kv.Snapshot.
func (s *snapshot) Scan(ctx context.Context, r kv.Range) iter.Seq2[kv.Entry, error] {
	return func(yield func(kv.Entry, error) bool) {
		if err := s.store.check(ctx); err != nil {
			yield(kv.Entry{}, err)
			return
		}
		n := 0
		for item := range s.tree.Scan(r) {
			if n++; n%checkEvery == 0 {
				if err := s.store.check(ctx); err != nil {
					yield(kv.Entry{}, err)
					return
				}
			}
			if !yield(kv.Entry{Key: item.Key(), Value: item.Value()}, nil) {
				return
			}
		}
	}
}

// transaction is a snapshot of a copy that is written to.
type transaction struct {
	snapshot
	written bool
	failure error // of a write that cannot be done, for Update to return
}

// Put implements kv.Tx.
func (t *transaction) Put(key, value []byte) {
	if len(key) == 0 {
		t.failure = core.ErrBadRequest.Because("a key must not be empty")
		return
	}
	item := tree.Pack(key, value, false)
	if previous, replaced := t.tree.Put(item); replaced {
		t.bytes -= uint64(previous.Size())
	}
	t.bytes += uint64(item.Size())
	t.written = true
}

// Delete implements kv.Tx.
func (t *transaction) Delete(key []byte) {
	if previous, deleted := t.tree.Delete(key); deleted {
		t.bytes -= uint64(previous.Size())
		t.written = true
	}
}
