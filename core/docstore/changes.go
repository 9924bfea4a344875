package docstore

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/internal/order"
)

// Changes reads the feed. While it waits for a first change, it holds nothing open: it is woken by the store.
//
// As in CouchDB, Pending counts without regard to filters. SeqInterval changes nothing: sequences cost nothing here.
func (db *DB) Changes(ctx context.Context, options core.ChangesOptions, each func(*core.Change) error) (core.ChangesSummary, error) {
	f := feed{db: db, options: options, each: each}
	if err := options.CheckFilter(); err != nil {
		return core.ChangesSummary{}, err
	}
	var err error
	if f.judges, err = db.judges(ctx, options.Filter); err != nil {
		return core.ChangesSummary{}, err
	}
	defer f.judges.close()
	if options.Since == core.Now {
		f.now = true
	} else {
		since, err := parseSeq(options.Since)
		if err != nil {
			return core.ChangesSummary{}, err
		}
		f.since = since
	}
	waits := options.Wait > 0 && options.Limit >= 0 && !options.Descending
	var timeout <-chan time.Time
	if waits {
		timer := time.NewTimer(options.Wait)
		defer timer.Stop()
		timeout = timer.C
	}
	for {
		changed := db.store.Changed()
		var summary core.ChangesSummary
		err := db.viewUnlessGiven(ctx, true, &f.given, func(s kv.Snapshot) (err error) {
			summary, err = f.read(ctx, s)
			return err
		})
		if err == errBehind {
			if err := db.store.Refresh(ctx); err != nil {
				return core.ChangesSummary{}, err
			}
			f.refreshed = true
			continue
		}
		if err != nil || !waits || f.given || options.Purges != "" && summary.Purges != options.Purges {
			return summary, err
		}
		select {
		case <-changed:
		case <-timeout:
			return summary, nil
		case <-ctx.Done():
			return summary, ctx.Err()
		}
	}
}

// errBehind: the reader knows a sequence that is newer than this view of the store. Another tab may have told it.
var errBehind = errors.New("the view is older than the sequence")

// feed is one reading of the changes, which may take several attempts until there is one.
type feed struct {
	db      *DB
	options core.ChangesOptions
	each    func(*core.Change) error
	now     bool   // begin after the newest change; the first attempt finds out where that is
	since   uint64 // begin after this one
	origin  uint64 // where the first attempt began
	begun   bool
	rows    int
	given   bool // rows were handed out
	judges  judges
	// refreshed says that the store was asked for what others have written.
	refreshed bool

	// Of the current attempt:
	ctx      context.Context
	snapshot kv.Snapshot
	window   window
	changes  []*core.Change
	memory   slab[shown]
	bodies   bodyReader
	chunk    int
	last     uint64 // sequence of the last row, or of the last that the filter left out
	left     uint64 // documents that the filter left out
	stopped  bool   // the limit was reached, and there was more
}

func (f *feed) read(ctx context.Context, s kv.Snapshot) (core.ChangesSummary, error) {
	m, err := readMeta(ctx, s)
	if err != nil {
		return core.ChangesSummary{}, err
	}
	if f.since > m.updateSeq && !f.refreshed {
		return core.ChangesSummary{}, errBehind
	}
	if f.now || f.since > m.updateSeq {
		f.now, f.since = false, m.updateSeq
	}
	if !f.begun {
		f.begun, f.origin = true, f.since
	}
	f.ctx, f.snapshot = ctx, s
	f.bodies.forget()
	f.bodies.contents.wanted, f.bodies.passing = f.options.Attachments, f.options.Passing
	f.window = newWindow(0, f.options.Limit)
	f.chunk = firstChunk
	f.last, f.left = f.since, 0
	if f.options.Descending && f.options.Limit >= 0 {
		f.last = m.updateSeq
	}

	exhausted := true
	switch {
	case f.fromNowDown():
	case f.options.DocIDs != nil:
		exhausted, err = f.documents()
	case f.options.Filter.DesignDocs:
		exhausted, err = f.designDocs()
	default:
		exhausted, err = f.scan()
	}
	if err != nil {
		return core.ChangesSummary{}, err
	}
	pending, err := f.pending(m, exhausted)
	if err != nil {
		return core.ChangesSummary{}, err
	}
	if exhausted && !f.options.Descending {
		f.last, f.since = m.updateSeq, m.updateSeq // where to go on, be it in a next attempt
	}
	return core.ChangesSummary{LastSeq: formatSeq(f.last), Pending: pending, Purges: formatSeq(m.purgeSeq)}, nil
}

// fromNowDown reports whether nothing is asked for: the feed begins after the newest change, and goes down.
func (f *feed) fromNowDown() bool { return f.options.Descending && f.options.Since == core.Now }

// shown is a row with its document: one piece of memory.
type shown struct {
	change core.Change
	rev    [1]core.Rev
	doc    core.Document
}

// entry is a document that the feed has to show.
type entry struct {
	seq    uint64
	docID  string
	record []byte
}

// scan reads the feed from since on. It reports whether it came to the end.
func (f *feed) scan() (exhausted bool, err error) {
	r := prefixRange(sequencePrefix)
	if f.options.Descending {
		r.Reverse = true
	} else {
		r.From = numberKey(sequencePrefix, f.since+1)
	}
	var entries []entry
	for found, err := range f.snapshot.Scan(f.ctx, r) {
		if err != nil {
			return false, err
		}
		if f.stopped || f.window.full() {
			return false, f.show(entries)
		}
		if f.judges == nil {
			f.window.next()
		}
		seq, ok := keyNumber(found.Key)
		if !ok {
			return false, core.ErrCorrupt.Because("a sequence cannot be read")
		}
		entries = append(entries, entry{seq: seq, docID: string(found.Value)})
		if len(entries) == f.chunk {
			if err := f.show(entries); err != nil {
				return false, err
			}
			entries = entries[:0]
		}
	}
	err = f.show(entries)
	return !f.stopped, err
}

