package core

import "context"

// Scripts runs the JavaScript of design documents: the host's own where there is one, an interpreter natively. Everything goes in batches, because each
// call may cross into another language. What a script cannot be allowed to do is bounded by whoever implements this, by time: an endless loop ends as an error.
//
// Errors: compilation_error (status 400) when a source is no function; a failure to run any script at all says what forbids it.
type Scripts interface {
	// Maps compiles the map functions of one design document.
	Maps(ctx context.Context, sources []string) (MapScripts, error)
	Reduce(ctx context.Context, source string) (ReduceScript, error)
	Filter(ctx context.Context, source string) (FilterScript, error)
}

// MapScripts are the compiled map functions of one design document.
type MapScripts interface {
	// Map runs every function on every document, given as JSON with _id and _rev, which it must not keep. Results are by document, then by function.
	Map(ctx context.Context, docs [][]byte) ([][]Mapped, error)
	Close()
}

// Mapped is what one map function made of one document: its rows, or why it failed, and then none.
type Mapped struct {
	Rows []Emitted
	Err  error
}

// Emitted is one row that a map function emitted, as JSON in canonical form.
type Emitted struct{ Key, Value []byte }

// ReduceScript is a compiled reduce function.
type ReduceScript interface {
	// Reduce runs the function once for each call. A call that throws fails alone.
	Reduce(ctx context.Context, calls []ReduceCall) ([]Reduced, error)
	Close()
}

// ReduceCall are the arguments of a reduce function, as JSON.
type ReduceCall struct {
	Keys     []byte // an array of [key, id], null in a rereduce
	Values   []byte // an array
	Rereduce bool
}

// Reduced is a value as JSON in canonical form, or why there is none.
type Reduced struct {
	Value []byte
	Err   error
}

// FilterScript is a compiled filter of the changes feed.
type FilterScript interface {
	// Filter asks the function about each document, given as JSON, with a request object, given as JSON ({"query": {...}}). One that throws is an error.
	Filter(ctx context.Context, docs [][]byte, request []byte) ([]bool, error)
	Close()
}

// Validators runs the functions by which design documents refuse writes (validate_doc_update). Only a server needs it: it knows who writes.
type Validators interface {
	Validator(ctx context.Context, source string) (ValidatorScript, error)
}

// ValidatorScript is a compiled validate_doc_update function.
type ValidatorScript interface {
	// Validate returns nil when the function accepts a document, ErrForbidden or ErrUnauthorized with its reason when it refuses it, and another error when it fails.
	Validate(ctx context.Context, call ValidatorCall) error
}

// ValidatorCall are the arguments of a validate_doc_update function, as JSON.
type ValidatorCall struct {
	NewDoc  []byte
	OldDoc  []byte // null where there is none
	UserCtx []byte
	SecObj  []byte
}
