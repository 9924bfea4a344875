// Package faultadapter wraps databases for tests: it records the calls that reach them, and makes chosen ones fail, before or
// after they took effect, as a network does.
package faultadapter

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/gouchdb/gouchdb/core"
)

// Call identifies one call. It does not depend on how the calls of several goroutines happen to interleave.
type Call struct {
	Side   string // the name that its database was wrapped under
	Method string
	N      int // the how manieth call of that method there, from 1
}

// Fault is what goes wrong with a call. The zero Fault lets it pass.
type Fault struct {
	// Before is returned in place of the call.
	Before error
	// Midway is returned by a reading that calls back (changes, all documents) after half of its rows; other calls take it as After.
	Midway error
	// After is returned in place of the answer: the call has taken effect, the answer is lost.
	After error
	// Hang keeps the call from beginning; it returns the error of its context as soon as that ends.
	Hang bool
}

// Script decides about the calls to all databases wrapped with it, and records them. The zero Script lets everything pass.
type Script struct {
	// Decide is asked about each call with its arguments, one call at a time. Nil lets everything pass.
	Decide func(call Call, arguments any) Fault

	mutex  sync.Mutex
	counts map[Call]int
	calls  []Call
}

// FailOnce returns a script that gives one call a fault.
func FailOnce(call Call, fault Fault) *Script {
	return &Script{Decide: func(c Call, _ any) Fault {
		if c == call {
			return fault
		}
		return Fault{}
	}}
}

// Calls lists what was called so far, in order of arrival.
func (s *Script) Calls() []Call {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return slices.Clone(s.calls)
}

// Counts tells how often each method was called: keys have an N of 0.
func (s *Script) Counts() map[Call]int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return maps.Clone(s.counts)
}

func (s *Script) enter(side, method string, arguments any) Fault {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.counts == nil {
		s.counts = make(map[Call]int)
	}
	call := Call{Side: side, Method: method}
	s.counts[call]++
	call.N = s.counts[call]
	s.calls = append(s.calls, call)
	if s.Decide == nil {
		return Fault{}
	}
	return s.Decide(call, arguments)
}

// Wrap returns db under the control of the script.
func (s *Script) Wrap(side string, db core.Adapter) *Adapter {
	return &Adapter{db: db, side: side, script: s}
}

// Adapter is a wrapped database.
type Adapter struct {
	db     core.Adapter
	side   string
	script *Script
}

var _ core.Adapter = (*Adapter)(nil)

// prevent returns why the call does not take place.
func (f Fault) prevent(ctx context.Context) error {
	if f.Hang {
		<-ctx.Done()
		return ctx.Err()
	}
	return f.Before
}

// run applies the fault that the script has for a call.
func run[Answer any](ctx context.Context, a *Adapter, method string, arguments any, call func() (Answer, error)) (Answer, error) {
	var none Answer
	fault := a.script.enter(a.side, method, arguments)
	if err := fault.prevent(ctx); err != nil {
		return none, err
	}
	answer, err := call()
	for _, lost := range []error{fault.Midway, fault.After} {
		if lost != nil {
			return none, lost
		}
	}
	return answer, err
}

func runAlone(ctx context.Context, a *Adapter, method string, arguments any, call func() error) error {
	_, err := run(ctx, a, method, arguments, func() (struct{}, error) { return struct{}{}, call() })
	return err
}

// runRows is run for readings that call back.
func runRows[Row, Summary any](ctx context.Context, a *Adapter, method string, arguments any, each func(Row) error,
	read func(func(Row) error) (Summary, error)) (Summary, error) {
	var none Summary
	fault := a.script.enter(a.side, method, arguments)
	if err := fault.prevent(ctx); err != nil {
		return none, err
	}
	if fault.Midway == nil {
		summary, err := read(each)
		if fault.After != nil {
			return none, fault.After
		}
		return summary, err
	}
	var rows []Row
	if _, err := read(func(row Row) error { rows = append(rows, row); return nil }); err != nil {
		return none, err
	}
	for _, row := range rows[:len(rows)/2] {
		if err := each(row); err != nil {
			return none, err
		}
	}
	return none, fault.Midway
}

// Identity passes or fails as the script says, like all methods.
func (a *Adapter) Identity(ctx context.Context) (string, error) {
	return run(ctx, a, "Identity", nil, func() (string, error) { return a.db.Identity(ctx) })
}

// Info is under the control of the script.
func (a *Adapter) Info(ctx context.Context) (core.Info, error) {
	return run(ctx, a, "Info", nil, func() (core.Info, error) { return a.db.Info(ctx) })
}

// Get is under the control of the script.
func (a *Adapter) Get(ctx context.Context, docID string, options core.GetOptions) (*core.Document, error) {
	return run(ctx, a, "Get", docID, func() (*core.Document, error) { return a.db.Get(ctx, docID, options) })
}

