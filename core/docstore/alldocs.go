package docstore

import (
	"context"
	"slices"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/revtree"
)

// AllDocs lists documents in the order of their ids.
func (db *DB) AllDocs(ctx context.Context, options core.AllDocsOptions, each func(*core.AllDocsRow) error) (core.AllDocsSummary, error) {
	var summary core.AllDocsSummary
	given := false
	err := db.viewUnlessGiven(ctx, options.UpdateSeq, &given, func(s kv.Snapshot) error {
		m, err := readMeta(ctx, s)
		if err != nil {
			return err
		}
		summary.TotalRows = m.docCount
		if options.UpdateSeq {
			summary.UpdateSeq = formatSeq(m.updateSeq)
		}
		l := listing{ctx: ctx, snapshot: s, options: options, each: each, given: &given, window: newWindow(options.Skip, options.Limit), chunk: firstChunk}
		l.bodies.contents.wanted, l.bodies.passing = options.Attachments, options.Passing
		if options.Keys != nil {
			summary.Offset = -1
			return l.keys()
		}
		if options.NoOffset {
			summary.Offset = -1
			return l.scan()
		}
		if summary.Offset, err = l.before(); err != nil {
			return err
		}
		err = l.scan()
		summary.Offset += int64(l.window.skipped)
		return err
	})
	return summary, err
}

// listing is one AllDocs on its way. Rows wait until there is a chunk of them, so that bodies are read together.
type listing struct {
	ctx      context.Context
	snapshot kv.Snapshot
	options  core.AllDocsOptions
	each     func(*core.AllDocsRow) error
	given    *bool // rows were handed out
	window   window
	rows     []*core.AllDocsRow
	memory   slab[listed]
	bodies   bodyReader
	chunk    int
}

// listed is a row with its document: one piece of memory.
type listed struct {
	row core.AllDocsRow
	doc core.Document
}

// before counts the living documents before the first of the range, in reading order.
func (l *listing) before() (int64, error) {
	r := prefixRange(documentPrefix)
	start := l.options.StartKey
	switch {
	case start == nil:
		return 0, nil
	case l.options.Descending:
		r.From = append(idKey(documentPrefix, *start), 0) // the least key after it
	default:
		r.To = idKey(documentPrefix, *start)
	}
	count := int64(0)
	for entry, err := range l.snapshot.Scan(l.ctx, r) {
		if err != nil {
			return 0, err
		}
		if !recordDeleted(entry.Value) {
			count++
		}
	}
	return count, nil
}

func (l *listing) scan() error {
	for entry, err := range l.snapshot.Scan(l.ctx, idRange(documentPrefix, l.options)) {
		if err != nil {
			return err
		}
		if recordDeleted(entry.Value) {
			continue
		}
		if l.window.full() {
			break
		}
		if !l.window.next() {
			continue
		}
		if err := l.add(string(entry.Key[1:]), entry.Value); err != nil {
			return err
		}
	}
	return l.flush()
}

func (l *listing) keys() error {
	docIDs := keysInOrder(l.options)
	for len(docIDs) > 0 {
		part := docIDs[:min(len(docIDs), maxChunk)]
		docIDs = docIDs[len(part):]
		values, err := l.snapshot.GetMany(l.ctx, idKeys(documentPrefix, part))
		if err != nil {
			return err
		}
		for i, docID := range part {
			if l.window.full() {
				return l.flush()
			}
			if !l.window.next() {
				continue
			}
			if err := l.add(docID, values[i]); err != nil {
				return err
			}
		}
	}
	return l.flush()
}

// add makes a row of a document's record, nil when there is none.
func (l *listing) add(docID string, value []byte) error {
	made := l.memory.next(min(l.chunk, len(l.rows)+firstChunk))
	made.row = core.AllDocsRow{Key: docID, Missing: value == nil}
	l.rows = append(l.rows, &made.row)
	if value != nil {
		if err := l.fill(made, value); err != nil {
			return err
		}
	}
	if !l.options.IncludeDocs || len(l.rows) >= l.chunk {
		return l.flush()
	}
	return nil
}

