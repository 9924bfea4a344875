package core

import (
	"context"
	"time"
)

// Adapter is a database of documents. docstore is the one implementation for local data; fetchhttp speaks to a remote CouchDB.
// Both answer as CouchDB does.
//
// All methods may be called concurrently, return soon after their context ends, and fail with an *[Error] when a caller can
// act on the failure. What they return must not be modified; arguments are not kept after the call, nor modified.
type Adapter interface {
	// Identity returns what tells this database from all others, for replication ids: the uuid of a local database,
	// made when it was created, or the URL of a remote one, without credentials.
	Identity(ctx context.Context) (string, error)
	Info(ctx context.Context) (Info, error)

	// Get reads a document: the winner, or the revision asked for. Local documents are read by their "_local/" id.
	// Errors: ErrMissing, ErrDeleted (the winner is deleted and no revision was asked for).
	Get(ctx context.Context, docID string, options GetOptions) (*Document, error)
	// OpenRevs reads several revisions of a document. The found ones come first, ascending; then the missing ones, ascending.
	// It returns ErrMissing when all leaves of a document were asked for that is not there.
	OpenRevs(ctx context.Context, docID string, options OpenRevsOptions) ([]OpenRev, error)
	// BulkGet reads revisions of many documents; the results are in the order of the requests.
	BulkGet(ctx context.Context, requests []DocRev, options BulkGetOptions) ([]BulkGetResult, error)
	// AllDocs calls each for every row, in order, on one snapshot of the data. An error of each ends the call and is returned.
	AllDocs(ctx context.Context, options AllDocsOptions, each func(*AllDocsRow) error) (AllDocsSummary, error)
	// Changes calls each for every row, in order of the sequences. An error of each ends the call and is returned.
	Changes(ctx context.Context, options ChangesOptions, each func(*Change) error) (ChangesSummary, error)
	// RevsDiff tells which revisions are unknown here. Documents that have nothing missing are left out.
	RevsDiff(ctx context.Context, requests []DocRevs) ([]RevsDiff, error)

	// GetAttachment reads an attachment of the winner, or of the revision asked for, with its content. Errors: those of Get, ErrNoAttachment.
	GetAttachment(ctx context.Context, docID, name string, rev Rev) (*Attachment, error)
	// PutAttachment adds an attachment to a revision of a document, or replaces one; the zero Rev makes a new document. It returns the new revision. Errors: ErrConflict.
	PutAttachment(ctx context.Context, docID string, rev Rev, attachment Attachment) (Rev, error)
	// RemoveAttachment removes an attachment from a revision, and returns the new revision. Errors: ErrConflict, ErrNoAttachment.
	RemoveAttachment(ctx context.Context, docID, name string, rev Rev) (Rev, error)

	// BulkDocs writes documents in their order; each succeeds or fails by itself, the results are in the order of the documents.
	// A document with an illegal id or member, or with a stub of an attachment that is not there (ErrMissingStub), fails the whole call with
	// nothing written, as in CouchDB.
	BulkDocs(ctx context.Context, docs []*Document, options BulkDocsOptions) ([]BulkResult, error)

	// RevsLimit returns how many revisions of each path are remembered, 1000 unless it was set.
	RevsLimit(ctx context.Context) (int, error)
	// SetRevsLimit takes effect on each document when it is next written. The limit is at least 1.
	SetRevsLimit(ctx context.Context, limit int) error
	// Compact removes the bodies of revisions that are not leaves, and gives storage back.
	Compact(ctx context.Context) error
	// Purge removes leaves as if they had never been there, with the ancestors that only they had. What was not a leaf is ignored.
	Purge(ctx context.Context, requests []DocRevs) (PurgeResult, error)
	// Flush returns when everything acknowledged so far is as durable as the database can make it.
	Flush(ctx context.Context) error

	// Close ends what is going on with ErrClosed. Closing twice does no harm.
	Close() error
	// Destroy closes the database and removes all its data.
	Destroy(ctx context.Context) error
}

// Info describes a database.
type Info struct {
	Name              string
	DocCount          uint64 // documents whose winner is not deleted, design documents included
	DocDelCount       uint64 // documents whose winner is deleted
	UpdateSeq         Seq
	PurgeSeq          Seq
	InstanceStartTime string // "0" for most
	UUID              string // empty for a remote database
	Adapter           string // "memory", "file", "indexeddb", "http", ...
	DataSize          uint64 // bytes in use, 0 when not known
	FileSize          uint64 // bytes occupied, 0 when not known
}

// GetOptions are the options of a read of one document.
type GetOptions struct {
	Rev              Rev  // zero: the winner
	Latest           bool // with Rev: CouchDB answers with the winner
	Revs             bool // fill Revisions
	RevsInfo         bool
	Conflicts        bool
	DeletedConflicts bool
	LocalSeq         bool
	// Attachments asks for the content of attachments, else they come as stubs. With AttsSince, those that were there already in one of these
	// revisions come as stubs; revisions that the document does not descend from do not count.
	Attachments bool
	AttsSince   []Rev
}

// OpenRevsOptions are the options of a read of several revisions of one document.
type OpenRevsOptions struct {
	All    bool  // all leaves, deleted ones too
	Revs   []Rev // else these
	Latest bool  // in place of a revision, the leaves below it
	// WithRevisions fills Revisions in each document.
	WithRevisions bool
	Attachments   bool  // as in GetOptions
	AttsSince     []Rev // as in GetOptions
}

