//go:build js && wasm

package indexeddb

import (
	"context"
	"testing"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/adaptertest/scripttest"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
)

// onIndexedDB is a database that several tabs have open.
type onIndexedDB struct {
	name    string
	options logkv.Options
}

func (s onIndexedDB) Open(int) (core.Adapter, error) {
	return Open(context.Background(), s.name, Options{Store: s.options})
}

func (s onIndexedDB) Crash() error { return core.ErrNotImplemented }

func (s onIndexedDB) Close() error { return deleteDatabase(context.Background(), namePrefix+s.name) }

func TestScripts(t *testing.T) {
	small := logkv.Options{
		RecordBytes: 1500, CacheBytes: 4000, SnapshotBytes: 4000, InlineBytes: 100, CompactionRatio: 1.2, Durability: logkv.Relaxed,
	}
	for name, tabs := range map[string]int{"two tabs": 2, "memory first": 1} {
		t.Run(name, func(t *testing.T) {
			options := small
			if tabs == 1 {
				options.Durability = logkv.MemoryFirst
			}
			scripttest.Run(t, scripttest.Harness{
				New:  func() (scripttest.System, error) { return onIndexedDB{freshName(), options}, nil },
				Tabs: tabs, Reopens: true,
			}, 3, 40)
		})
	}
}
