package file

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
)

// Report is what [Check] found in a file.
type Report struct {
	Path      string
	Size      int64
	Torn      int64 // bytes at the end that a crash left; the next open cuts them off, nothing acknowledged is in them
	Records   int   // of the log
	Snapshots int
	// Log says in words what is damaged in the file and the log. It is empty when Open succeeds and every byte that matters can be read.
	Log []string
	// Docs is what can be said of the documents, as far as they can be read.
	Docs docstore.Report
}

// Sound reports whether nothing is wrong.
func (r Report) Sound() bool { return len(r.Log) == 0 && len(r.Docs.Problems) == 0 }

// String tells it in words, in several lines.
func (r Report) String() string {
	number := func(n int) string { return strconv.Itoa(n) }
	lines := []string{
		r.Path + ": " + strconv.FormatInt(r.Size, 10) + " bytes, " + number(r.Records) + " records of the log, " + number(r.Snapshots) + " snapshots",
		number(r.Docs.Documents) + " documents (deleted ones included) with " + number(r.Docs.Revisions) + " revisions, " + number(r.Docs.Bodies) + " bodies and " +
			number(r.Docs.LocalDocs) + " local documents can be seen",
	}
	if r.Torn > 0 {
		lines = append(lines, "The last "+strconv.FormatInt(r.Torn, 10)+" bytes are of a write that a crash interrupted; they do not count.")
	}
	for _, problem := range r.Log {
		lines = append(lines, "the log: "+problem)
	}
	for _, problem := range r.Docs.Problems {
		lines = append(lines, "the documents: "+problem)
	}
	if r.Sound() {
		lines = append(lines, "Everything is as it must be.")
	}
	return strings.Join(lines, "\n") + "\n"
}

// Check reads all of a database's file and reports what is damaged, and what is not as it must be. It changes nothing, and nobody else may have the file open meanwhile. An
// error means that it could not look: ErrLocked, ErrNewerFormat, ErrStorage, also for a file that is not a database.
func Check(ctx context.Context, path string) (report Report, err error) {
	err = examine(ctx, path, func(found *remains, log logkv.Examination) (err error) {
		report = Report{
			Path: path, Size: found.size, Torn: found.torn, Records: log.Records, Snapshots: log.Snapshots,
			Log: append(found.problems, log.Problems...),
		}
		if empty(ctx, log.Readable) && len(report.Log) == 0 {
			return nil // it was made, and nothing was ever written
		}
		report.Docs, err = docstore.CheckSnapshot(ctx, log.Readable)
		return err
	})
	return report, err
}

// Salvage copies to another database the documents that can be read of a database's file, which may be damaged and is not changed. See [docstore.Salvage].
func Salvage(ctx context.Context, path string, to core.Adapter) (salvaged docstore.Salvaged, err error) {
	err = examine(ctx, path, func(_ *remains, log logkv.Examination) (err error) {
		salvaged, err = docstore.Salvage(ctx, log.Readable, to)
		return err
	})
	return salvaged, err
}

func empty(ctx context.Context, s kv.Snapshot) bool {
	for range s.Scan(ctx, kv.Range{KeysOnly: true}) {
		return false
	}
	return true
}

// examine opens a file and calls look with what can be found in it.
func examine(ctx context.Context, path string, look func(*remains, logkv.Examination) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	file, held, err := openToRead(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, held.close(file)) }()
	info, err := file.Stat()
	if err != nil {
		return explain(path, err)
	}
	if info.Size() < fileHeaderSize {
		return explain(path, core.ErrStorage.Because("the file is too short to be a GouchDB database"))
	}
	found, err := findRemains(file, info.Size())
	if err != nil {
		return explain(path, err)
	}
	log, err := logkv.Examine(ctx, found)
	if err != nil {
		return explain(path, err)
	}
	return explain(path, look(found, log))
}
