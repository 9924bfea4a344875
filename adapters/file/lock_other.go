//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package file

import (
	"errors"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/gouchdb/gouchdb/core"
)

// lock is a file beside the database's, with the id of the process that has the database open, when that process was started, and the number under which it has
// the lock file itself open. Node has several threads that know nothing of each other and can be ended at any moment; what such a thread had open is closed then,
// so the others can tell that it is gone.
type lock struct {
	path string
	held *os.File // the lock file
}

// openLocked opens the file at path, or makes one, after making the lock.
func openLocked(path string) (*os.File, *lock, error) {
	held := &lock{path: path + ".lock"}
	if err := held.take(); err != nil {
		return nil, nil, explain(path, err)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, nil, explain(path, errors.Join(err, held.release()))
	}
	return file, held, nil
}

// openToRead opens the file at path for reading, after making the lock: what is being written cannot be checked.
func openToRead(path string) (*os.File, *lock, error) {
	held := &lock{path: path + ".lock"}
	if err := held.take(); err != nil {
		return nil, nil, explain(path, err)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, explain(path, errors.Join(err, held.release()))
	}
	return file, held, nil
}

// take makes the lock file, or takes over one whose process has died. The file appears with its content in it, so nobody ever reads half of it.
func (l *lock) take() (err error) {
	mine := l.path + "." + strconv.FormatUint(rand.Uint64(), 36)
	if l.held, err = os.OpenFile(mine, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = l.held.Close() // the error says more
		}
		_ = os.Remove(mine)
	}()
	content := strconv.Itoa(os.Getpid()) + " " + strconv.FormatInt(processStart(), 10) + " " + strconv.FormatUint(uint64(l.held.Fd()), 10) + "\n"
	if _, err := l.held.WriteString(content); err != nil {
		return err
	}
	if runtime.GOOS != "js" { // there are no such threads, and some systems do not remove a file that is open
		if err := l.held.Close(); err != nil {
			return err
		}
	}
	const attempts = 3
	for range attempts {
		if err := os.Link(mine, l.path); !errors.Is(err, os.ErrExist) {
			return err
		}
		owner, err := os.ReadFile(l.path)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if l.alive(string(owner)) {
			return core.ErrLocked.Because("the process that " + l.path + " names has the file open")
		}
		if err := l.removeStale(mine+".stale", string(owner)); err != nil {
			return err
		}
	}
	return core.ErrLocked.Because("others are opening the file at the same time")
}

// removeStale removes a lock file, but not one that somebody else has put in its place in the meantime.
func (l *lock) removeStale(aside, owner string) error {
	if err := os.Rename(l.path, aside); err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		return err
	}
	if moved, err := os.ReadFile(aside); err == nil && string(moved) != owner {
		return errors.Join(core.ErrLocked.Because("another process has just opened the file"), os.Link(aside, l.path), os.Remove(aside))
	}
	return os.Remove(aside)
}

// alive reports whether who made a lock file is still there.
func (l *lock) alive(owner string) bool {
	fields := strings.Fields(owner)
	if len(fields) != 3 {
		return false
	}
	pid, _ := strconv.Atoi(fields[0])
	start, _ := strconv.ParseInt(fields[1], 10, 64)
	held, err := strconv.Atoi(fields[2])
	if pid <= 0 || err != nil {
		return false
	}
	if pid != os.Getpid() {
		return processExists(pid)
	}
	// In containers the same program often gets the same process id again; the time of its start tells the two apart, but for rounding.
	const rounding = 2
	return start-processStart() <= rounding && processStart()-start <= rounding && isOpen(held, l.path)
}

// replace gives the file that is open as next, at temporary, the name of the locked one.
func (*lock) replace(_ *os.File, temporary, path string) error { return os.Rename(temporary, path) }

// destroy removes the file at path, closes it and gives up the lock.
func (l *lock) destroy(file diskFile, path string) error {
	// Some systems do not remove a file that is open.
	return errors.Join(file.Close(), os.Remove(path), l.release())
}

// close closes the file and gives up the lock.
func (l *lock) close(file diskFile) error { return errors.Join(file.Close(), l.release()) }

func (l *lock) release() error {
	err := l.held.Close()
	if errors.Is(err, os.ErrClosed) {
		err = nil
	}
	return errors.Join(err, os.Remove(l.path))
}
