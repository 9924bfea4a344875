package viewindex

import (
	"context"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// A reduce function in JavaScript is called in batches: each call may cross into another language, and wait there.

const (
	// callRows is how many rows one call is given at most.
	callRows = 1000
	// batchRows is about how many rows and nodes a batch of calls is given.
	batchRows = 4000
)

// batch is what one group is made of.
type batch struct {
	key   []byte
	parts []arguments
}

// arguments are rows for one call, or the value of a node.
type arguments struct {
	keys, values []byte // arrays that are not closed yet
	rows         int
	value        []byte // of a node, or what the call returned
}

// addRow takes a row into the last call, or a new one.
func (b *batch) addRow(p part) error {
	row, _, err := newRow(p.row, p.value)
	if err != nil {
		return err
	}
	if n := len(b.parts); n == 0 || b.parts[n-1].value != nil || b.parts[n-1].rows == callRows {
		b.parts = append(b.parts, arguments{})
	}
	a := &b.parts[len(b.parts)-1]
	a.keys, a.values = separate(a.keys), separate(a.values)
	a.rows++
	a.keys = append(a.keys, '[')
	if a.keys, err = row.AppendKey(a.keys); err != nil {
		return err
	}
	a.keys = append(rawjson.AppendString(append(a.keys, ','), row.DocID), ']')
	a.values = append(a.values, row.Value...)
	return nil
}

func separate(array []byte) []byte {
	if array == nil {
		return append(array, '[')
	}
	return append(array, ',')
}

// collect takes a group's rows and nodes. Enough groups are reduced together.
func (g *grouping) collect(ctx context.Context, key []byte, parts func(each func(part) error) error) error {
	b := batch{key: key}
	err := parts(func(p part) error {
		g.held++
		if p.level == 0 {
			return b.addRow(p)
		}
		value, rows, err := g.valueOf(p)
		if err == nil && rows > 0 {
			b.parts = append(b.parts, arguments{value: value})
		}
		return err
	})
	if err != nil {
		return err
	}
	g.waiting = append(g.waiting, b)
	if g.held < batchRows {
		return nil
	}
	return g.flush(ctx)
}

// flush reduces the groups that wait, and hands them out.
func (g *grouping) flush(ctx context.Context) error {
	if len(g.waiting) == 0 {
		return nil
	}
	values, err := g.reduceAll(ctx, g.waiting)
	if err != nil {
		return err
	}
	for i, b := range g.waiting {
		if err := g.each(Group{Key: b.key, Value: values[i]}); err != nil {
			return err
		}
	}
	g.waiting, g.held = nil, 0
	return nil
}

// reduceAll reduces each batch to one value: first the rows, then what became of them together with the values of nodes.
func (d *Reduction) reduceAll(ctx context.Context, batches []batch) ([][]byte, error) {
	var calls []core.ReduceCall
	var into []*[]byte
	for i := range batches {
		for j := range batches[i].parts {
			if p := &batches[i].parts[j]; p.value == nil {
				calls = append(calls, core.ReduceCall{Keys: append(p.keys, ']'), Values: append(p.values, ']')})
				into = append(into, &p.value)
			}
		}
	}
	if err := d.call(ctx, calls, into); err != nil {
		return nil, err
	}
	values := make([][]byte, len(batches))
	calls, into = nil, nil
	for i := range batches {
		parts := batches[i].parts
		if len(parts) == 1 {
			values[i] = parts[0].value
			continue
		}
		var array []byte
		for _, p := range parts {
			array = append(separate(array), p.value...)
		}
		calls = append(calls, core.ReduceCall{Keys: []byte("null"), Values: append(array, ']'), Rereduce: true})
		into = append(into, &values[i])
	}
	return values, d.call(ctx, calls, into)
}

// call runs calls. What throws is null, as in CouchDB.
func (d *Reduction) call(ctx context.Context, calls []core.ReduceCall, into []*[]byte) error {
	if len(calls) == 0 {
		return nil
	}
	results, err := d.script.Reduce(ctx, calls)
	if err != nil {
		return err
	}
	if len(results) != len(calls) {
		return core.ErrInternal.Because("a reduce function gave too few results")
	}
	for i, result := range results {
		*into[i] = result.Value
		if result.Err != nil || len(result.Value) == 0 {
			*into[i] = []byte("null")
		}
	}
	return nil
}
