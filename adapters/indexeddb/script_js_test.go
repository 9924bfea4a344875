//go:build js && wasm

package indexeddb

import (
	"context"
	"errors"
	"testing"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/adaptertest/scripttest"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
)

// onIndexedDB is a database that several tabs have open.
type onIndexedDB struct {
	name    string
	options logkv.Options
	devices map[int]*Device
}

func (s *onIndexedDB) Open(tab int) (core.Adapter, error) {
	ctx := context.Background()
	device, err := OpenDevice(ctx, s.name)
	if err != nil {
		return nil, err
	}
	store, err := logkv.Open(ctx, device, s.options)
	if err != nil {
		return nil, errors.Join(err, device.Close())
	}
	s.devices[tab] = device
	return docstore.Open(ctx, store, docstore.Options{Name: s.name})
}

// Crash takes the connections away from under the stores, which write nothing more. A transaction that was under way may still come through, as in a browser.
func (s *onIndexedDB) Crash() error {
	var failures []error
	for _, device := range s.devices {
		failures = append(failures, device.Close())
	}
	clear(s.devices)
	return errors.Join(failures...)
}

func (s *onIndexedDB) Close() error {
	return errors.Join(s.Crash(), deleteDatabase(context.Background(), namePrefix+s.name))
}

func TestScripts(t *testing.T) {
	for _, c := range []struct {
		name       string
		tabs       int
		durability logkv.Durability
	}{{"two tabs", 2, logkv.Relaxed}, {"memory first", 1, logkv.MemoryFirst}} {
		t.Run(c.name, func(t *testing.T) {
			options := logkv.Options{
				RecordBytes: 1500, CacheBytes: 4000, SnapshotBytes: 4000, InlineBytes: 100, CompactionRatio: 1.2, Durability: c.durability,
			}
			scripttest.Run(t, scripttest.Harness{
				New:  func() (scripttest.System, error) { return &onIndexedDB{freshName(), options, map[int]*Device{}}, nil },
				Tabs: c.tabs, Reopens: true, Crashes: true, Forgetful: c.durability == logkv.MemoryFirst,
			}, 3, 40)
		})
	}
}
