// Package dump writes a database as lines of JSON, and makes a database of them again.
//
// A dump has all current revisions of all documents, conflicts and deletions too, with their ancestry and attachments, and the local documents, among which are the
// checkpoints of replications. Its lines are:
//
//	{"gouchdb_dump":1,"db_name":…,"id":…,"session_id":…,"update_seq":…}   the first one
//	{"local":{"_id":"_local/…",…}}                                       local documents
//	{"seq":…,"doc":{"_id":…,"_rev":…,"_revisions":…,…}}                  a revision; its attachments "follow"
//	{"data":"…"}                                                         a piece of an attachment, in base64: in their order, until each has its length
//	{"end":{"docs":…,"revisions":…,"attachments":…,"local_docs":…}}      the last one
//
// The database is read while others write: what changes meanwhile comes again at the end. Local documents come before documents, since a checkpoint must never speak of
// documents that the dump lacks. Neither side holds more than some documents at a time, and of attachments some pieces.
//
// A database that is made of a dump is another one, with an identity of its own: if two went on under the same, replications would take one for the
// other. So that its replications need not begin anew, a dump leaves a note in the database that it is made of, and the copy gets one too. See [replication.Lineage].
package dump

import (
	"context"

	"github.com/gouchdb/gouchdb/core"
)

// version is that of the format.
const version = 1

// Summary tells what a dump has.
type Summary struct {
	Documents, Revisions, Attachments, LocalDocs int
}

// ErrDamaged: what was read is not a dump, or not a whole one.
var ErrDamaged = core.NewError(400, "damaged_dump", "")

// localDB is a local database: it lists its local documents, and can be given sequences of which the checkpoints of another one speak truly.
type localDB interface {
	core.Adapter
	EachLocal(ctx context.Context, each func(*core.Document) error) error
	Succeed(ctx context.Context, uuid string, seq uint64) error
}
