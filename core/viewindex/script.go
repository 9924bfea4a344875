package viewindex

import (
	"bytes"
	"context"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/mapreduce"
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
func (g *grouping) collect(ctx context.Context, within mapreduce.Range, key []byte) error {
	b := batch{key: key}
	err := g.reader.cover(ctx, within, false, func(p part) error {
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

// learned is a value for a node that did not know it.
type learned struct {
	key   []byte // of the node in the store
	was   []byte
	value []byte
}

// valueOf returns the value of a node.
func (d *Reduction) valueOf(p part) (value []byte, rows uint64, err error) {
	n, err := readNode(p.value)
	if err != nil || n.rows == 0 {
		return nil, 0, err
	}
	if d.slot < len(n.states) && n.states[d.slot] != nil {
		return n.states[d.slot], n.rows, nil
	}
	value = d.known[string(d.reader.index.nodeKey(d.reader.m, p.level, p.row))]
	if value == nil {
		return nil, 0, errNode
	}
	return value, n.rows, nil
}

// learn reduces the nodes that a range may be covered with and that do not know their value yet, from the lowest level up.
func (d *Reduction) learn(ctx context.Context, within mapreduce.Range) error {
	if d.known == nil {
		d.known = map[string][]byte{}
	}
	for level := 1; level <= d.reader.height; level++ {
		if err := d.learnLevel(ctx, level, within); err != nil {
			return err
		}
	}
	return nil
}

// unknown is a node to be reduced.
type unknown struct {
	row    []byte
	stored []byte
}

func (d *Reduction) learnLevel(ctx context.Context, level int, within mapreduce.Range) error {
	var due unknown
	var nodes []unknown
	var batches []batch
	held := 0
	flush := func() error {
		if len(batches) == 0 {
			return nil
		}
		values, err := d.reduceAll(ctx, batches)
		if err != nil {
			return err
		}
		for i, n := range nodes {
			key := d.reader.index.nodeKey(d.reader.m, level, n.row)
			d.known[string(key)] = values[i]
			d.learned = append(d.learned, learned{key, n.stored, values[i]})
		}
		nodes, batches, held = nil, nil, 0
		return nil
	}
	reduce := func(to []byte) error {
		b, parts, err := d.contents(ctx, level, mapreduce.Range{From: due.row, To: to})
		if err != nil {
			return err
		}
		nodes, batches, held = append(nodes, due), append(batches, b), held+parts
		if held < batchRows {
			return nil
		}
		return flush()
	}
	isDue := false
	stored := d.reader.index.nodes(d.reader.m, level, within)
	for entry, err := range d.reader.snapshot.Scan(ctx, stored) {
		if err != nil {
			return err
		}
		row := entry.Key[d.reader.rowStart+1:]
		if isDue {
			if err := reduce(row); err != nil {
				return err
			}
		}
		n, err := readNode(entry.Value)
		if err != nil {
			return err
		}
		isDue = n.rows > 0 && (d.slot >= len(n.states) || n.states[d.slot] == nil) &&
			d.known[string(d.reader.index.nodeKey(d.reader.m, level, row))] == nil
		due = unknown{bytes.Clone(row), bytes.Clone(entry.Value)}
	}
	// The last one is needed only when it ends within the range.
	if isDue && within.To == nil {
		if err := reduce(nil); err != nil {
			return err
		}
	}
	return flush()
}

// contents is what a node is made of: rows, or the nodes of the level below.
func (d *Reduction) contents(ctx context.Context, level int, within mapreduce.Range) (b batch, parts int, err error) {
	stored, prefix := d.reader.index.rows(d.reader.m, within), d.reader.rowStart
	if level > 1 {
		stored, prefix = d.reader.index.nodes(d.reader.m, level-1, within), prefix+1
	}
	for entry, err := range d.reader.snapshot.Scan(ctx, stored) {
		if err != nil {
			return b, parts, err
		}
		parts++
		p := part{level - 1, entry.Key[prefix:], entry.Value}
		if level == 1 {
			if err := b.addRow(p); err != nil {
				return b, parts, err
			}
			continue
		}
		value, rows, err := d.valueOf(p)
		if err != nil {
			return b, parts, err
		}
		if rows > 0 {
			b.parts = append(b.parts, arguments{value: value})
		}
	}
	return b, parts, nil
}

// Learned reports whether the reduction has worked out values that Keep could store.
func (d *Reduction) Learned() bool { return len(d.learned) > 0 }

// Keep stores the values of nodes that were worked out, so that nobody has to do that again. Nodes that were changed in the meantime are left alone.
func (d *Reduction) Keep(ctx context.Context, tx kv.Tx) error {
	keys := make([][]byte, len(d.learned))
	for i := range d.learned {
		keys[i] = d.learned[i].key
	}
	stored, err := tx.GetMany(ctx, keys)
	if err != nil {
		return err
	}
	for i, l := range d.learned {
		if stored[i] == nil || !sameVersion(stored[i], l.was) {
			continue
		}
		n, err := readNode(stored[i])
		if err != nil {
			return err
		}
		if d.slot >= len(n.states) {
			continue
		}
		n.states[d.slot] = l.value
		tx.Put(l.key, n.append(nil))
	}
	return nil
}

// sameVersion tells whether a node is made of the same rows: it may have learned what another function makes of them.
func sameVersion(a, b []byte) bool {
	x, y := numbers{rest: a}, numbers{rest: b}
	return x.next() == y.next()
}
