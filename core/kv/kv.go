// Package kv is the storage seam: an ordered map of byte keys to byte values with snapshots and atomic commits. It knows
// nothing of documents. docstore turns any Store into a database, so a new backend implements this interface, passes
// kvtest, and is done.
package kv

import (
	"context"
	"iter"
)

// Store is an ordered map of byte keys to byte values.
//
// Failures that a caller can act on are the *core.Errors ErrClosed, ErrCorrupt, ErrNewerFormat, ErrStorageFull, ErrLocked and ErrStorage.
type Store interface {
	// View runs read on a snapshot that no commit can change. It never waits for a writer.
	View(ctx context.Context, read func(Snapshot) error) error
	// Update runs write on the newest state and commits what it did, whole or not at all. When another writer was first, write
	// runs again on what that one left, so it must not change anything but tx and what it sets anew in each run.
	// Nothing is committed when write returns an error or the context ends before the commit begins.
	// A nil error means durable as configured.
	//
	// Concurrent updates run one after the other, in the order of the calls, and may share one commit.
	Update(ctx context.Context, write func(tx Tx) error) error
	// Changed returns a channel that is closed when the state may have become newer than what a View that began before this call saw.
	// Get the channel first, then look, then wait: nothing is missed. It is also closed when the store closes.
	Changed() <-chan struct{}
	// Refresh makes sure that a following View sees what other processes, tabs and workers had committed when it was called.
	Refresh(ctx context.Context) error
	// Flush returns when everything committed is as durable as the backend can make it.
	Flush(ctx context.Context) error
	// Compact gives back storage that nothing refers to any more.
	Compact(ctx context.Context) error
	Stats(ctx context.Context) (Stats, error)
	// Close lets running calls end with ErrClosed and releases everything. Closing twice does no harm.
	Close() error
	// Destroy closes the store and removes its data.
	Destroy(ctx context.Context) error
}

// Snapshot is an unchanging state. It and all slices that it returns may be used until the function that it was passed to returns, no
// longer; they must not be modified.
type Snapshot interface {
	// Get returns the value of a key; found is false when there is none.
	Get(ctx context.Context, key []byte) (value []byte, found bool, err error)
	// GetMany returns the values of keys, nil where there is none. It is for values that have to be fetched: a backend reads them together.
	GetMany(ctx context.Context, keys [][]byte) (values [][]byte, err error)
	// Scan yields the entries of a range in the order of their keys. After an error it ends.
	Scan(ctx context.Context, r Range) iter.Seq2[Entry, error]
}

// Tx is a Snapshot that can be written to and sees its own writes. The slices passed to it are copied or kept: the caller must not change them afterwards.
// A Tx must not be written to while one of its scans is running.
type Tx interface {
	Snapshot
	// Put sets a key, which must not be empty, to a value, which may be.
	Put(key, value []byte)
	// Delete removes a key, if it is there.
	Delete(key []byte)
}

// Entry is a key with its value.
type Entry struct {
	Key, Value []byte
}

// Range is a range of keys.
type Range struct {
	From     []byte // inclusive; nil: from the first
	To       []byte // exclusive; nil: to the last
	Reverse  bool   // from the last entry below To down to From
	KeysOnly bool   // values are not needed, and may be nil
}

// Stats describes a store's storage.
type Stats struct {
	LiveBytes   uint64 // keys and values
	StoredBytes uint64 // occupied on disk, garbage included; 0 for memory
	Keys        uint64
}

// PrefixRange returns the range of all keys that begin with prefix.
func PrefixRange(prefix []byte) Range {
	return Range{From: prefix, To: PrefixEnd(prefix)}
}

// PrefixEnd returns the least key that is greater than all keys with this prefix, nil when there is none.
func PrefixEnd(prefix []byte) []byte {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] != 0xFF {
			end := append([]byte(nil), prefix[:i+1]...)
			end[i]++
			return end
		}
	}
	return nil
}
