package replication

import (
	"time"

	"github.com/gouchdb/gouchdb/core"
)

// ErrIncomplete is the error of a run that came to its end, but could not copy some documents. It wraps the error of the first of them.
var ErrIncomplete = core.NewError(500, "replication_incomplete", "")

// errorsKept bounds Result.Errors; the counts are always whole.
const errorsKept = 100

// Result tells what a run did, be it successful or not.
type Result struct {
	// OK means that the target has all that it was meant to get, except for what it refused (see Denied).
	OK bool
	Counts
	// Denied is how many of DocWriteFailures the target refused with 401 or 403. These do not make a run fail, nor are they tried again.
	Denied int

	// BytesRead and BytesWritten are about what the documents take that were fetched and written.
	BytesRead, BytesWritten int64

	ReplicationID      string // the checkpoints are called "_local/" and this
	SessionID          string
	StartTime, EndTime time.Time
	StartSeq           core.Seq // where it went on
	LastSeq            core.Seq // up to here everything has arrived or was refused

	// Errors are those of documents, each with its ID: the first hundred.
	Errors []*core.Error
	// CheckpointErrors are those of sides that did not take a checkpoint while the other one did. The next run has to go over more changes then.
	CheckpointErrors []error
}

func (r *Result) keep(errs []*core.Error) {
	r.Errors = append(r.Errors, errs[:min(len(errs), errorsKept-len(r.Errors))]...)
}

// failures counts the documents that keep a run from being OK.
func (r *Result) failures() int { return r.DocWriteFailures - r.Denied + r.DocReadFailures }
