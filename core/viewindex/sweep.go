package viewindex

import (
	"bytes"
	"context"
	"slices"

	"github.com/gouchdb/gouchdb/core/collation"
	"github.com/gouchdb/gouchdb/core/mapreduce"
)

// A query with groups goes over the nodes of the lowest level, in reading order. A node that lies within one group is taken as it is, another by its runs. The rows of those that have
// none are read, those of some nodes in a row together.

const (
	// After so many nodes of one group the rest of it is taken by higher nodes.
	manyNodes = mapreduce.Fanout
	// The rows of at most so many nodes are read together. A query with a limit may not need more.
	readTogether = 8
)

// sweep is one way over the nodes of a range.
type sweep struct {
	*grouping
	left mapreduce.Range // what has not been taken yet

	done bool // the limit was reached

	// The group at hand.
	prefix []byte // what its row keys begin with; nil: there is none
	wanted bool   // it is to be shown
	key    []byte // under which it is shown
	nodes  int    // of this level, that it has so far
	// parts are what it is made of so far, in reading order, when they cannot be reduced as they come: a function in JavaScript is called seldom, and all are given
	// rows in the order of the view.
	parts []part
}

// reduces reports whether parts are reduced as they come.
func (s *sweep) reduces() bool { return s.builtin != nil && !s.query.Descending }

// nothing is the range that is left when there is nothing left.
var nothing = mapreduce.Range{To: []byte{}}

// sweep makes groups of a range, until a very large one or the limit. It returns what is left.
func (g *grouping) sweep(ctx context.Context, within mapreduce.Range) (left mapreduce.Range, err error) {
	s := sweep{grouping: g, left: within}
	stored, prefix := g.reader.level(1, within)
	stored.Reverse = g.query.Descending
	var before part // the node before, in reading order
	unread := 0
	for entry, err := range g.reader.snapshot.Scan(ctx, stored) {
		if err != nil {
			return nothing, err
		}
		p := part{level: 1, row: entry.Key[prefix:], value: entry.Value}
		node, whole := g.whole(before, p)
		var inside runs
		if !whole && s.reduces() {
			inside = runsOf(before.value)
		}
		switch {
		case whole:
			unread = 0
			if err := s.take(ctx, node, before.row, p.row); err != nil || s.done {
				return nothing, err
			}
			if s.nodes == manyNodes {
				return s.takeRest(ctx)
			}
		case len(inside.rest) > 0:
			unread = 0
			if err := s.takeRuns(ctx, before.row, inside, p.row); err != nil || s.done {
				return nothing, err
			}
		case unread == readTogether:
			unread = 0
			if err := s.read(ctx, p.row); err != nil || s.done {
				return nothing, err
			}
		default:
			unread++
		}
		before = p
	}
	if err := s.readRange(ctx, s.left); err != nil || s.done {
		return nothing, err
	}
	return nothing, s.finish(ctx, nothing)
}

// whole returns the node between two bounds, which follow each other in reading order, if it lies within one group.
func (g *grouping) whole(before, p part) (node part, ok bool) {
	from, to := before, p
	if g.query.Descending {
		from, to = p, before
	}
	if len(from.row) == 0 || to.row == nil { // the very first, whose key does not tell the group, or the last
		return node, false
	}
	rest, err := collation.Skip(from.row)
	if err != nil {
		return node, false // who reads the rows will say so
	}
	return from, bytes.HasPrefix(to.row, mapreduce.Group(from.row[:len(from.row)-len(rest)], g.query.Level))
}

// take takes the rows up to a node, and the node, whose bounds are given in reading order.
func (s *sweep) take(ctx context.Context, node part, near, far []byte) error {
	if err := s.read(ctx, near); err != nil || s.done {
		return err
	}
	s.advance(far)
	if !s.holds(node.row) {
		// Only when they are read upwards begins a group with a node. Its first row has the key.
		stored, _, err := s.reader.snapshot.Get(ctx, s.reader.index.rowKey(s.reader.m, node.row))
		if err != nil {
			return err
		}
		if err := s.next(ctx, part{row: node.row, value: stored}); err != nil || s.done {
			return err
		}
	}
	s.nodes++
	return s.add(node)
}

