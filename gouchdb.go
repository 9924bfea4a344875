// Package gouchdb is a local-first document database that replicates with Apache CouchDB.
//
// A database is opened by its location and speaks JSON: documents are any value that encoding/json makes an object of, or
// JSON text as [encoding/json.RawMessage]. Each document has an id and a revision; an edit names the revision that it
// replaces, and fails with [ErrConflict] when somebody else was first. [Replicate] and [DB.Sync] bring two databases together,
// local or remote, with all their conflicts; which revision wins is the same everywhere.
//
//	db, err := gouchdb.Open(ctx, "file:notes.gouch", gouchdb.Options{})
//	rev, err := db.Put(ctx, "milk", Note{Title: "Buy milk"})
//	push, pull, err := db.Sync(ctx, "https://user:password@example.com/notes", gouchdb.ReplicateOptions{})
//
// Errors that a caller can act on are [*Error] and match the Err values of this package under [errors.Is].
package gouchdb

import (
	"context"
	"strings"
	"time"

	"github.com/gouchdb/gouchdb/adapters/fetchhttp"
	"github.com/gouchdb/gouchdb/adapters/file"
	"github.com/gouchdb/gouchdb/adapters/memory"
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/internal/regexps"
	"github.com/gouchdb/gouchdb/javascript"
)

// Error is every failure that a caller may act on: CouchDB's status and name, and a reason for people.
type Error = core.Error

// Failures by which [errors.Is] tells errors apart.
var (
	ErrMissing        = core.ErrMissing        // no such document, revision or database; also when it is deleted
	ErrConflict       = core.ErrConflict       // the write does not follow a current revision
	ErrBadRequest     = core.ErrBadRequest     // an option, a revision or a location that cannot be
	ErrIllegalDocID   = core.ErrIllegalDocID   // an id that no document may have
	ErrDocValidation  = core.ErrDocValidation  // an unknown member that begins with an underscore
	ErrUnauthorized   = core.ErrUnauthorized   // no, or wrong, credentials
	ErrForbidden      = core.ErrForbidden      // the server refuses
	ErrQueryParse     = core.ErrQueryParse     // options of a query that cannot be, or contradict each other
	ErrExists         = core.ErrExists         // the database is there already
	ErrTooLarge       = core.ErrTooLarge       // the document is beyond the size limit
	ErrNotImplemented = core.ErrNotImplemented // this database cannot do that
	ErrClosed         = core.ErrClosed         // the database was closed
	ErrCorrupt        = core.ErrCorrupt        // stored data is damaged
	ErrNewerFormat    = core.ErrNewerFormat    // a later version wrote the database
	ErrStorageFull    = core.ErrStorageFull    // no space left; nothing was written
	ErrLocked         = core.ErrLocked         // another process has the file open
	ErrStorage        = core.ErrStorage        // the disk, or the browser's storage, failed
	ErrUnreachable    = core.ErrUnreachable    // the server does not answer
	ErrNotCouchDB     = core.ErrNotCouchDB     // something else answers
)

// Options are the options of [Open]. The zero value is usable.
type Options struct {
	// MaxDocumentSize limits a local database's documents, in bytes of JSON; 0: 8,000,000, as in CouchDB.
	MaxDocumentSize int
	// AutoCompaction keeps no bodies of a local database but those of current revisions and conflicts.
	AutoCompaction bool
	// Durability is what an acknowledged write of a file database survives: [Strict] unless it is set.
	Durability Durability
	// CompactionRatio is how many bytes a file may have for one that lives before it is compacted, in the background and in small steps; 0: 2.0, at least 1.2;
	// negative: only when [DB.Compact] is called.
	CompactionRatio float64
	// CacheBytes bounds what of a file database is kept in memory after it was read or written; 0: 16 MiB.
	CacheBytes int
	// Create makes a remote database when it is not there. Local ones are always made.
	Create bool
	// User and Password are credentials for a remote database; they may stand in its URL instead.
	User, Password string
	// CookieAuth logs in to a remote database once and goes on with its cookie, in place of Basic authentication.
	CookieAuth bool
	// Header is sent with each request to a remote database.
	Header map[string]string
	// Timeout is how long a remote server may be silent when it owes an answer; 0: 30 seconds.
	Timeout time.Duration
}

// DB is an open database. It may be used by any number of goroutines.
type DB struct {
	adapter core.Adapter
}

