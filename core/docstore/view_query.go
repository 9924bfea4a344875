package docstore

import (
	"context"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/mapreduce"
	"github.com/gouchdb/gouchdb/core/viewindex"
)

// query answers a query of a view.
func (db *DB) query(ctx context.Context, g *viewGroup, place viewPlace, options core.ViewOptions, each func(*core.ViewRow) error) (core.ViewSummary, error) {
	var summary core.ViewSummary
	query, err := mapreduce.Check(&options, place.slot >= 0)
	if err != nil {
		return summary, err
	}
	if options.Update == core.UpdateBefore {
		if err := db.updateView(ctx, g); err != nil {
			return summary, err
		}
	}
	var script core.ReduceScript
	if reduce := g.reduceOf(place); query.Reduce && !mapreduce.IsBuiltin(reduce) {
		// A function may take its time.
		if err = kv.MayWait(ctx); err != nil {
			return summary, err
		}
		if script, err = db.reducer(ctx, g, reduce); err != nil {
			return summary, err
		}
	}
	q := viewQuery{
		viewMemory: memoryOfViews.Get().(*viewMemory),
		db:         db, options: &options, query: query, place: place, script: script, each: each, summary: &summary,
	}
	defer q.release()
	err = db.viewUnlessGiven(ctx, false, &q.given, func(s kv.Snapshot) error {
		err := q.run(ctx, s, g)
		if err != nil { // perhaps it runs again
			q.forget()
			summary, q.reduction = core.ViewSummary{}, nil
		}
		return err
	})
	if err == nil && q.reduction != nil && q.reduction.Learned() {
		// It is worked out again when it cannot be kept.
		_ = db.store.Update(ctx, func(tx kv.Tx) error { return q.reduction.Keep(ctx, tx) })
	}
	if err == nil && options.Update == core.UpdateAfter && kv.MayWait(ctx) == nil {
		db.views.inBackground(func(ctx context.Context) { _ = db.updateView(ctx, g) })
	}
	return summary, err
}

// viewQuery is one query on its way.
type viewQuery struct {
	*viewMemory
	db        *DB
	options   *core.ViewOptions
	query     *mapreduce.Query
	place     viewPlace
	script    core.ReduceScript
	each      func(*core.ViewRow) error
	summary   *core.ViewSummary
	reduction *viewindex.Reduction
	given     bool // rows were handed out

	ctx      context.Context
	snapshot kv.Snapshot
	window   window
	chunk    int
}

func (q *viewQuery) run(ctx context.Context, s kv.Snapshot, g *viewGroup) error {
	record, err := readViewRecord(ctx, s, g.signature)
	if err != nil {
		return err
	}
	if q.options.UpdateSeq {
		q.summary.UpdateSeq = formatSeq(record.state.Seq)
	}
	q.summary.Reduced = q.query.Reduce
	if record.number == 0 {
		return nil
	}
	reader, err := g.index(record.number).NewReader(ctx, s, q.place.m)
	if err != nil {
		return err
	}
	if q.query.Reduce {
		if q.reduction, err = reader.NewReduction(q.place.slot, q.script); err != nil {
			return err
		}
		return q.reduction.Run(ctx, q.query, func(group viewindex.Group) error {
			q.given = true
			return q.each(&core.ViewRow{Key: group.Key, Value: group.Value})
		})
	}
	if q.place.m < len(record.state.Counts) {
		q.summary.TotalRows = record.state.Counts[q.place.m]
	}
	q.ctx, q.snapshot, q.chunk = ctx, s, firstChunk
	q.bodies.contents.wanted, q.bodies.passing = q.options.Attachments, q.options.Passing
	q.window = newWindow(q.query.Skip, q.query.Limit)
	return q.mapped(reader)
}

// mapped shows rows as they were emitted.
func (q *viewQuery) mapped(reader *viewindex.Reader) error {
	shown := false
	for i, within := range q.query.Ranges {
		skipped := q.window.skipped
		some, err := q.rangeOf(reader, within)
		if err != nil {
			return err
		}
		if !shown && (some || i == 0) {
			before, err := q.before(reader, within)
			if err != nil {
				return err
			}
			q.summary.Offset = before + int64(q.window.skipped-skipped)
		}
		shown = shown || some
		if q.window.full() {
			break
		}
	}
	return q.flush()
}

// before counts the rows before a range, in reading order.
func (q *viewQuery) before(reader *viewindex.Reader, within mapreduce.Range) (int64, error) {
	if q.query.Descending {
		if within.To == nil {
			return 0, nil
		}
		within = mapreduce.Range{From: within.To}
	} else {
		if len(within.From) == 0 {
			return 0, nil
		}
		within = mapreduce.Range{To: within.From}
	}
	rows, err := reader.Count(q.ctx, within)
	return int64(rows), err
}

// worthSkipping is from how many rows on that are left out it is quicker to look at nodes.
const worthSkipping = 4 * mapreduce.Fanout

// rangeOf shows the rows of one range, and reports whether there were any to show.
func (q *viewQuery) rangeOf(reader *viewindex.Reader, within mapreduce.Range) (shown bool, err error) {
	if ahead := q.window.skip - q.window.skipped; ahead >= worthSkipping {
		left, skipped, err := reader.Skip(q.ctx, within, uint64(ahead), q.query.Descending)
		if err != nil {
			return false, err
		}
		within = left
		q.window.skipped += int(skipped)
	}
	for row, err := range reader.Rows(q.ctx, within, q.query.Descending) {
		if err != nil {
			return shown, err
		}
		if q.window.full() {
			return shown, nil
		}
		if !q.window.next() {
			continue
		}
		shown = true
		if err := q.add(&row); err != nil {
			return shown, err
		}
		if !q.options.IncludeDocs || len(q.rows) >= q.chunk {
			if err := q.flush(); err != nil {
				return shown, err
			}
		}
	}
	return shown, nil
}

// add makes a row of one that the index has.
func (q *viewQuery) add(row *viewindex.Row) (err error) {
	made := q.memory.next(min(q.chunk, len(q.rows)+firstChunk))
	made.row = core.ViewRow{ID: row.DocID, Value: row.Value}
	q.rows = append(q.rows, made)
	if q.options.Passing {
		start := len(q.keys)
		q.keys, err = row.AppendKey(q.keys)
		made.row.Key = q.keys[start:len(q.keys):len(q.keys)]
		return err
	}
	// The snapshot's memory ends with it.
	made.row.Value = append([]byte(nil), row.Value...)
	made.row.Key, err = row.AppendKey(nil)
	return err
}