// takeRuns takes the rows up to a node, and the runs of the node, which ends at a bound.
func (s *sweep) takeRuns(ctx context.Context, near []byte, inside runs, far []byte) error {
	if err := s.read(ctx, near); err != nil || s.done {
		return err
	}
	for len(inside.rest) > 0 {
		r, err := inside.next(s.slot)
		if err != nil {
			return err
		}
		if !s.holds(r.row) {
			if err := s.nextGroup(ctx, r.row, r.exact); err != nil || s.done {
				return err
			}
		}
		if s.wanted {
			if err := s.addState(r.state); err != nil {
				return err
			}
		}
	}
	s.advance(far)
	return nil
}

// takeRest ends the group at hand with all that is left of it.
func (s *sweep) takeRest(ctx context.Context) (left mapreduce.Range, err error) {
	group := mapreduce.GroupRange(s.prefix)
	rest := s.left.Intersection(group)
	if s.query.Descending {
		s.left.To = group.From
	} else {
		s.left.From = group.To
	}
	return s.left, s.finish(ctx, rest)
}

// read reads the rows up to a bound.
func (s *sweep) read(ctx context.Context, bound []byte) error {
	within := s.left
	if s.query.Descending {
		within.From = bound
	} else {
		within.To = bound
	}
	s.advance(bound)
	return s.readRange(ctx, within)
}

// advance moves the bound of what is left.
func (s *sweep) advance(bound []byte) {
	if s.query.Descending {
		s.left.To = bound
	} else {
		s.left.From = bound
	}
}

func (s *sweep) readRange(ctx context.Context, within mapreduce.Range) error {
	if within.Empty() {
		return nil
	}
	stored, prefix := s.reader.level(0, within)
	stored.Reverse = s.query.Descending
	for entry, err := range s.reader.snapshot.Scan(ctx, stored) {
		if err != nil {
			return err
		}
		p := part{row: entry.Key[prefix:], value: entry.Value}
		if !s.holds(p.row) {
			if err := s.next(ctx, p); err != nil || s.done {
				return err
			}
		}
		if err := s.add(p); err != nil {
			return err
		}
	}
	return nil
}

// add adds a row or a node to the group at hand.
func (s *sweep) add(p part) error {
	switch {
	case !s.wanted:
	case s.reduces():
		return s.grouping.add(p)
	default:
		s.parts = append(s.parts, p)
	}
	return nil
}

// holds reports whether a row belongs to the group at hand.
func (s *sweep) holds(row []byte) bool { return s.prefix != nil && bytes.HasPrefix(row, s.prefix) }

// next ends the group at hand, and begins that of a row, unless there have been enough.
func (s *sweep) next(ctx context.Context, first part) error {
	exact, _, err := mapreduce.DecodeValue(first.value)
	if err != nil {
		return err
	}
	return s.nextGroup(ctx, first.row, exact)
}

// nextGroup does what next does, for a row with this text of its key.
func (s *sweep) nextGroup(ctx context.Context, row, exact []byte) error {
	if err := s.finish(ctx, nothing); err != nil {
		return err
	}
	if s.done = s.full(); s.done {
		return nil
	}
	key, err := keyOf(row)
	if err != nil {
		return err
	}
	s.prefix = mapreduce.Group(key, s.query.Level)
	if s.wanted = s.begin(); !s.wanted {
		return nil
	}
	if s.builtin != nil {
		s.builtin.Reset()
	}
	s.key, err = mapreduce.AppendGroupKey(nil, key, exact, s.query.Level)
	return err
}

// finish reduces the group at hand, to which the rows of a range belong, too.
func (s *sweep) finish(ctx context.Context, rest mapreduce.Range) error {
	unwanted := s.prefix == nil || !s.wanted
	parts := s.parts
	s.prefix, s.parts, s.nodes = nil, s.parts[:0], 0
	switch {
	case unwanted:
		return nil
	case s.reduces():
		if err := s.reader.cover(ctx, rest, false, s.grouping.add); err != nil {
			return err
		}
		return s.each(Group{Key: s.key, Value: s.builtin.AppendResult(nil)})
	}
	return s.reduce(ctx, s.key, func(each func(part) error) error {
		if s.query.Descending {
			slices.Reverse(parts)
			if err := s.reader.cover(ctx, rest, false, each); err != nil {
				return err
			}
		}
		for _, p := range parts {
			if err := each(p); err != nil {
				return err
			}
		}
		if s.query.Descending {
			return nil
		}
		return s.reader.cover(ctx, rest, false, each)
	})
}
