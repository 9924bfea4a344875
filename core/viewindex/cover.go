package viewindex

import (
	"bytes"
	"context"

	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/mapreduce"
)

// Reader reads the rows of one map function from a snapshot.
type Reader struct {
	index    *Index
	m        int
	snapshot kv.Snapshot
	height   int // levels of nodes
	rowStart int // length of what a stored row's key begins with
}

// NewReader returns a reader of the rows of a map function.
func (x *Index) NewReader(ctx context.Context, s kv.Snapshot, m int) (*Reader, error) {
	r := &Reader{index: x, m: m, snapshot: s, rowStart: len(x.rowKey(m, nil))}
	for {
		_, found, err := s.Get(ctx, x.nodeKey(m, r.height+1, nil))
		if err != nil {
			return nil, err
		}
		if !found {
			return r, nil
		}
		r.height++
	}
}

// part is a row (level 0) or a node.
type part struct {
	level int
	row   []byte // the row key with which it begins
	value []byte // as stored
}

// cover calls each with rows and nodes that together are a range of rows, as few as may be, in order. Parts may be used until each returns.
//
// It goes up while it can, from rows to nodes to nodes of nodes, and down again when what comes next would reach over the end.
func (r *Reader) cover(ctx context.Context, within mapreduce.Range, keysOnly bool, each func(part) error) error {
	if within.Empty() {
		return nil
	}
	level, climbing := 0, true
	if len(within.From) == 0 {
		level = r.height // the first row begins nodes of all levels
	}
	for {
		pending, next, err := r.coverLevel(ctx, level, within, climbing, keysOnly, each)
		switch {
		case err != nil:
			return err
		case next != nil: // it begins a node of the level above
			within.From = next
			level++
		case pending == nil:
			return nil
		default:
			climbing = false
			within.From = pending
			level--
		}
	}
}

// coverLevel takes what it can of a level. It returns where to go on: one level down, or up.
func (r *Reader) coverLevel(ctx context.Context, level int, within mapreduce.Range, climbing, keysOnly bool, each func(part) error) (down, up []byte, err error) {
	stored, prefix := r.level(level, within)
	stored.KeysOnly = keysOnly && level == 0
	var last part
	holds := false // a node, of which it is not known yet whether it ends within the range
	for entry, err := range r.snapshot.Scan(ctx, stored) {
		if err != nil {
			return nil, nil, err
		}
		row := entry.Key[prefix:]
		if holds {
			if err := each(last); err != nil {
				return nil, nil, err
			}
			holds = false
		}
		if climbing && level < r.height && mapreduce.Level(row) > level {
			return nil, bytes.Clone(row), nil
		}
		p := part{level, row, entry.Value}
		if level > 0 {
			last, holds = p, true
		} else if err := each(p); err != nil {
			return nil, nil, err
		}
	}
	switch {
	case !holds:
		return nil, nil, nil
	case within.To == nil:
		return nil, nil, each(last)
	}
	return append([]byte{}, last.row...), nil, nil
}

// Count counts the rows of a range.
func (r *Reader) Count(ctx context.Context, within mapreduce.Range) (rows uint64, err error) {
	if within.Empty() {
		return 0, nil
	}
	err = r.cover(ctx, within, true, func(p part) error {
		n, err := p.rows()
		rows += n
		return err
	})
	return rows, err
}
