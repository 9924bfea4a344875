package viewindex

import (
	"bytes"
	"context"

	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/mapreduce"
)

// BuildNodes makes all nodes of an index that has none.
func (x *Index) BuildNodes(ctx context.Context, tx kv.Tx, state *State) error {
	for m := range x.Reduces {
		b := builder{x: x, m: m, version: state.Version}
		if err := b.build(ctx, tx); err != nil {
			return err
		}
		for _, made := range b.made {
			tx.Put(made.Key, made.Value)
		}
	}
	state.Nodes = true
	return nil
}

// builder makes the nodes of a map function in one pass over its rows.
type builder struct {
	x       *Index
	m       int
	version uint64
	open    []openNode // by level - 1
	made    []kv.Entry // the rows must not be changed while they are read
}

type openNode struct {
	from  []byte
	maker *maker
}

func (b *builder) build(ctx context.Context, s kv.Snapshot) error {
	r := b.x.rows(b.m, mapreduce.Range{})
	prefix := len(r.From)
	for entry, err := range b.rows(ctx, s, r) {
		if err != nil {
			return err
		}
		row := entry.Key[prefix:]
		if len(b.open) == 0 {
			if err := b.openLevel(); err != nil {
				return err
			}
		}
		for level := 1; level <= mapreduce.Level(row); level++ {
			if err := b.close(level, false); err != nil {
				return err
			}
			b.open[level-1].from = bytes.Clone(row)
		}
		if err := b.open[0].maker.addRow(row, entry.Value); err != nil {
			return err
		}
	}
	for level := 1; level <= len(b.open); level++ {
		if err := b.close(level, level == len(b.open)); err != nil {
			return err
		}
	}
	return nil
}

// rows scans rows, with their values only when they are needed.
func (b *builder) rows(ctx context.Context, s kv.Snapshot, r kv.Range) func(func(kv.Entry, error) bool) {
	k, err := newMaker(b.x.Reduces[b.m])
	r.KeysOnly = err == nil && !k.values
	return s.Scan(ctx, r)
}

func (b *builder) openLevel() error {
	k, err := newMaker(b.x.Reduces[b.m])
	b.open = append(b.open, openNode{maker: k})
	return err
}

// close ends the open node of a level, and adds it to the one above.
func (b *builder) close(level int, last bool) error {
	open := &b.open[level-1]
	n, err := open.maker.node(b.version)
	if err != nil {
		return err
	}
	b.made = append(b.made, kv.Entry{Key: b.x.nodeKey(b.m, level, open.from), Value: n.append(nil)})
	open.maker.reset()
	if last {
		return nil
	}
	if level == len(b.open) {
		if err := b.openLevel(); err != nil {
			return err
		}
	}
	return b.open[level].maker.addNode(&n)
}