// OpenRevs is under the control of the script.
func (a *Adapter) OpenRevs(ctx context.Context, docID string, options core.OpenRevsOptions) ([]core.OpenRev, error) {
	return run(ctx, a, "OpenRevs", docID, func() ([]core.OpenRev, error) { return a.db.OpenRevs(ctx, docID, options) })
}

// BulkGet is under the control of the script.
func (a *Adapter) BulkGet(ctx context.Context, requests []core.DocRev, options core.BulkGetOptions) ([]core.BulkGetResult, error) {
	return run(ctx, a, "BulkGet", requests, func() ([]core.BulkGetResult, error) { return a.db.BulkGet(ctx, requests, options) })
}

// AllDocs is under the control of the script.
func (a *Adapter) AllDocs(ctx context.Context, options core.AllDocsOptions, each func(*core.AllDocsRow) error) (core.AllDocsSummary, error) {
	return runRows(ctx, a, "AllDocs", options, each, func(each func(*core.AllDocsRow) error) (core.AllDocsSummary, error) {
		return a.db.AllDocs(ctx, options, each)
	})
}

// Changes is under the control of the script.
func (a *Adapter) Changes(ctx context.Context, options core.ChangesOptions, each func(*core.Change) error) (core.ChangesSummary, error) {
	return runRows(ctx, a, "Changes", options, each, func(each func(*core.Change) error) (core.ChangesSummary, error) {
		return a.db.Changes(ctx, options, each)
	})
}

// RevsDiff is under the control of the script.
func (a *Adapter) RevsDiff(ctx context.Context, requests []core.DocRevs) ([]core.RevsDiff, error) {
	return run(ctx, a, "RevsDiff", requests, func() ([]core.RevsDiff, error) { return a.db.RevsDiff(ctx, requests) })
}

// BulkDocs is under the control of the script.
func (a *Adapter) BulkDocs(ctx context.Context, docs []*core.Document, options core.BulkDocsOptions) ([]core.BulkResult, error) {
	return run(ctx, a, "BulkDocs", docs, func() ([]core.BulkResult, error) { return a.db.BulkDocs(ctx, docs, options) })
}

// GetAttachment is under the control of the script.
func (a *Adapter) GetAttachment(ctx context.Context, docID, name string, rev core.Rev) (*core.Attachment, error) {
	return run(ctx, a, "GetAttachment", docID, func() (*core.Attachment, error) { return a.db.GetAttachment(ctx, docID, name, rev) })
}

// PutAttachment is under the control of the script.
func (a *Adapter) PutAttachment(ctx context.Context, docID string, rev core.Rev, attachment core.Attachment) (core.Rev, error) {
	return run(ctx, a, "PutAttachment", docID, func() (core.Rev, error) { return a.db.PutAttachment(ctx, docID, rev, attachment) })
}

// RemoveAttachment is under the control of the script.
func (a *Adapter) RemoveAttachment(ctx context.Context, docID, name string, rev core.Rev) (core.Rev, error) {
	return run(ctx, a, "RemoveAttachment", docID, func() (core.Rev, error) { return a.db.RemoveAttachment(ctx, docID, name, rev) })
}

// RevsLimit is under the control of the script.
func (a *Adapter) RevsLimit(ctx context.Context) (int, error) {
	return run(ctx, a, "RevsLimit", nil, func() (int, error) { return a.db.RevsLimit(ctx) })
}

// SetRevsLimit is under the control of the script.
func (a *Adapter) SetRevsLimit(ctx context.Context, limit int) error {
	return runAlone(ctx, a, "SetRevsLimit", limit, func() error { return a.db.SetRevsLimit(ctx, limit) })
}

// Compact is under the control of the script.
func (a *Adapter) Compact(ctx context.Context) error {
	return runAlone(ctx, a, "Compact", nil, func() error { return a.db.Compact(ctx) })
}

// Purge is under the control of the script.
func (a *Adapter) Purge(ctx context.Context, requests []core.DocRevs) (core.PurgeResult, error) {
	return run(ctx, a, "Purge", requests, func() (core.PurgeResult, error) { return a.db.Purge(ctx, requests) })
}

// Flush is under the control of the script.
func (a *Adapter) Flush(ctx context.Context) error {
	return runAlone(ctx, a, "Flush", nil, func() error { return a.db.Flush(ctx) })
}

// Close is under the control of the script.
func (a *Adapter) Close() error { return runAlone(context.Background(), a, "Close", nil, a.db.Close) }

// Destroy is under the control of the script.
func (a *Adapter) Destroy(ctx context.Context) error {
	return runAlone(ctx, a, "Destroy", nil, func() error { return a.db.Destroy(ctx) })
}
