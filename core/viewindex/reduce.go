package viewindex

import (
	"context"

	"github.com/gouchdb/gouchdb/core"
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
	keyed   bool // it needs the keys of rows
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
	d.keyed = mapreduce.NeedsKeys(name)
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
