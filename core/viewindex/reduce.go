package viewindex

import (
	"context"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/collation"
	"github.com/gouchdb/gouchdb/core/mapreduce"
)

// Group is one row of a reduced view.
type Group struct {
	Key   []byte // JSON
	Value []byte // JSON
}

// Reduction is one of the reduce functions of a map function.
type Reduction struct {
	reader  *Reader
	slot    int
	builtin mapreduce.Reducer
	script  core.ReduceScript
	known   map[string][]byte // what the script made of nodes that did not know it
	learned []learned
}

// NewReduction returns a reduction. The script is needed when the function is not built in.
func (r *Reader) NewReduction(slot int, script core.ReduceScript) (*Reduction, error) {
	d := &Reduction{reader: r, slot: slot, script: script}
	name := r.index.Reduces[r.m][slot]
	if !mapreduce.IsBuiltin(name) {
		return d, nil
	}
	var err error
	d.builtin, err = mapreduce.NewReducer(name)
	return d, err
}

// Run calls each for the groups that a query asks for, in order.
func (d *Reduction) Run(ctx context.Context, query *mapreduce.Query, each func(Group) error) error {
	if query.Limit < 0 {
		return nil
	}
	g := &grouping{Reduction: d, query: query, each: each, skip: query.Skip}
	for _, within := range query.Ranges {
		if within.Empty() || g.full() {
			continue
		}
		if d.builtin == nil {
			if err := d.learn(ctx, within); err != nil {
				return err
			}
		}
		if err := g.rangeOf(ctx, within); err != nil {
			return err
		}
	}
	return g.flush(ctx)
}

// grouping makes groups of the rows of a query.
type grouping struct {
	*Reduction
	query   *mapreduce.Query
	each    func(Group) error
	skip    int
	taken   int     // groups that were begun and are to be shown
	waiting []batch // groups that a script has to reduce
	held    int     // rows and nodes in them
}

func (g *grouping) full() bool { return g.query.Limit > 0 && g.taken >= g.query.Limit }

// rangeOf goes through the groups of a range. A query by keys makes one group of each range, whatever its level.
func (g *grouping) rangeOf(ctx context.Context, within mapreduce.Range) error {
	if g.query.Level == 0 {
		row, _, err := g.reader.firstOf(ctx, within, false)
		if err != nil || row == nil {
			return err
		}
		return g.group(ctx, within, []byte("null"))
	}
	for !within.Empty() && !g.full() {
		row, value, err := g.reader.firstOf(ctx, within, g.query.Descending)
		if err != nil || row == nil {
			return err
		}
		rest, err := collation.Skip(row)
		if err != nil {
			return err
		}
		key := row[:len(row)-len(rest)]
		exact, _, err := mapreduce.DecodeValue(value)
		if err != nil {
			return err
		}
		group, _ := mapreduce.Group(key, g.query.Level)
		shown, err := mapreduce.AppendGroupKey(nil, key, exact, g.query.Level)
		if err != nil {
			return err
		}
		if err := g.group(ctx, within.Intersection(group), shown); err != nil {
			return err
		}
		if g.query.Descending {
			within.To = group.From
		} else {
			within.From = group.To
		}
	}
	return nil
}

// group reduces the rows of a group, of which there is at least one.
func (g *grouping) group(ctx context.Context, within mapreduce.Range, key []byte) error {
	if g.skip > 0 {
		g.skip--
		return nil
	}
	g.taken++
	if g.builtin == nil {
		return g.collect(ctx, within, key)
	}
	g.builtin.Reset()
	err := g.reader.cover(ctx, within, false, func(p part) error {
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
		rest, err := collation.Skip(p.row)
		g.builtin.AddRow(p.row[:len(p.row)-len(rest)], value)
		return err
	})
	if err != nil {
		return err
	}
	return g.each(Group{Key: key, Value: g.builtin.AppendResult(nil)})
}
