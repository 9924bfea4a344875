package viewindex

import (
	"context"

	"github.com/gouchdb/gouchdb/core/mapreduce"
)

// rangeOf goes through the groups of a range. A query by keys makes one group of each range, whatever its level.
func (g *grouping) rangeOf(ctx context.Context, within mapreduce.Range) error {
	if g.query.Level != 0 {
		for !within.Empty() && !g.full() {
			var err error
			if within, err = g.sweep(ctx, within); err != nil {
				return err
			}
		}
		return nil
	}
	stored := g.reader.index.rows(g.reader.m, within)
	stored.KeysOnly = true
	for _, err := range g.reader.snapshot.Scan(ctx, stored) {
		if err != nil {
			return err
		}
		if !g.begin() { // there is a row
			return nil
		}
		return g.reduce(ctx, []byte("null"), func(each func(part) error) error { return g.reader.cover(ctx, within, false, each) })
	}
	return nil
}

// begin reports whether a group is to be shown.
func (g *grouping) begin() bool {
	if g.skip > 0 {
		g.skip--
		return false
	}
	g.taken++
	return true
}

// reduce reduces the parts of a group, or has them wait for a script.
func (g *grouping) reduce(ctx context.Context, key []byte, parts func(each func(part) error) error) error {
	if g.builtin == nil {
		return g.collect(ctx, key, parts)
	}
	g.builtin.Reset()
	if err := parts(g.add); err != nil {
		return err
	}
	return g.each(Group{Key: key, Value: g.builtin.AppendResult(nil)})
}

// add adds a part to what a built-in function reduces.
func (g *grouping) add(p part) error {
	if p.level > 0 {
		rows, state, err := nodeState(p.value, g.slot)
		if err != nil || rows == 0 {
			return err
		}
		return g.addState(state)
	}
	_, value, err := mapreduce.DecodeValue(p.value)
	if err != nil {
		return err
	}
	var key []byte
	if g.keyed {
		if key, err = keyOf(p.row); err != nil {
			return err
		}
	}
	g.builtin.AddRow(key, value)
	return nil
}

// addState adds what a built-in function made of rows.
func (g *grouping) addState(state []byte) error {
	if state == nil {
		return errNode
	}
	return g.builtin.AddState(state)
}
