package gouchdb

import (
	"context"
	"errors"

	"github.com/gouchdb/gouchdb/core/replication"
)

// ReplicateOptions choose what flows and how. The zero value replicates everything.
type ReplicateOptions = replication.Options

// ReplicateResult tells what a replication did, be it successful or not.
type ReplicateResult = replication.Result

// Replication is a replication that can be looked at and woken while it runs: see [NewReplication].
type Replication = replication.Task

// ReplicationStatus is how a [Replication] stands.
type ReplicationStatus = replication.Status

// ReplicationEvent is something that happens in a replication, which ReplicateOptions.OnEvent is told of.
type ReplicationEvent = replication.Event

// RetryPolicy tells how long failures are borne with that may pass. Forever lets a live replication outlive them all.
type RetryPolicy = replication.RetryPolicy

// ErrIncomplete is the error of a replication that came to its end, but could not copy some documents. The next run tries them again.
var ErrIncomplete = replication.ErrIncomplete

// Replicate copies to target what it lacks of source: all revisions that are current or in conflict, and deletions. It goes on where
// an earlier run between the two ended. With ReplicateOptions.Live it goes on with what comes later, until the context ends. The result is there even when there is an error, as far as it got.
func Replicate(ctx context.Context, source, target *DB, options ReplicateOptions) (*ReplicateResult, error) {
	return replication.Run(ctx, source.adapter, target.adapter, options)
}

// NewReplication prepares a replication from source to target. Its Run is [Replicate]; meanwhile Status tells how it stands, and Wake makes one that
// waits for the network try again at once.
func NewReplication(source, target *DB, options ReplicateOptions) *Replication {
	return replication.NewTask(source.adapter, target.adapter, options)
}

// SyncWith replicates in both directions. With ReplicateOptions.Live it goes on until the context ends.
func (db *DB) SyncWith(ctx context.Context, other *DB, options ReplicateOptions) (push, pull *ReplicateResult, err error) {
	return replication.Sync(ctx, db.adapter, other.adapter, options)
}

// Sync is [DB.SyncWith] the database at a location, which is opened for the time of the call.
func (db *DB) Sync(ctx context.Context, location string, options ReplicateOptions) (push, pull *ReplicateResult, err error) {
	other, err := Open(ctx, location, Options{})
	if err != nil {
		return nil, nil, err
	}
	push, pull, err = db.SyncWith(ctx, other, options)
	return push, pull, errors.Join(err, other.Close())
}
