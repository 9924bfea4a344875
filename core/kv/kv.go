// Package kv is the storage seam: an ordered map of byte keys to byte values with snapshots and atomic commits. It knows
// nothing of documents. docstore turns any Store into a database, so a new backend implements this interface, passes
// kvtest, and is done.
package kv

import (
	"context"
	"errors"
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

// Redoer is implemented by the Tx of a store that may acknowledge an update before it is committed. It does so only for an update that has said how to be
// done again: another tab's commit may come first, and then the update has to be made on a state that its function has not seen, by somebody who cannot
// ask the caller any more.
type Redoer interface {
	// Redo is called by an update's function, at most once in each run. The function given makes on tx whatever the update made on the state that
	// was shows, so that nothing that was acknowledged is lost. It may run any number of times, also when the update's effect is there already, after
	// Update has returned, in another goroutine; so it must not refer to anything that the caller may change.
	Redo(again func(ctx context.Context, was Snapshot, tx Tx) error)
}

// Freer is implemented by the Tx of a store that keeps some room for updates that make room.
type Freer interface {
	// Frees is called by an update's function that adds little and lets more be removed: a deletion, a purge, a step of a compaction.
	Frees()
}

// Frees tells the store, if it wants to know, that an update makes room; see [Freer].
func Frees(tx Tx) {
	if f, ok := tx.(Freer); ok {
		f.Frees()
	}
}

// ErrOutlived is the cause of the error of a view that has lasted longer than something it was to read, because another process, tab or worker has changed and
// compacted that away meanwhile. On a newer snapshot it can be read.
var ErrOutlived = errors.New("the snapshot is older than what is stored")

// Attempts is how often something is read that other tabs keep compacting away.
const Attempts = 5

// Again calls read, and calls it again when it has failed because its view was outlived. It is for a read that collects what a database hands out, and can let go of it: the database
// itself reads again only what it has not begun to hand out.
func Again(read func() error) (err error) {
	for range Attempts {
		if err = read(); !errors.Is(err, ErrOutlived) {
			return err
		}
	}
	return err
}

// settledViewer is a store whose views may show what has been acknowledged but not been committed.
type settledViewer interface {
	// ViewSettled waits until what is acknowledged is committed, or cannot be for now, and views what is committed only.
	ViewSettled(ctx context.Context, read func(Snapshot) error) error
}

// ViewSettled is View for readers who will rely on what they see even after a crash, or tell it to others: nothing that is shown can be made undone
// or take another place. It differs from View in stores that acknowledge updates before they commit them. The function of an update must not call it: it may wait for
// that update to end.
func ViewSettled(ctx context.Context, store Store, read func(Snapshot) error) error {
	if s, ok := store.(settledViewer); ok {
		return s.ViewSettled(ctx, read)
	}
	return store.View(ctx, read)
}

// impatient is a context of somebody who does not wait.
type impatient interface {
	// MayWait returns why waiting is out of the question.
	MayWait() error
}

// MayWait is asked before something is begun that is to be waited for. Its error says that this is no use, for this context.
func MayWait(ctx context.Context) error {
	if c, ok := ctx.(impatient); ok {
		return c.MayWait()
	}
	return nil
}

// prompter is a store whose updates need not wait, sometimes.
type prompter interface {
	// Prompt reports whether an update would be done now without waiting for anything, as far as that can be known.
	Prompt() bool
}

// Prompt reports whether an update of a store would be done now without waiting for anything, as far as that can be known.
func Prompt(store Store) bool {
	s, ok := store.(prompter)
	return ok && s.Prompt()
}

// drainer is a store that may have acknowledged what is not committed.
type drainer interface {
	// Drain returns when everything acknowledged by now is committed, or why it cannot be for now.
	Drain(ctx context.Context) error
}

// Drain returns when everything that was acknowledged is committed, as durable as the store is asked to make it; at once in stores that commit first.
func Drain(ctx context.Context, store Store) error {
	if s, ok := store.(drainer); ok {
		return s.Drain(ctx)
	}
	return nil
}

// Leaver is a store that acknowledges updates before they are committed, and can do without where its context may end at any moment, such as a page that is left.
type Leaver interface {
	// Leave is Drain that gives the storage all there is to give it at once, as far as it permits that, before it waits for anything. Until Stay, updates are committed before
	// they are acknowledged.
	Leave(ctx context.Context) error
	// Stay takes Leave back.
	Stay(ctx context.Context) error
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
	LogBytes    uint64 // of StoredBytes, what a compaction can make smaller; 0 without a log
	Unlogged    uint64 // bytes of updates that are acknowledged and not committed yet
	CacheBytes  uint64 // held in memory beyond the keys and small values
	CacheLimit  uint64
}

// Ratio returns how many bytes of log there are for one that lives; 0 when nothing does.
func (s Stats) Ratio() float64 {
	if s.LiveBytes == 0 {
		return 0
	}
	return float64(s.LogBytes) / float64(s.LiveBytes)
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
