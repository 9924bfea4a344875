package file

import (
	"context"
	"errors"
	"os"

	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
)

// Options are the options of [Open]. The zero value is usable.
type Options struct {
	// Store are the options of the log; its Durability is logkv.Strict unless set otherwise.
	Store logkv.Options
	// Docs are the options of the database. Its Adapter is "file" and its Name the path unless they are set.
	Docs docstore.Options
}

// Open opens the database in the file at path, or makes a new one. The directory must exist.
//
// Errors: ErrLocked when another opener has the file, ErrCorrupt, ErrNewerFormat, ErrStorageFull, and ErrStorage with its cause for what else a file system can
// refuse, and for a file that is not a database; that one is left as it is.
func Open(ctx context.Context, path string, options Options) (*docstore.DB, error) {
	if options.Docs.Adapter == "" {
		options.Docs.Adapter = "file"
	}
	if options.Docs.Name == "" {
		options.Docs.Name = path
	}
	store, err := OpenStore(ctx, path, options.Store)
	if err != nil {
		return nil, err
	}
	db, err := docstore.Open(ctx, store, options.Docs)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return db, nil
}

// OpenStore opens the key-value store in the file at path, or makes a new one. Its errors are those of [Open].
func OpenStore(ctx context.Context, path string, options logkv.Options) (*logkv.Store, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	device, err := openDevice(path, func(file *os.File) diskFile { return file })
	if err != nil {
		return nil, err
	}
	store, err := logkv.Open(ctx, device, options)
	if err != nil {
		return nil, errors.Join(explain(path, err), device.Close())
	}
	return store, nil
}

// Lock makes a file at path and keeps it locked until unlock, which removes it: for who has several databases in one place, and must be the only one there.
// It fails with ErrLocked when another opener, in this process or elsewhere, has the lock.
func Lock(path string) (unlock func() error, err error) {
	locked, held, err := openLocked(path)
	if err != nil {
		return nil, err
	}
	return func() error { return explain(path, held.destroy(locked, path)) }, nil
}
