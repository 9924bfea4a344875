package server

import (
	"context"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/gouchdb/gouchdb/core"
)

// Databases is where a server's databases come from. Names have been validated. All methods may be called concurrently, but
// never two at a time for one name, and none of a database that is open.
type Databases interface {
	// List returns the names of all databases, in any order.
	List(ctx context.Context) ([]string, error)
	// Open opens a database. It returns ErrNoDatabase when there is none.
	Open(ctx context.Context, name string) (core.Adapter, error)
	// Create makes and opens a database. It returns ErrExists when there is one.
	Create(ctx context.Context, name string) (core.Adapter, error)
	// Delete removes a database with all its data. It returns ErrNoDatabase when there is none.
	Delete(ctx context.Context, name string) error
}

// Opener opens the database that is stored under a name or path, and makes it when it is not there.
type Opener func(ctx context.Context, name string) (core.Adapter, error)

// Memory keeps databases in memory, each made by open. Closing one keeps its data.
func Memory(open Opener) Databases {
	return &memory{open: open, databases: map[string]core.Adapter{}}
}

type memory struct {
	open      Opener
	mu        sync.Mutex
	databases map[string]core.Adapter
}

// keepOpen is a database whose data would be gone if it was closed.
type keepOpen struct {
	core.Adapter
	name string
	in   *memory
}

func (keepOpen) Close() error { return nil }

// Unwrap returns the database itself: embedding an adapter brings along what every adapter can do, and no more.
func (db keepOpen) Unwrap() core.Adapter { return db.Adapter }

// capability returns a database as one that can do more than every adapter.
func capability[T any](db core.Adapter) (capable T, ok bool) {
	for {
		if capable, ok = db.(T); ok {
			return capable, true
		}
		wrapper, wrapped := db.(interface{ Unwrap() core.Adapter })
		if !wrapped {
			return capable, false
		}
		db = wrapper.Unwrap()
	}
}

func (db keepOpen) Destroy(ctx context.Context) error {
	db.in.set(db.name, nil)
	return db.Adapter.Destroy(ctx)
}

func (m *memory) List(context.Context) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var names []string
	for name := range m.databases {
		names = append(names, name)
	}
	return names, nil
}

func (m *memory) get(name string) core.Adapter {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.databases[name]
}

func (m *memory) set(name string, db core.Adapter) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if db == nil {
		delete(m.databases, name)
	} else {
		m.databases[name] = db
	}
}

func (m *memory) Open(_ context.Context, name string) (core.Adapter, error) {
	db := m.get(name)
	if db == nil {
		return nil, core.ErrNoDatabase
	}
	return keepOpen{db, name, m}, nil
}

func (m *memory) Create(ctx context.Context, name string) (core.Adapter, error) {
	if m.get(name) != nil {
		return nil, core.ErrExists
	}
	db, err := m.open(ctx, name)
	if err != nil {
		return nil, err
	}
	m.set(name, db)
	return keepOpen{db, name, m}, nil
}

func (m *memory) Delete(ctx context.Context, name string) error {
	db := m.get(name)
	if db == nil {
		return core.ErrNoDatabase
	}
	m.set(name, nil)
	return db.Destroy(ctx)
}

// fileSuffix ends the names of database files.
const fileSuffix = ".gouch"

// Directory keeps each database in one file of a directory, which is made when it is not there. The file is named after the
// database, with every character that file systems disagree about as a percent sign and two hexadecimal digits.
func Directory(path string, open Opener) (Databases, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, core.ErrStorage.Because("the directory for databases cannot be made").From(err)
	}
	return &directory{path: path, open: open}, nil
}

type directory struct {
	path string
	open Opener
}

func (d *directory) file(name string) string {
	return filepath.Join(d.path, escapeSegment(name)+fileSuffix)
}

func (d *directory) List(context.Context) ([]string, error) {
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return nil, core.ErrStorage.Because("the directory of databases cannot be read").From(err)
	}
	var names []string
	for _, entry := range entries {
		escaped, found := strings.CutSuffix(entry.Name(), fileSuffix)
		if name, err := url.PathUnescape(escaped); found && err == nil && validateName(name) == nil {
			names = append(names, name)
		}
	}
	return slices.Clip(names), nil
}

func (d *directory) exists(name string) (bool, error) {
	_, err := os.Stat(d.file(name))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, core.ErrStorage.Because("a database file cannot be looked at").From(err)
	}
	return true, nil
}

func (d *directory) Open(ctx context.Context, name string) (core.Adapter, error) {
	exists, err := d.exists(name)
	if err != nil {
		return nil, err
	}
	if !exists {
		return nil, core.ErrNoDatabase
	}
	return d.open(ctx, d.file(name))
}

func (d *directory) Create(ctx context.Context, name string) (core.Adapter, error) {
	exists, err := d.exists(name)
	if err != nil {
		return nil, err
	}
	if exists {
		return nil, core.ErrExists
	}
	return d.open(ctx, d.file(name))
}

// Delete removes the file without opening it, so that a damaged database can be deleted too.
func (d *directory) Delete(_ context.Context, name string) error {
	err := os.Remove(d.file(name))
	if errors.Is(err, fs.ErrNotExist) {
		return core.ErrNoDatabase
	}
	if err != nil {
		return core.ErrStorage.Because("the database file cannot be removed").From(err)
	}
	return nil
}

// validateName returns CouchDB's error for a name that no database may have.
func validateName(name string) error {
	valid := name != "" && name[0] >= 'a' && name[0] <= 'z'
	for _, c := range []byte(name) {
		valid = valid && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("_$()+-/", c) >= 0)
	}
	if !valid {
		return core.NewError(400, "illegal_database_name", "Name: '"+name+"'. Only lowercase characters (a-z), digits (0-9), and any of the characters _, $, (, ), +, -, and / are allowed. Must begin with a letter.")
	}
	for segment := range strings.SplitSeq(name, "/") {
		if len(segment) > maxNameLength {
			return core.NewError(400, "database_name_too_long", "At least one path segment of `"+name+"` is too long.")
		}
	}
	// The file's name holds the whole of it, escaped.
	if len(escapeSegment(name)) > maxNameLength {
		return core.NewError(400, "database_name_too_long", "`"+name+"` is too long.")
	}
	return nil
}

// maxNameLength is CouchDB's: 255, the longest file name, without what it adds itself.
const maxNameLength = 238