// documents reads the feed of some documents only. It reports whether all of them were shown.
func (f *feed) documents() (exhausted bool, err error) {
	docIDs := slices.Clone(f.options.DocIDs)
	order.Values(docIDs)
	docIDs = slices.Compact(docIDs)
	values, err := f.values(docIDs)
	if err != nil {
		return false, err
	}
	var entries []entry
	for i, value := range values {
		if value == nil {
			continue
		}
		if entries, err = f.enter(entries, docIDs[i], value); err != nil {
			return false, err
		}
	}
	return f.inOrder(entries)
}

// designDocs reads the feed of the design documents only. It reports whether all of them were shown.
func (f *feed) designDocs() (exhausted bool, err error) {
	after := core.DesignPrefix[:len(core.DesignPrefix)-1] + "0" // the character after the slash
	r := kv.Range{From: idKey(documentPrefix, core.DesignPrefix), To: idKey(documentPrefix, after)}
	var entries []entry
	for found, err := range f.snapshot.Scan(f.ctx, r) {
		if err != nil {
			return false, err
		}
		if entries, err = f.enter(entries, string(found.Key[1:]), bytes.Clone(found.Value)); err != nil {
			return false, err
		}
	}
	return f.inOrder(entries)
}

// enter adds a document, if it changed since.
func (f *feed) enter(entries []entry, docID string, record []byte) ([]entry, error) {
	seq, _, ok := decodeHead(record)
	if !ok {
		return nil, core.ErrCorrupt.Because("the document's record cannot be read").Of(docID)
	}
	if seq > f.since || f.options.Descending {
		entries = append(entries, entry{seq, docID, record})
	}
	return entries, nil
}

// inOrder shows entries in the order of the feed. It reports whether all of them were shown.
func (f *feed) inOrder(entries []entry) (exhausted bool, err error) {
	order.Func(entries, func(a, b entry) int {
		if (a.seq < b.seq) != f.options.Descending {
			return -1
		}
		return 1
	})
	shown := len(entries)
	if f.judges == nil {
		for shown = 0; shown < len(entries) && !f.window.full(); shown++ {
			f.window.next()
		}
	}
	exhausted = shown == len(entries)
	for entries = entries[:shown]; len(entries) > 0 && !f.stopped; {
		part := entries[:min(len(entries), f.chunk)]
		entries = entries[len(part):]
		if err := f.show(part); err != nil {
			return false, err
		}
	}
	return exhausted && !f.stopped, nil
}

func (f *feed) values(docIDs []string) ([][]byte, error) {
	return f.snapshot.GetMany(f.ctx, idKeys(documentPrefix, docIDs))
}

// show makes rows of entries and hands them out.
func (f *feed) show(entries []entry) error {
	if len(entries) == 0 {
		return nil
	}
	if entries[0].record == nil {
		docIDs := make([]string, len(entries))
		for i := range entries {
			docIDs[i] = entries[i].docID
		}
		values, err := f.values(docIDs)
		if err != nil {
			return err
		}
		for i := range entries {
			entries[i].record = values[i]
		}
	}
	if f.judges != nil {
		return f.sift(entries)
	}
	f.changes = f.changes[:0]
	if f.options.Passing {
		f.memory.reuse()
	}
	for i := range entries {
		change, err := f.change(&entries[i], f.memory.next(len(entries)-i))
		if err != nil {
			return err
		}
		f.changes = append(f.changes, change)
	}
	size, err := f.bodies.read(f.ctx, f.snapshot)
	if err != nil {
		return err
	}
	f.chunk = nextChunk(len(entries), size)
	for i, change := range f.changes {
		if err := f.hand(entries[i].seq, change); err != nil {
			return err
		}
	}
	return nil
}

func (f *feed) hand(seq uint64, change *core.Change) error {
	f.given = true
	f.rows++
	f.last = seq
	return f.each(change)
}

func (f *feed) change(e *entry, made *shown) (*core.Change, error) {
	winner, leaves, err := decodeWinner(e.docID, e.record)
	if err != nil {
		return nil, err
	}
	change := &made.change
	*change = core.Change{Seq: formatSeq(e.seq), ID: e.docID, Deleted: winner.Deleted}
	if f.options.IncludeDocs {
		made.doc = core.Document{ID: e.docID, Rev: winner.Rev, Deleted: winner.Deleted}
		change.Doc = &made.doc
		f.bodies.want(change.Doc, winner.Body)
	}
	if leaves == 1 || !f.options.AllLeaves && (change.Doc == nil || !f.options.Conflicts) {
		made.rev[0] = winner.Rev
		change.Revs = made.rev[:1:1]
		return change, nil
	}
	rec, err := decodeRecord(e.docID, e.record)
	if err != nil {
		return nil, err
	}
	for i, leaf := range rec.tree.Leaves() {
		if i == 0 || f.options.AllLeaves {
			change.Revs = append(change.Revs, leaf.Rev)
		}
	}
	if change.Doc != nil && f.options.Conflicts {
		change.Doc.Conflicts = rec.tree.Conflicts()
	}
	return change, nil
}