func (l *listing) fill(made *listed, value []byte) error {
	row := &made.row
	winner, leaves, err := decodeWinner(row.Key, value)
	if err != nil {
		return err
	}
	row.Rev, row.Deleted = winner.Rev, winner.Deleted
	if !l.options.IncludeDocs || winner.Deleted {
		return nil
	}
	made.doc = core.Document{ID: row.Key, Rev: winner.Rev}
	row.Doc = &made.doc
	l.bodies.want(row.Doc, winner.Body)
	if l.options.Conflicts && leaves > 1 {
		rec, err := decodeRecord(row.Key, value)
		if err != nil {
			return err
		}
		row.Doc.Conflicts = rec.tree.Conflicts()
	}
	return nil
}

// flush reads the bodies that the waiting rows want, and hands the rows out.
func (l *listing) flush() error {
	size, err := l.bodies.read(l.ctx, l.snapshot)
	if err != nil {
		return err
	}
	l.chunk = nextChunk(len(l.rows), size)
	for _, row := range l.rows {
		*l.given = true
		if err := l.each(row); err != nil {
			return err
		}
	}
	clear(l.rows)
	l.rows = l.rows[:0]
	if l.options.Passing {
		l.memory.reuse()
	}
	return nil
}

// Bodies are read so many at a time that they take about a megabyte.
const (
	firstChunk = 16
	maxChunk   = 256
	chunkBytes = 1 << 20
)

// nextChunk returns how many rows the next chunk should have, after one of so many rows and bytes.
func nextChunk(rows, size int) int {
	if rows == 0 || size == 0 {
		return maxChunk
	}
	return min(max(chunkBytes/(size/rows+1), 1), maxChunk)
}

// decodeWinner reads of a document's record what a listing shows.
func decodeWinner(docID string, value []byte) (winner revtree.Node, leaves int, err error) {
	_, tree, ok := decodeHead(value)
	if ok {
		winner, leaves, err = revtree.DecodeWinner(tree)
	}
	if !ok || err != nil {
		return winner, leaves, core.ErrCorrupt.Because("the document's record cannot be read").Of(docID).From(err)
	}
	return winner, leaves, nil
}

// idRange turns the keys of a listing, which are in reading order, into a range of the store.
func idRange(prefix byte, options core.AllDocsOptions) kv.Range {
	r := prefixRange(prefix)
	r.Reverse = options.Descending
	low, high := options.StartKey, options.EndKey
	includeLow, includeHigh := true, !options.ExclusiveEnd
	if options.Descending {
		low, high = high, low
		includeLow, includeHigh = !options.ExclusiveEnd, true
	}
	if low != nil {
		r.From = idKey(prefix, *low)
		if !includeLow {
			r.From = append(r.From, 0)
		}
	}
	if high != nil {
		r.To = idKey(prefix, *high)
		if includeHigh {
			r.To = append(r.To, 0)
		}
	}
	return r
}

func keysInOrder(options core.AllDocsOptions) []string {
	if !options.Descending {
		return options.Keys
	}
	keys := slices.Clone(options.Keys)
	slices.Reverse(keys)
	return keys
}

// window lets rows through according to skip and limit.
type window struct {
	skip, left int // left is negative without a limit
	skipped    int
}

func newWindow(skip, limit int) window {
	switch {
	case limit < 0:
		limit = 0 // core.NoRows
	case limit == 0:
		limit = -1
	}
	return window{skip: skip, left: limit}
}

// full reports whether no more rows are wanted, not even to be skipped.
func (w *window) full() bool { return w.skipped >= w.skip && w.left == 0 }

// next reports whether the next row is to be shown.
func (w *window) next() bool {
	switch {
	case w.skipped < w.skip:
		w.skipped++
		return false
	case w.left == 0:
		return false
	case w.left > 0:
		w.left--
	}
	return true
}
