package core

import (
	"errors"
	"time"
)

// Error is every failure that a caller may act on. Two Errors match under [errors.Is] when their Status and Name are
// equal, so that errors.Is(err, core.ErrConflict) holds for a conflict of any document.
type Error struct {
	Status int    // as CouchDB would answer over HTTP
	Name   string // CouchDB's "error" member: "conflict", "not_found", ...
	Reason string // for people; never compared
	ID     string // the document concerned, empty when there is none
	cause  error
}

// NewError returns an Error without a cause.
func NewError(status int, name, reason string) *Error {
	return &Error{Status: status, Name: name, Reason: reason}
}

func (e *Error) Error() string {
	text := e.Name
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	if e.ID != "" {
		text += " (document " + e.ID + ")"
	}
	if e.cause != nil {
		text += ": " + e.cause.Error()
	}
	return text
}

// Is reports whether target is an Error with the same Status and Name.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Status == e.Status && t.Name == e.Name
}

// Unwrap returns the cause, nil when there is none.
func (e *Error) Unwrap() error { return e.cause }

// Because returns a copy of e with another reason.
func (e *Error) Because(reason string) *Error {
	copied := *e
	copied.Reason = reason
	return &copied
}

// Of returns a copy of e that names a document.
func (e *Error) Of(docID string) *Error {
	copied := *e
	copied.ID = docID
	return &copied
}

// From returns a copy of e with a cause, which [errors.Is] and [errors.As] find.
func (e *Error) From(cause error) *Error {
	copied := *e
	copied.cause = cause
	return &copied
}

// AsError returns err as an *Error: the one it wraps, or a 500 internal_server_error with err as its cause. It returns nil for nil.
func AsError(err error) *Error {
	if err == nil {
		return nil
	}
	if e, is := errors.AsType[*Error](err); is {
		return e
	}
	return ErrInternal.From(err)
}

// Failures that CouchDB knows too.
var (
	// ErrMissing: the document or revision was never there, was compacted away or purged.
	ErrMissing = NewError(404, "not_found", "missing")
	// ErrDeleted matches ErrMissing; its reason tells them apart, as in CouchDB.
	ErrDeleted = NewError(404, "not_found", "deleted")
	// ErrNoDatabase matches ErrMissing: the database itself is not there.
	ErrNoDatabase = NewError(404, "not_found", "Database does not exist.")
	// ErrConflict: the write does not follow a leaf of the document.
	ErrConflict = NewError(409, "conflict", "Document update conflict.")
	// ErrBadRequest: an option, a revision or a text that cannot be understood.
	ErrBadRequest = NewError(400, "bad_request", "")
	// ErrBadRev is an ErrBadRequest: a text that is not a revision.
	ErrBadRev = NewError(400, "bad_request", "Invalid rev format")
	// ErrBadJSON is an ErrBadRequest: a text that is not JSON.
	ErrBadJSON = NewError(400, "bad_request", "invalid UTF-8 JSON")
	// ErrIllegalDocID: a document id that CouchDB refuses.
	ErrIllegalDocID = NewError(400, "illegal_docid", "")
	// ErrDocValidation: a document member that begins with an underscore and is unknown or malformed.
	ErrDocValidation = NewError(400, "doc_validation", "")
	// ErrQueryParse: an option with an impossible value.
	ErrQueryParse = NewError(400, "query_parse_error", "")
	// ErrUnauthorized: no, or wrong, credentials.
	ErrUnauthorized = NewError(401, "unauthorized", "You are not authorized to access this db.")
	// ErrForbidden: refused by a validation function or a missing role.
	ErrForbidden = NewError(403, "forbidden", "")
	// ErrNotWritten: another document of a batch that is written whole or not at all could not be written.
	ErrNotWritten = NewError(412, "not_written", "another document of the batch could not be written")
	// ErrExists: the database to be created exists.
	ErrExists = NewError(412, "file_exists", "The database could not be created, the file already exists.")
	// ErrTooLarge: a document beyond the size limit.
	ErrTooLarge = NewError(413, "document_too_large", "")
	// ErrNotImplemented: something that this database cannot do.
	ErrNotImplemented = NewError(501, "not_implemented", "")
	// ErrInternal: everything that has no better name.
	ErrInternal = NewError(500, "internal_server_error", "")
)

// Failures of local storage and of connections.
var (
	// ErrClosed: the database was closed or destroyed.
	ErrClosed = NewError(412, "closed", "the database is closed")
	// ErrCorrupt: stored data that is not what was written.
	ErrCorrupt = NewError(500, "corrupt", "")
	// ErrNewerFormat: the database was written by a later version of GouchDB.
	ErrNewerFormat = NewError(500, "newer_format", "the database was written by a newer version of GouchDB")
	// ErrStorageFull: the disk or the browser's quota is exhausted; nothing was written.
	ErrStorageFull = NewError(507, "insufficient_storage", "there is no space left for this write")
	// ErrLocked: another process has the database open, or an open does not come through.
	ErrLocked = NewError(423, "locked", "the database is in use elsewhere")
	// ErrStorage: the storage below failed in another way.
	ErrStorage = NewError(500, "storage_error", "")
	// ErrUnreachable: no answer came from the remote server.
	ErrUnreachable = NewError(503, "unreachable", "the server cannot be reached")
	// ErrNotCouchDB: the remote server answers, but not as a CouchDB does.
	ErrNotCouchDB = NewError(502, "not_couchdb", "the server does not answer as a CouchDB")
)

// RetryAfter returns how long a server that refused asks to be left alone: errors that carry it have a method of this name. It is 0 for all others.
func RetryAfter(err error) time.Duration {
	asking, is := errors.AsType[interface {
		error
		RetryAfter() time.Duration
	}](err)
	if !is {
		return 0
	}
	return asking.RetryAfter()
}
