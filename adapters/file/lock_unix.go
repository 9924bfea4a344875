//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package file

import (
	"errors"
	"os"
	"syscall"

	"github.com/gouchdb/gouchdb/core"
)

// lock is the operating system's lock on the database's file.
type lock struct {
	file *os.File
}

// openLocked opens the file at path, or makes one, and locks it.
func openLocked(path string) (*os.File, *lock, error) {
	for {
		file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, nil, explain(path, err)
		}
		current, err := lockFile(file, path)
		if err == nil && current {
			return file, &lock{file: file}, nil
		}
		err = errors.Join(err, file.Close())
		if err != nil {
			return nil, nil, explain(path, err)
		}
	}
}

// openToRead opens the file at path for reading and locks it: what is being written cannot be checked.
func openToRead(path string) (*os.File, *lock, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, explain(path, err)
	}
	if _, err := lockFile(file, path); err != nil {
		return nil, nil, explain(path, errors.Join(err, file.Close()))
	}
	return file, &lock{file: file}, nil
}

// lockFile locks a file and reports whether it still is the one at path: it may have been replaced or removed between the opening and the locking.
func lockFile(file *os.File, path string) (current bool, err error) {
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, core.ErrLocked.Because("another process has the file open")
	}
	if err != nil {
		return false, err
	}
	mine, err := file.Stat()
	if err != nil {
		return false, err
	}
	there, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	return err == nil && os.SameFile(mine, there), err
}

// replace gives the file that is open as next, at temporary, the name of the locked one, without anybody getting in between.
func (l *lock) replace(next *os.File, temporary, path string) error {
	if _, err := lockFile(next, temporary); err != nil {
		return err
	}
	if err := os.Rename(temporary, path); err != nil {
		return err
	}
	l.file = next
	return nil
}

// destroy removes the file at path, closes it and gives up the lock, in this order: who opens the name next must get a file of its own.
func (l *lock) destroy(file diskFile, path string) error {
	return errors.Join(os.Remove(path), l.close(file))
}

// close closes the file and gives up the lock, which does not end by itself while a child process that is just being started still has the file, too.
func (l *lock) close(file diskFile) error {
	return errors.Join(syscall.Flock(int(l.file.Fd()), syscall.LOCK_UN), file.Close())
}
