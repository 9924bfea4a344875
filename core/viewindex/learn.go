package viewindex

import (
	"bytes"
	"context"

	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/mapreduce"
)

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
