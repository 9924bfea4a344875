package file_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/gouchdb/gouchdb/adapters/file"
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/adaptertest/scripttest"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
)

// onDisk is a database in a file. A crash leaves a copy of the file as it is at that moment, with which it goes on.
type onDisk struct {
	directory string
	copies    int
	abandoned []core.Adapter
	open      core.Adapter
}

func (s *onDisk) path() string { return filepath.Join(s.directory, strconv.Itoa(s.copies)) }

func (s *onDisk) Open(int) (core.Adapter, error) {
	db, err := file.Open(context.Background(), s.path(), file.Options{
		Store: logkv.Options{RecordBytes: 1500, CacheBytes: 4000, SnapshotBytes: 4000, InlineBytes: 100, CompactionRatio: 1.2},
	})
	s.open = db
	return db, err
}

func (s *onDisk) Crash() error {
	s.abandoned = append(s.abandoned, s.open)
	content, err := os.ReadFile(s.path())
	if err != nil {
		return err
	}
	s.copies++
	return os.WriteFile(s.path(), content, 0o600)
}

func (s *onDisk) Close() error {
	var err error
	for _, db := range s.abandoned {
		err = errors.Join(err, db.Close())
	}
	return errors.Join(err, os.RemoveAll(s.directory))
}

func TestScripts(t *testing.T) {
	t.Parallel()
	scripttest.Run(t, scripttest.Harness{
		New: func() (scripttest.System, error) {
			directory, err := os.MkdirTemp(t.TempDir(), "")
			return &onDisk{directory: directory}, err
		},
		Reopens: true, Crashes: true,
	}, 15, 60)
}
