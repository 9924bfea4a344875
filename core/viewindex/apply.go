package viewindex

import (
	"bytes"
	"context"

	"github.com/gouchdb/gouchdb/core/internal/arena"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/mapreduce"
)

// Change is what the map functions make of a document now.
type Change struct {
	DocID string
	// Rows are, for each map function, the rows in order; nil for a document that has none any more.
	Rows [][]mapreduce.Entry
}

// Apply puts what documents emit now in the place of what they emitted before. No document may be among the changes twice.
func (x *Index) Apply(ctx context.Context, tx kv.Tx, changes []Change, state *State) error {
	if len(state.Counts) < len(x.Reduces) {
		state.Counts = append(state.Counts, make([]uint64, len(x.Reduces)-len(state.Counts))...)
	}
	state.Version++
	writing := Index{Prefix: x.Prefix, Reduces: x.Reduces, memory: &arena.Arena{}}
	a := application{x: &writing, ctx: ctx, tx: tx, state: state}
	if state.Nodes {
		a.touched = make([][]touch, len(x.Reduces))
	}
	keys := make([][]byte, len(changes))
	for i := range changes {
		keys[i] = a.x.documentKey(changes[i].DocID)
	}
	records, err := tx.GetMany(ctx, keys)
	if err != nil {
		return err
	}
	for i := range changes {
		if err := a.change(&changes[i], keys[i], records[i]); err != nil {
			return err
		}
	}
	for m, touched := range a.touched {
		if err := a.updateNodes(m, touched); err != nil {
			return err
		}
	}
	return nil
}

// application is one Apply on its way.
type application struct {
	x       *Index
	ctx     context.Context
	tx      kv.Tx
	state   *State
	touched [][]touch // by map function; nil when there are no nodes to keep

	// What the document at hand has now.
	after  []place
	values [][]byte
	record []byte
}

// touch is a row that was changed, or a node, on the way up.
type touch struct {
	row []byte
	// appeared or vanished: else only what belongs to it has changed.
	appeared, vanished bool
}

func (a *application) touch(p place, t touch) {
	if a.touched != nil {
		t.row = p.row
		a.touched[p.m] = append(a.touched[p.m], t)
	}
}

// change replaces a document's rows. Those that stay as they are are not written.
func (a *application) change(change *Change, key, record []byte) error {
	before, err := readPlaces(change.DocID, record, len(a.x.Reduces))
	if err != nil {
		return err
	}
	after, values := a.after[:0], a.values[:0]
	for m, rows := range change.Rows {
		for _, row := range rows {
			after = append(after, place{m, row.Key})
			values = append(values, row.Value)
		}
	}
	a.after, a.values = after, values
	stays := 0
	kept, err := a.keptValues(before, after)
	if err != nil {
		return err
	}
	i, j := 0, 0
	for i < len(before) || j < len(after) {
		order := 0
		switch {
		case i == len(before):
			order = 1
		case j == len(after):
			order = -1
		default:
			order = before[i].compare(after[j])
		}
		switch {
		case order < 0:
			a.tx.Delete(a.x.rowKey(before[i].m, before[i].row))
			a.touch(before[i], touch{vanished: true})
			a.state.Counts[before[i].m]--
			i++
		case order > 0:
			a.tx.Put(a.x.rowKey(after[j].m, after[j].row), values[j])
			a.touch(after[j], touch{appeared: true})
			a.state.Counts[after[j].m]++
			j++
		default:
			if !bytes.Equal(kept[stays], values[j]) {
				a.tx.Put(a.x.rowKey(after[j].m, after[j].row), values[j])
				a.touch(after[j], touch{})
			}
			stays++
			i++
			j++
		}
	}
	switch {
	case len(after) == 0 && len(before) > 0:
		a.tx.Delete(key)
	case len(after) > 0 && (stays < len(before) || stays < len(after)):
		a.record = appendPlaces(a.record[:0], after)
		a.tx.Put(key, a.x.memory.Clone(a.record))
	}
	return nil
}

// keptValues reads the values of the rows that are there before and after.
func (a *application) keptValues(before, after []place) ([][]byte, error) {
	var keys [][]byte
	i := 0
	for _, p := range after {
		for i < len(before) && before[i].compare(p) < 0 {
			i++
		}
		if i < len(before) && before[i].compare(p) == 0 {
			keys = append(keys, a.x.rowKey(p.m, p.row))
		}
	}
	if keys == nil {
		return nil, nil
	}
	return a.tx.GetMany(a.ctx, keys)
}
