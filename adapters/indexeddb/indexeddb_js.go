//go:build js && wasm

package indexeddb

import (
	"context"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
)

// Options are the options of [Open]. The zero value is usable.
type Options struct {
	// Store are the options of the log; its Durability is logkv.Strict unless set otherwise. See [Relaxed].
	Store logkv.Options
	// Docs are the options of the database. Its Adapter is "indexeddb" and its Name the name unless they are set.
	Docs docstore.Options
}

// Relaxed are the options that a page will mostly want: an acknowledged write survives the end of the tab and of the browser, but the last ones may be undone by a loss of power.
func Relaxed() Options { return Options{Store: logkv.Options{Durability: logkv.Relaxed}} }

// Open opens the database of a name, making it when it is not there.
//
// Errors: ErrBadRequest (no name), ErrNewerFormat, ErrCorrupt, ErrLocked (IndexedDB does not answer), ErrStorage (it is not available).
func Open(ctx context.Context, name string, options Options) (*docstore.DB, error) {
	if name == "" {
		return nil, core.ErrBadRequest.Because("a database in IndexedDB needs a name")
	}
	device, err := OpenDevice(ctx, name)
	if err != nil {
		return nil, err
	}
	store, err := logkv.Open(ctx, device, options.Store)
	if err != nil {
		_ = device.Close() // the error of the open says more
		return nil, err
	}
	if options.Docs.Name == "" {
		options.Docs.Name = name
	}
	if options.Docs.Adapter == "" {
		options.Docs.Adapter = "indexeddb"
	}
	db, err := docstore.Open(ctx, store, options.Docs)
	if err != nil {
		_ = store.Close()
		return nil, err
	}
	return db, nil
}
