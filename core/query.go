package core

import (
	"context"
	"time"
)

// Finder is implemented by adapters that answer Mango queries. Requests are the JSON bodies of CouchDB's endpoints, which are the language of
// these queries everywhere: a remote database gets them as they are.
type Finder interface {
	// Find answers the body of CouchDB's POST _find. It calls each for every document of the page, in order, as JSON text, which may be used until
	// each returns. An error of each ends the call and is returned. Errors: those of a bad request, of status 400, and CouchDB's no_usable_index.
	Find(ctx context.Context, request []byte, each func(doc []byte) error) (FindSummary, error)
	// Explain tells how Find would answer, as the JSON body of CouchDB's _explain.
	Explain(ctx context.Context, request []byte) ([]byte, error)
	// CreateIndex answers the body of CouchDB's POST _index.
	CreateIndex(ctx context.Context, request []byte) (CreatedIndex, error)
	// Indexes lists the indexes, beginning with the one of ids, which every database has.
	Indexes(ctx context.Context) ([]IndexDescription, error)
	// DeleteIndex removes an index by its design document, with or without "_design/", and its name. Errors: ErrMissing.
	DeleteIndex(ctx context.Context, designDoc, name string) error
}

// FindSummary ends a find.
type FindSummary struct {
	Bookmark string // where the next page begins
	Warning  string // what a user could do better; empty mostly
	Stats    *ExecutionStats
}

// ExecutionStats tell what a find cost. They come on demand.
type ExecutionStats struct {
	KeysExamined    int
	DocsExamined    int
	ResultsReturned int
	Time            time.Duration
}

// CreatedIndex is the outcome of CreateIndex.
type CreatedIndex struct {
	ID      string // of the design document
	Name    string
	Existed bool // the same index was there: nothing was written
}

// IndexDescription tells what an index is.
type IndexDescription struct {
	DesignDoc   string // with "_design/"; empty for the index of ids
	Name        string
	Type        string // "json", or "special" for the index of ids
	Partitioned bool
	Definition  []byte // JSON: {"fields": [...]}, perhaps with partial_filter_selector
}

// Viewer is implemented by adapters that answer map/reduce views.
type Viewer interface {
	// View queries a view of a design document, given with or without "_design/". It calls each for every row, in order, on one snapshot of the view. An
	// error of each ends the call and is returned. Errors: ErrMissing when there is no such document or view, those of status 400 of bad
	// options, and compilation_error.
	View(ctx context.Context, designDoc, view string, options ViewOptions, each func(*ViewRow) error) (ViewSummary, error)
	// ViewInfo describes the views of a design document, as the JSON body of CouchDB's _design/x/_info.
	ViewInfo(ctx context.Context, designDoc string) ([]byte, error)
	// ViewCleanup removes what is stored for views that no design document defines any more.
	ViewCleanup(ctx context.Context) error
}

// TemporaryViewer is implemented by adapters that can query functions which no design document has.
type TemporaryViewer interface {
	// TemporaryView is View for the sources of a map function and of a reduce function, which may be empty, or the name of a built-in one. The rows are stored
	// like those of a view, and found again by the sources, until ViewCleanup removes them.
	TemporaryView(ctx context.Context, mapSource, reduceSource string, options ViewOptions, each func(*ViewRow) error) (ViewSummary, error)
	// DropTemporaryView removes what TemporaryView has stored for these sources.
	DropTemporaryView(ctx context.Context, mapSource, reduceSource string) error
}

// ViewUpdate says whether a view is brought up to date before it is read.
type ViewUpdate int

// The ways of a view's update: CouchDB's true, false and lazy.
const (
	UpdateBefore ViewUpdate = iota
	UpdateNever
	UpdateAfter
)

// ViewOptions are the options of a query of a view, as CouchDB has them.
type ViewOptions struct {
	// Key, StartKey and EndKey are JSON; nil: from the beginning, to the end; in reading order. With Keys, rows of these keys, in this order.
	Key, StartKey, EndKey      []byte
	Keys                       [][]byte
	StartKeyDocID, EndKeyDocID string
	ExclusiveEnd               bool
	Descending                 bool
	Skip                       int
	Limit                      int   // 0: no limit; see NoRows
	Reduce                     *bool // nil: when the view has a reduce
	Group                      bool
	GroupLevel                 int
	IncludeDocs                bool
	Conflicts                  bool // with IncludeDocs: fill Conflicts
	Attachments                bool // with IncludeDocs: the content of attachments, else they come as stubs
	UpdateSeq                  bool
	Update                     ViewUpdate
	// Passing says that nothing of a row is kept when the function that it was given to has returned: its memory may be used again.
	Passing bool
}

// ViewRow is one row of a view, or with a reduce one group.
type ViewRow struct {
	ID    string    // empty for a group
	Key   []byte    // JSON; null for the group of all
	Value []byte    // JSON
	Doc   *Document // with IncludeDocs; nil when there is none
}

// ViewSummary ends a query of a view.
type ViewSummary struct {
	Reduced   bool // rows are groups; the other fields but UpdateSeq are zero
	TotalRows uint64
	Offset    int64 // rows before the first
	UpdateSeq Seq   // on demand
}
