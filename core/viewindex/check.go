package viewindex

import (
	"context"
	"strconv"

	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/mapreduce"
)

// Check reports what in an index contradicts itself. It needs to know nothing of the view's functions, so it does not look at what reduce functions made. The keys of all rows are held in
// memory.
func Check(ctx context.Context, s kv.Snapshot, prefix []byte, state *State) (problems []string, err error) {
	c := checker{x: &Index{Prefix: prefix, Reduces: make([][]string, len(state.Counts))}, state: state, rows: map[string]bool{}}
	for _, part := range []func(context.Context, kv.Snapshot) error{c.documents, c.checkRows, c.checkNodes} {
		if err := part(ctx, s); err != nil {
			return nil, err
		}
	}
	return c.problems, nil
}

type checker struct {
	x        *Index
	state    *State
	rows     map[string]bool // that documents say they have, by their keys in the store
	problems []string
}

func (c *checker) problem(text string) { c.problems = append(c.problems, text) }

func (c *checker) documents(ctx context.Context, s kv.Snapshot) error {
	prefix := c.x.key(documentKind, 0)
	for entry, err := range s.Scan(ctx, kv.PrefixRange(prefix)) {
		if err != nil {
			return err
		}
		docID := string(entry.Key[len(prefix):])
		places, err := readPlaces(docID, entry.Value, len(c.state.Counts))
		if err != nil || len(places) == 0 {
			c.problem("the record of document " + strconv.Quote(docID) + " cannot be read")
		}
		for _, p := range places {
			c.rows[string(c.x.rowKey(p.m, p.row))] = true
		}
	}
	return nil
}

func (c *checker) checkRows(ctx context.Context, s kv.Snapshot) error {
	total := 0
	for m, want := range c.state.Counts {
		stored := c.x.rows(m, mapreduce.Range{})
		count := uint64(0)
		for entry, err := range s.Scan(ctx, stored) {
			if err != nil {
				return err
			}
			count++
			if _, _, err := newRow(entry.Key[len(stored.From):], entry.Value); err != nil {
				c.problem("a row cannot be read")
			}
			if !c.rows[string(entry.Key)] {
				c.problem("a row belongs to no document")
			}
		}
		if count != want {
			c.problem("there are " + strconv.FormatUint(count, 10) + " rows, but " + strconv.FormatUint(want, 10) + " are counted")
		}
		total += int(count)
	}
	if total != len(c.rows) {
		c.problem("documents name " + strconv.Itoa(len(c.rows)) + " rows, but there are " + strconv.Itoa(total))
	}
	return nil
}

// checkNodes makes the nodes anew and compares.
func (c *checker) checkNodes(ctx context.Context, s kv.Snapshot) error {
	want := map[string]uint64{}
	for m := range c.state.Counts {
		b := builder{x: c.x, m: m}
		if err := b.build(ctx, s); err != nil {
			return err
		}
		for _, made := range b.made {
			want[string(made.Key)], _ = nodeRows(made.Value)
		}
	}
	if !c.state.Nodes {
		clear(want)
	}
	for entry, err := range s.Scan(ctx, kv.PrefixRange(c.x.key(nodeKind, 0))) {
		if err != nil {
			return err
		}
		rows, known := want[string(entry.Key)]
		n, err := readNode(entry.Value)
		switch {
		case err != nil:
			c.problem("a node cannot be read")
		case !known:
			c.problem("there is a node too many")
		case n.rows != rows:
			c.problem("a node has " + strconv.FormatUint(rows, 10) + " rows, but says " + strconv.FormatUint(n.rows, 10))
		}
		if err == nil && !sameRows(entry.Value, n.rows) {
			c.problem("the runs of a node have other rows than the node")
		}
		delete(want, string(entry.Key))
	}
	if len(want) > 0 {
		c.problem(strconv.Itoa(len(want)) + " nodes are missing")
	}
	return nil
}

// sameRows reports whether the runs of a node have as many rows as the node, if it has runs.
func sameRows(value []byte, rows uint64) bool {
	inside := runsOf(value)
	if len(inside.rest) == 0 {
		return true
	}
	for len(inside.rest) > 0 {
		r, err := inside.next(0)
		if err != nil || r.rows > rows {
			return false
		}
		rows -= r.rows
	}
	return rows == 0
}
