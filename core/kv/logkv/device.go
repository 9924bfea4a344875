package logkv

import (
	"context"
	"errors"
)

// Device is where a Store keeps its log: records numbered 1, 2, 3 … that are never changed once they are there, and the newest two
// snapshots, each of which stands for all records up to the one it covers. What the bytes mean is the Store's business, and so are their checksums.
//
// A Device is one context's access to storage that others may have open as well: other tabs, workers, or other Devices in a test. It may be
// called by several goroutines at once. Every method returns soon after its context ends and bounds by itself how long it waits for
// something that does not answer. Slices passed in are not kept after the call, nor changed; slices returned belong to the caller.
//
// Failures are the *core.Errors ErrStorageFull (quota, disk full), ErrClosed (closed or destroyed, also by another context), ErrLocked and ErrStorage with the
// cause, unless a method says more. A failed call leaves the device usable. devicetest.Run tests an implementation.
type Device interface {
	// Load reads what an open begins with, in one consistent view: the newest snapshot that covers less than below (nothing, and Covers 0, when
	// there is none) and the first of the records that follow it, as ReadFrom would return them.
	Load(ctx context.Context, below uint64, maxBytes int) (Base, error)
	// ReadFrom returns the records that are there with numbers from the given one on, ascending: about maxBytes of them, at least one
	// if there is one, none when there is none.
	ReadFrom(ctx context.Context, from uint64, maxBytes int) ([]Record, error)
	// Read returns the records of these numbers, in this order, in one request as far as possible; nil for a record that is not there (any more).
	Read(ctx context.Context, numbers []uint64) ([][]byte, error)

	// Append adds records under the numbers first, first+1, … . All of them become visible to all contexts and durable, as the durability says, or none
	// does, even after a crash. It fails with ErrHeadMoved, having done nothing, unless the newest record's number is first-1 (0 when there has never been
	// any record). That a record `first` does not exist is not enough: a writer that has slept through a compaction may find its next number removed.
	//
	// After any other error it is best that nothing was appended. Should the device not know (the connection broke), or try again by itself and meet
	// its own records, no harm is done: the Store recognises its own commit when it next sees it.
	Append(ctx context.Context, first uint64, records [][]byte, durability Durability) error

	// WriteSnapshot keeps a snapshot of the records up to number covers, whole or not at all, after making these records durable. Of all
	// snapshots the two that cover most stay, the others are removed; so one that covers less than both is ignored. One that covers as much as
	// an earlier one takes its place.
	WriteSnapshot(ctx context.Context, covers uint64, chunks [][]byte) error
	// Remove removes the records with numbers in these ranges, which are ascending and apart. Records that are not there are ignored, and so is the newest record, from
	// which numbering goes on. It also gives back whatever else the device occupies needlessly.
	Remove(ctx context.Context, ranges []NumberRange) error

	// Watch registers the one function to be called when another context has appended something, or has closed or destroyed the storage. It is a hint that comes soon, possibly
	// once for several commits, possibly without need. The function returns at once and may be called from any goroutine; it is no longer called after Close.
	Watch(notify func())
	// Sync returns when all that was appended is durable in the strict sense.
	Sync(ctx context.Context) error
	// Size returns how many bytes the storage occupies, about; 0 when that is not known without reading it all.
	Size(ctx context.Context) (uint64, error)
	// Close releases the device; calls that are running or come later fail with ErrClosed. Closing twice does no harm.
	Close() error
	// Destroy closes the device and removes the storage with all its data, for all contexts.
	Destroy(ctx context.Context) error
}

// ErrHeadMoved is what Append fails with when somebody else has appended first.
var ErrHeadMoved = errors.New("the head of the log has moved")

// Newest as the below of [Device.Load] asks for the newest snapshot there is.
const Newest = ^uint64(0)

// Base is what an open begins with.
type Base struct {
	Covers  uint64   // the number of the last record that the snapshot stands for; 0 without a snapshot
	Chunks  [][]byte // the snapshot, as it was written; nil without one
	Records []Record // the first records after Covers; more may follow
}

// Record is a record with its number.
type Record struct {
	Number uint64
	Data   []byte
}

// NumberRange stands for the records from First to Last, both included.
type NumberRange struct {
	First, Last uint64
}

// Durability says what an acknowledged commit has survived by then.
type Durability int

const (
	// Strict: the data was handed to the disk, and a crash of the operating system or a loss of power does not undo it (fsync; IndexedDB's "strict").
	Strict Durability = iota
	// Relaxed: the data was handed to the operating system or the browser and survives the death of this process, tab or worker; a loss of
	// power may undo the last commits, in the reverse of their order, never a part of one (IndexedDB's "relaxed").
	Relaxed
	// MemoryFirst: an update that has said how it can be done again ([kv.Redoer]) is acknowledged when it is in this store's memory, and logged as with
	// Relaxed a few milliseconds later, together with others. The death of the process, tab or worker may lose the updates of these milliseconds, the last
	// ones, never a part of one; all others are as with Relaxed. Flush and Close wait until everything is in the log.
	//
	// Another context may have committed first. Then the updates are done again on its state, so nothing is lost; docstore makes of
	// a document that both have changed a conflict, as a replication would. [kv.ViewSettled] shows only what cannot move any more.
	// A Device makes of it what it makes of Relaxed; a [Leaver] also gets ready for Follow.
	//
	// When the log cannot be written (no space), what was acknowledged stays in memory and is tried again and again. Until that succeeds, Flush, Close and all
	// later updates fail with the reason, and reading goes on.
	MemoryFirst
)

// Leaver is a Device in a context that may end soon after it was told so, as a page does that is left: without another answer to anything, so what is begun then has
// to be handed over whole. Somebody else's commit in the last moments can still make it fail.
type Leaver interface {
	// Hurry lets an Append of MemoryFirst that is under way, and every one that begins before calm is called, go on by itself from when it has been begun.
	// One that is under way may be begun anew for that: then it fails with ErrHeadMoved, and its records are found in the log.
	Hurry() (calm func())
	// Follow hands over the records that follow those of the Append under way, which is of MemoryFirst, to be appended if it succeeds and only then. It does not tell the
	// outcome: whoever is still there appends them again, and is told that the head has moved. When it cannot do that safely, nothing is handed over.
	Follow(first uint64, records [][]byte)
}
