package scripttest_test

import (
	"context"
	"errors"
	"testing"

	"github.com/gouchdb/gouchdb/adapters/memory"
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/adaptertest/scripttest"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/core/kv/logkv/memdevice"
)

type inMemory struct{}

func (inMemory) Open(int) (core.Adapter, error) { return memory.Open(context.Background(), "script") }
func (inMemory) Crash() error                   { return errors.ErrUnsupported }
func (inMemory) Close() error                   { return nil }

func TestMemory(t *testing.T) {
	t.Parallel()
	scripttest.Run(t, scripttest.Harness{New: func() (scripttest.System, error) { return inMemory{}, nil }}, 60, 60)
}

// onDevice is a log in a device in memory, with tabs.
type onDevice struct {
	storage *memdevice.Storage
	options logkv.Options
}

func (s *onDevice) Open(int) (core.Adapter, error) {
	store, err := logkv.Open(context.Background(), s.storage.Open(nil), s.options)
	if err != nil {
		return nil, err
	}
	return docstore.Open(context.Background(), store, docstore.Options{})
}

func (s *onDevice) Crash() error {
	s.storage.Crash()
	return nil
}

func (s *onDevice) Close() error { return nil }

func TestLog(t *testing.T) {
	t.Parallel()
	small := logkv.Options{RecordBytes: 1500, CacheBytes: 4000, SnapshotBytes: 4000, InlineBytes: 100, CompactionRatio: 1.2}
	relaxed, memoryFirst := small, small
	relaxed.Durability, memoryFirst.Durability = logkv.Relaxed, logkv.MemoryFirst
	for name, h := range map[string]struct {
		options   logkv.Options
		tabs      int
		forgetful bool
	}{
		"strict":       {logkv.Options{}, 3, false},
		"small":        {small, 3, false},
		"relaxed":      {relaxed, 1, true}, // another tab may show for a moment what a crash undoes; in one tab it is clear what has been
		"memory first": {memoryFirst, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scripttest.Run(t, scripttest.Harness{
				New:  func() (scripttest.System, error) { return &onDevice{memdevice.New(), h.options}, nil },
				Tabs: h.tabs, Reopens: true, Crashes: true, Forgetful: h.forgetful,
			}, 25, 60)
		})
	}
}
