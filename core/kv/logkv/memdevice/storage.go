// Package memdevice is a logkv.Device in memory, for tests: several devices on one storage behave like several tabs with the same database, a crash can be had
// at will, and what is stored can be tampered with.
package memdevice

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"sync"

	"github.com/gouchdb/gouchdb/core/kv/logkv"
)

// Storage is what outlives its devices.
type Storage struct {
	mutex     sync.Mutex
	records   []logkv.Record // ascending
	durable   uint64         // the newest record that a crash leaves
	snapshots []snapshot     // the newest first, two at most
	devices   map[*Device]bool
}

type snapshot struct {
	covers uint64
	chunks [][]byte
}

// New returns an empty storage.
func New() *Storage { return &Storage{devices: map[*Device]bool{}} }

// Open returns another device on the storage. intercept, if there is one, is called in the place of each of its operations, to do it, or not; see fault.Injector.Do.
func (s *Storage) Open(intercept func(ctx context.Context, operation func() error) error) *Device {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if intercept == nil {
		intercept = func(_ context.Context, operation func() error) error { return operation() }
	}
	d := &Device{storage: s, intercept: intercept}
	s.devices[d] = true
	return d
}

// Crash closes all devices and loses what was appended but was not durable.
func (s *Storage) Crash() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	clear(s.devices)
	s.records = slices.DeleteFunc(s.records, func(r logkv.Record) bool { return r.Number > s.durable })
}

// Numbers returns the numbers of the records that are there.
func (s *Storage) Numbers() []uint64 {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	var numbers []uint64
	for _, r := range s.records {
		numbers = append(numbers, r.Number)
	}
	return numbers
}

// Bytes returns how much the records and snapshots occupy.
func (s *Storage) Bytes() int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	size := 0
	for _, r := range s.records {
		size += len(r.Data)
	}
	for _, snapshot := range s.snapshots {
		for _, chunk := range snapshot.chunks {
			size += len(chunk)
		}
	}
	return size
}

// Snapshots returns what the snapshots cover, the newest first.
func (s *Storage) Snapshots() []uint64 {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	var covers []uint64
	for _, s := range s.snapshots {
		covers = append(covers, s.covers)
	}
	return covers
}

// TamperRecord replaces the bytes of a record, as a failing disk might; nil removes it.
func (s *Storage) TamperRecord(number uint64, change func([]byte) []byte) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	i, found := s.find(number)
	if !found {
		return
	}
	if data := change(bytes.Clone(s.records[i].Data)); data != nil {
		s.records[i].Data = data
	} else {
		s.records = slices.Delete(s.records, i, i+1)
	}
}

// TamperSnapshot replaces the chunks of a snapshot.
func (s *Storage) TamperSnapshot(covers uint64, change func([][]byte) [][]byte) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for i := range s.snapshots {
		if s.snapshots[i].covers == covers {
			s.snapshots[i].chunks = change(cloneAll(s.snapshots[i].chunks))
		}
	}
}

// Clone returns a storage of its own with the same content.
func (s *Storage) Clone() *Storage {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return &Storage{records: slices.Clone(s.records), durable: s.durable, snapshots: slices.Clone(s.snapshots), devices: map[*Device]bool{}}
}

func (s *Storage) find(number uint64) (int, bool) {
	return slices.BinarySearchFunc(s.records, number, func(r logkv.Record, n uint64) int { return cmp.Compare(r.Number, n) })
}

func (s *Storage) head() uint64 {
	if len(s.records) == 0 {
		return 0
	}
	return s.records[len(s.records)-1].Number
}

func cloneAll(chunks [][]byte) [][]byte {
	cloned := make([][]byte, len(chunks))
	for i, chunk := range chunks {
		cloned[i] = bytes.Clone(chunk)
	}
	return cloned
}