// Open opens the database at a location, making it if it is a local one that is not there:
//
//   - "memory:NAME": in memory, a new and empty one each time;
//   - "file:PATH": in one file, which no other process may have open;
//   - "http://HOST/NAME" or "https://…": on a CouchDB, with credentials in the URL or the options.
//
// Errors: ErrBadRequest (no such kind of location, or an option that does not apply to it), ErrLocked, ErrNewerFormat, ErrCorrupt, and for remote
// databases ErrMissing, ErrUnauthorized, ErrUnreachable and ErrNotCouchDB.
func Open(ctx context.Context, location string, options Options) (*DB, error) {
	kind, rest, _ := strings.Cut(location, ":")
	local := docstore.Options{
		Name: rest, MaxDocumentSize: options.MaxDocumentSize, AutoCompaction: options.AutoCompaction,
		Regexp: regexps.Compile, Scripts: javascript.New(javascript.Options{}),
	}
	switch kind {
	case "memory":
		if err := options.checkLocal(); err != nil {
			return nil, err
		}
		if options.Durability != Strict || options.CompactionRatio != 0 || options.CacheBytes != 0 {
			return nil, ErrBadRequest.Because("Durability, CompactionRatio and CacheBytes are options of databases in files")
		}
		return opened(memory.OpenWith(ctx, local))
	case "file":
		if rest == "" {
			return nil, ErrBadRequest.Because("the location \"file:\" names no file")
		}
		if err := options.checkLocal(); err != nil {
			return nil, err
		}
		if options.Durability < Strict || options.Durability > MemoryFirst || options.CacheBytes < 0 {
			return nil, ErrBadRequest.Because("Durability is Strict, Relaxed or MemoryFirst, and CacheBytes is not negative")
		}
		storage := logkv.Options{Durability: options.Durability, CompactionRatio: options.CompactionRatio, CacheBytes: options.CacheBytes}
		return opened(file.Open(ctx, rest, file.Options{Store: storage, Docs: local}))
	case "http", "https":
		if options.MaxDocumentSize != 0 || options.AutoCompaction || options.Durability != Strict || options.CompactionRatio != 0 || options.CacheBytes != 0 {
			return nil, ErrBadRequest.Because("MaxDocumentSize, AutoCompaction, Durability, CompactionRatio and CacheBytes are options of local databases")
		}
		remote := fetchhttp.Options{
			User: options.User, Password: options.Password, Header: options.Header, Create: options.Create, Timeout: options.Timeout,
		}
		if options.CookieAuth {
			remote.Auth = fetchhttp.CookieAuth
		}
		return opened(fetchhttp.Open(ctx, location, remote))
	}
	// The location may hold credentials, and so is not repeated.
	return nil, ErrBadRequest.Because("a location begins with memory:, file:, http: or https:")
}

func opened[A core.Adapter](adapter A, err error) (*DB, error) {
	if err != nil {
		return nil, err
	}
	return &DB{adapter: adapter}, nil
}

func (o Options) checkLocal() error {
	if o.User != "" || o.Password != "" || o.CookieAuth || o.Header != nil || o.Create || o.Timeout != 0 {
		return ErrBadRequest.Because("User, Password, CookieAuth, Header, Create and Timeout are options of remote databases")
	}
	return nil
}

// Of returns a database over an adapter that was opened otherwise, such as one of a server or one that wraps another.
func Of(adapter core.Adapter) *DB { return &DB{adapter: adapter} }

// Adapter returns what is below the database, for what this package does not offer.
func (db *DB) Adapter() core.Adapter { return db.adapter }

// Info describes a database.
type Info = core.Info

// Info describes the database: how many documents it has, where its changes feed stands.
func (db *DB) Info(ctx context.Context) (Info, error) { return db.adapter.Info(ctx) }

// Compact removes the bodies of revisions that were replaced, and gives storage back.
func (db *DB) Compact(ctx context.Context) error { return db.adapter.Compact(ctx) }

// Flush returns when everything written so far is as durable as it can be.
func (db *DB) Flush(ctx context.Context) error { return db.adapter.Flush(ctx) }

// Close releases the database; calls that are running end with ErrClosed. A remote database stays as it is.
func (db *DB) Close() error { return db.adapter.Close() }

// Destroy closes the database and removes it with all its data; a remote one too.
func (db *DB) Destroy(ctx context.Context) error { return db.adapter.Destroy(ctx) }
