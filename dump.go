package gouchdb

import (
	"context"
	"io"

	"github.com/gouchdb/gouchdb/dump"
)

// DumpSummary tells what a dump has.
type DumpSummary = dump.Summary

// ErrDamagedDump: what was given to [DB.Load] is not a dump, or not a whole one.
var ErrDamagedDump = dump.ErrDamaged

// Dump writes the database as lines of JSON: all current revisions with their ancestry, attachments, and local documents with the checkpoints of replications. Others may
// write meanwhile. Package dump describes the format, which the npm package reads and writes too.
func (db *DB) Dump(ctx context.Context, w io.Writer) (DumpSummary, error) {
	return dump.Write(ctx, db.adapter, w)
}

// Load makes the database what was dumped, or adds that to what it has. A new database then goes on with the replications of the one that was dumped, from where that one
// stood. When it fails, a part may be there; loading it again does no harm. Errors: ErrDamagedDump, and what refuses a document.
func (db *DB) Load(ctx context.Context, r io.Reader) (DumpSummary, error) {
	return dump.Read(ctx, r, db.adapter)
}
