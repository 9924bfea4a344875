package gouchdb

import (
	"context"
	"fmt"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
)

// Durability says what an acknowledged write of a file database has survived by then.
type Durability = logkv.Durability

// The kinds of durability.
const (
	// Strict waits for the disk: a loss of power undoes nothing. Writes that wait at the same time wait together.
	Strict = logkv.Strict
	// Relaxed waits for the operating system: the death of the process loses nothing, a loss of power may undo the last writes, never a part of one.
	Relaxed = logkv.Relaxed
	// MemoryFirst waits for memory only, and writes a few milliseconds later, with what else has come: the death of the process may undo the writes of
	// these milliseconds. [DB.Flush] and [DB.Close] wait until all is written.
	MemoryFirst = logkv.MemoryFirst
)

// Stats describes the storage of a local database: what it holds, and what that takes.
type Stats = docstore.Stats

// Stats tells how much a local database holds, and how much storage and memory that takes. Errors: ErrNotImplemented for a remote one.
func (db *DB) Stats(ctx context.Context) (Stats, error) {
	local, err := db.local("tell about its storage")
	if err != nil {
		return Stats{}, err
	}
	return local.Stats(ctx)
}

// CheckReport is what [DB.Check] has found.
type CheckReport = docstore.Report

// Check goes through everything that a local database has stored, and reports in words what contradicts what. An error means that it could not look. For a file that
// cannot be opened any more there is the command "gouchdb check". Errors: ErrNotImplemented for a remote database.
func (db *DB) Check(ctx context.Context) (CheckReport, error) {
	local, err := db.local("be checked from here")
	if err != nil {
		return CheckReport{}, err
	}
	return local.Check(ctx)
}

// IndexProgress tells how far an index is built, or the views of a design document are brought up to date.
type IndexProgress = docstore.IndexProgress

// IndexProgress lists the indexes of a local database that are being built, and then the views that are being updated. It is empty when nothing is. A CouchDB tells its
// administrators: GET /_active_tasks. Errors: ErrNotImplemented for a remote database.
func (db *DB) IndexProgress(ctx context.Context) ([]IndexProgress, error) {
	local, err := db.local("tell about its indexes")
	if err != nil {
		return nil, err
	}
	return local.IndexProgress(ctx)
}

func (db *DB) local(wish string) (*docstore.DB, error) {
	local, ok := db.adapter.(*docstore.DB)
	if !ok {
		return nil, ErrNotImplemented.Because("a database that is not local cannot " + wish)
	}
	return local, nil
}

// RevsLimit returns how many revisions of a document's history are remembered: 1,000 unless it was set.
func (db *DB) RevsLimit(ctx context.Context) (int, error) { return db.adapter.RevsLimit(ctx) }

// SetRevsLimit takes effect on each document when it is next written. The limit is at least 1. One that is too low makes conflicts of edits that were none.
func (db *DB) SetRevsLimit(ctx context.Context, limit int) error {
	return db.adapter.SetRevsLimit(ctx, limit)
}

// Purge removes current revisions of a document as if they had never been there, with what came before them and leads to nothing else; it returns those that were
// current. A database that replicates with this one brings them back: to delete a document everywhere, use [DB.Delete].
func (db *DB) Purge(ctx context.Context, docID string, revs ...string) (purged []string, err error) {
	request := core.DocRevs{ID: docID}
	for _, rev := range revs {
		parsed, err := core.ParseRev(rev)
		if err != nil {
			return nil, fmt.Errorf("purging document %q: %w", docID, err)
		}
		request.Revs = append(request.Revs, parsed)
	}
	result, err := db.adapter.Purge(ctx, []core.DocRevs{request})
	if err != nil {
		return nil, err
	}
	for _, document := range result.Purged {
		purged = append(purged, revTexts(document.Revs)...)
	}
	return purged, nil
}
