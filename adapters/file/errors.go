package file

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"syscall"

	"github.com/gouchdb/gouchdb/core"
)

// explain makes an error of the file system one that a caller can act on, and names the file in it.
func (d *device) explain(err error) error { return explain(d.path, err) }

func explain(path string, err error) error {
	if known, ok := err.(*core.Error); ok {
		return known.Because(path + ": " + known.Reason).From(errors.Unwrap(known))
	}
	known, isOneOf := errors.AsType[*core.Error](err)
	switch {
	case err == nil:
		return nil
	case isOneOf:
		return known.Because(path).From(err)
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, os.ErrClosed):
		return core.ErrClosed
	case errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT):
		return core.ErrStorageFull.From(err)
	}
	return core.ErrStorage.Because(path).From(err)
}

// syncDirectory makes the file's name durable.
func syncDirectory(path string) error {
	if runtime.GOOS == "windows" {
		return nil // there, a directory cannot be opened for it
	}
	directory, err := os.Open(filepath.Dir(path))
	if err == nil {
		err = errors.Join(directory.Sync(), directory.Close())
	}
	if runtime.GOOS == "js" {
		return nil // it may be Windows all the same
	}
	return err
}