// OpenRev is a revision found, or missing when Doc is nil.
type OpenRev struct {
	Rev Rev
	Doc *Document
}

// DocRev names a revision of a document; a zero Rev stands for all its leaves in a bulk get.
type DocRev struct {
	ID  string
	Rev Rev
}

// DocRevs names revisions of a document.
type DocRevs struct {
	ID   string
	Revs []Rev
}

// BulkGetOptions are the options of a bulk get.
type BulkGetOptions struct {
	Revs   bool // fill Revisions
	Latest bool // in place of a revision, the leaves below it
	// Attachments asks for the content of attachments, else they come as stubs.
	Attachments bool
}

// BulkGetResult is the answer to one request of a bulk get: several documents when Latest finds several leaves.
type BulkGetResult struct {
	ID   string
	Docs []BulkGetDoc
}

// BulkGetDoc is a document, or why it cannot be had.
type BulkGetDoc struct {
	Rev Rev // as asked for when there is an error
	Doc *Document
	Err *Error
}

// NoRows as a Limit asks for no rows at all: CouchDB's limit=0. A Limit of 0 is no limit.
const NoRows = -1

// AllDocsOptions are the options of a listing in the order of ids (by bytes).
type AllDocsOptions struct {
	StartKey, EndKey *string // nil: from the beginning, to the end; in reading order
	ExclusiveEnd     bool    // leave EndKey itself out
	// Keys, when not nil, asks for these ids in this order, unknown and deleted ones included.
	Keys        []string
	Descending  bool
	Skip        int
	Limit       int // 0: no limit; see NoRows
	IncludeDocs bool
	Conflicts   bool // with IncludeDocs: fill Conflicts
	Attachments bool // with IncludeDocs: the content of attachments, else they come as stubs
	UpdateSeq   bool
	// NoOffset says that the summary's Offset is of no interest: finding it means counting all rows before the first.
	NoOffset bool
	// Passing says that nothing of a row is kept when the function that it was given to has returned: its memory may be used again.
	Passing bool
}

// AllDocsRow is one row of a listing.
type AllDocsRow struct {
	Key     string
	Rev     Rev
	Deleted bool      // only with Keys
	Missing bool      // only with Keys: there is no such document
	Doc     *Document // with IncludeDocs; nil for deleted ones
}

// AllDocsSummary comes with a listing.
type AllDocsSummary struct {
	TotalRows uint64 // living documents in the database
	Offset    int64  // rows before the first; -1 when not known (with Keys or NoOffset)
	UpdateSeq Seq    // on demand
}

// ChangesOptions are the options of one reading of the changes feed.
type ChangesOptions struct {
	Since       Seq      // exclusive; empty: from the beginning; or Now
	Limit       int      // 0: no limit; see NoRows
	Descending  bool     // from the newest change down; as in CouchDB, Since is then ignored unless it is Now
	IncludeDocs bool     // the winner's
	Conflicts   bool     // with IncludeDocs: fill Conflicts
	Attachments bool     // with IncludeDocs: the content of attachments, else they come as stubs
	AllLeaves   bool     // style=all_docs: all leaves' revisions, not only the winner's
	DocIDs      []string // when not nil, only these documents
	Filter      ChangesFilter
	// Wait, when there is nothing to answer with, waits that long for the first change that is to be shown (a long poll). 0 does not wait.
	Wait time.Duration
	// Purges, when not empty, ends Wait also when there have been others than that many; see ChangesSummary.
	Purges Seq
	// Heartbeat asks a remote server for a sign of life that often during Wait, so that a dead connection is noticed. 0 leaves it to the adapter.
	Heartbeat time.Duration
	// SeqInterval lets a server leave out all but every nth sequence, which is cheaper for it. Rows without one have an empty Seq. 0: all.
	SeqInterval int
	// Passing says that nothing of a row is kept when the function that it was given to has returned: its memory may be used again.
	Passing bool
}

// Change is one row of the changes feed: a document at its latest sequence.
type Change struct {
	Seq     Seq
	ID      string
	Revs    []Rev // the winner first, then, with AllLeaves, the other leaves in winner order
	Deleted bool  // the winner is deleted
	Doc     *Document
}

// ChangesSummary ends a reading of the changes feed.
type ChangesSummary struct {
	LastSeq Seq // where to go on
	Pending int64
	// Purges is how many purges there have been: what was purged leaves no row. Empty when the database does not tell.
	Purges Seq
}

// RevsDiff lists what a database does not have.
type RevsDiff struct {
	ID                string
	Missing           []Rev // ascending
	PossibleAncestors []Rev // leaves with a generation below the highest missing one, in winner order
}

// BulkDocsOptions are the options of a write.
type BulkDocsOptions struct {
	// Replicated stores revisions as they come, with their ancestry, instead of making new ones: CouchDB's new_edits=false.
	Replicated bool
	// Atomic writes nothing when one of the documents cannot be written; the others then fail with ErrNotWritten. Only local databases can
	// do that; others answer with ErrNotImplemented.
	Atomic bool
	// InOrder gives a local database's sequences out in the order of the documents, not of their ids, if no id comes twice.
	InOrder bool
}

// BulkResult is the outcome of one document of a write.
type BulkResult struct {
	ID  string
	Rev Rev    // the new revision when Err is nil
	Err *Error // why it was not written
}

// PurgeResult tells what a purge removed.
type PurgeResult struct {
	PurgeSeq Seq
	Purged   []DocRevs // in the order of the requests, unknown documents included with no revisions
}
