package viewindex

import (
	"bytes"
	"context"

	"github.com/gouchdb/gouchdb/core/collation"
	"github.com/gouchdb/gouchdb/core/mapreduce"
)

// A group that has more rows than this is reduced by its nodes. What was read of it until then was read in vain, so after such a group the next is expected to be alike.
const (
	fewRows   = 2 * mapreduce.Fanout
	fewerRows = 3
)

// rangeOf goes through the groups of a range. A query by keys makes one group of each range, whatever its level.
func (g *grouping) rangeOf(ctx context.Context, within mapreduce.Range) error {
	if g.query.Level != 0 {
		for !within.Empty() && !g.full() {
			var err error
			if within, err = g.few(ctx, within); err != nil {
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
		return g.largeGroup(ctx, within, []byte("null")) // there is a row
	}
	return nil
}

// nothing is the range that is left when there is nothing left.
var nothing = mapreduce.Range{To: []byte{}}

// few reads rows and makes groups of them, until it comes upon a group of many rows. It returns what is left of the range.
func (g *grouping) few(ctx context.Context, within mapreduce.Range) (left mapreduce.Range, err error) {
	stored := g.reader.index.rows(g.reader.m, within)
	stored.Reverse = g.query.Descending
	var prefix []byte // of the group whose rows are held
	var held []part
	for entry, err := range g.reader.snapshot.Scan(ctx, stored) {
		if err != nil {
			return left, err
		}
		row := entry.Key[g.reader.rowStart:]
		if len(held) > 0 && bytes.HasPrefix(row, prefix) {
			if len(held) < fewerRows || !g.large && len(held) < fewRows {
				held = append(held, part{row: row, value: entry.Value})
				continue
			}
			g.large = true
			group := mapreduce.GroupRange(bytes.Clone(prefix))
			shown, err := g.shown(held[0])
			if err == nil {
				err = g.largeGroup(ctx, within.Intersection(group), shown)
			}
			if g.query.Descending {
				within.To = group.From
			} else {
				within.From = group.To
			}
			return within, err
		}
		if err := g.smallGroup(ctx, held); err != nil || g.full() {
			return nothing, err
		}
		g.large = g.large && len(held) == 0
		rest, err := collation.Skip(row)
		if err != nil {
			return left, err
		}
		prefix = mapreduce.Group(row[:len(row)-len(rest)], g.query.Level)
		held = append(held[:0], part{row: row, value: entry.Value})
	}
	return nothing, g.smallGroup(ctx, held)
}

// shown returns the key of the group of a row.
func (g *grouping) shown(p part) ([]byte, error) {
	rest, err := collation.Skip(p.row)
	if err != nil {
		return nil, err
	}
	exact, _, err := mapreduce.DecodeValue(p.value)
	if err != nil {
		return nil, err
	}
	return mapreduce.AppendGroupKey(nil, p.row[:len(p.row)-len(rest)], exact, g.query.Level)
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

// smallGroup reduces a group whose rows have all been read, in reading order.
func (g *grouping) smallGroup(ctx context.Context, rows []part) error {
	if len(rows) == 0 || !g.begin() {
		return nil
	}
	key, err := g.shown(rows[0])
	if err != nil {
		return err
	}
	return g.reduce(ctx, key, func(each func(part) error) error {
		for i := range rows {
			if g.query.Descending { // a function is given rows in the order of the view
				i = len(rows) - 1 - i
			}
			if err := each(rows[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// largeGroup reduces a group by its nodes.
func (g *grouping) largeGroup(ctx context.Context, within mapreduce.Range, key []byte) error {
	if !g.begin() {
		return nil
	}
	return g.reduce(ctx, key, func(each func(part) error) error { return g.reader.cover(ctx, within, false, each) })
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
		n, err := readNode(p.value)
		if err != nil || n.rows == 0 {
			return err
		}
		if g.slot >= len(n.states) || n.states[g.slot] == nil {
			return errNode
		}
		return g.builtin.AddState(n.states[g.slot])
	}
	_, value, err := mapreduce.DecodeValue(p.value)
	if err != nil {
		return err
	}
	var key []byte
	if g.keyed {
		rest, err := collation.Skip(p.row)
		if err != nil {
			return err
		}
		key = p.row[:len(p.row)-len(rest)]
	}
	g.builtin.AddRow(key, value)
	return nil
}
