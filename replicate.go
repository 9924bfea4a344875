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

// ErrIncomplete is the error of a replication that came to its end, but could not copy some documents. The next run tries them again.
var ErrIncomplete = replication.ErrIncomplete

// Replicate copies to target what it lacks of source: all revisions that are current or in conflict, and deletions. It goes on where
// an earlier run between the two ended. The result is there even when there is an error, as far as it got.
func Replicate(ctx context.Context, source, target *DB, options ReplicateOptions) (*ReplicateResult, error) {
	return replication.Run(ctx, source.adapter, target.adapter, options)
}

// SyncWith replicates in both directions.
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
