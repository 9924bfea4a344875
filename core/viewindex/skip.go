package viewindex

import (
	"bytes"
	"context"
	"errors"

	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/mapreduce"
)

// Skip leaves out the first n rows of a range, in reading order, without visiting each: nodes know how many rows they have. It returns what is left, and how many rows were left
// out, which may be fewer: because there are no more, or because, read backwards, the rows of one document and key are not torn apart.
func (r *Reader) Skip(ctx context.Context, within mapreduce.Range, n uint64, descending bool) (left mapreduce.Range, skipped uint64, err error) {
	if within.Empty() || n == 0 {
		return within, 0, nil
	}
	if !descending {
		row, before, err := r.rowAt(ctx, within, n)
		if err != nil || row == nil {
			return nothing, before, err
		}
		within.From = row
		return within, n, nil
	}
	total, err := r.Count(ctx, within)
	if err != nil || n >= total {
		return nothing, total, err
	}
	row, _, err := r.rowAt(ctx, within, total-n)
	if err != nil {
		return within, 0, err
	}
	end, torn, err := r.firstOfOthers(ctx, mapreduce.Range{From: row, To: within.To})
	within.To = end
	return within, n - torn, err
}

// errFound ends a walk that has found what it looks for.
var errFound = errors.New("found")

// rowAt returns the key of the row that has n rows of a range before it. When there is none, row is nil and before is how many rows there are.
func (r *Reader) rowAt(ctx context.Context, within mapreduce.Range, n uint64) (row []byte, before uint64, err error) {
	level := 0
	err = r.cover(ctx, within, true, func(p part) error {
		rows, err := p.rows()
		if err != nil {
			return err
		}
		if before+rows > n {
			row, level = bytes.Clone(p.row), p.level
			return errFound
		}
		before += rows
		return nil
	})
	if !errors.Is(err, errFound) {
		return nil, before, err
	}
	for level > 0 {
		level--
		if row, before, err = r.partAt(ctx, level, mapreduce.Range{From: row, To: within.To}, n, before); err != nil {
			return nil, before, err
		}
	}
	return row, before, nil
}

// partAt returns the key of the row or node of a level in which the row is that has n rows before it; before the range there are some.
func (r *Reader) partAt(ctx context.Context, level int, within mapreduce.Range, n, before uint64) (row []byte, rowsBefore uint64, err error) {
	stored, prefix := r.level(level, within)
	stored.KeysOnly = level == 0
	for entry, err := range r.snapshot.Scan(ctx, stored) {
		if err != nil {
			return nil, before, err
		}
		p := part{level, entry.Key[prefix:], entry.Value}
		rows, err := p.rows()
		if err != nil {
			return nil, before, err
		}
		if before+rows > n {
			return bytes.Clone(p.row), before, nil
		}
		before += rows
	}
	return nil, before, errNode // it has fewer rows than it says
}

// firstOfOthers returns the key of the first row of a range that is the first of its document and key, or else the end of the range, and how many rows are before it.
func (r *Reader) firstOfOthers(ctx context.Context, within mapreduce.Range) (row []byte, before uint64, err error) {
	stored, prefix := r.level(0, within)
	stored.KeysOnly = true
	for entry, err := range r.snapshot.Scan(ctx, stored) {
		if err != nil {
			return nil, before, err
		}
		row := entry.Key[prefix:]
		_, _, again, err := mapreduce.DecodeKey(row)
		if err != nil {
			return nil, before, err
		}
		if !again {
			return bytes.Clone(row), before, nil
		}
		before++
	}
	return within.To, before, nil
}

// level returns where the rows (level 0) or the nodes of a range are stored, and how long what their keys begin with is.
func (r *Reader) level(level int, within mapreduce.Range) (stored kv.Range, prefix int) {
	if level > 0 {
		return r.index.nodes(r.m, level, within), r.rowStart + 1
	}
	return r.index.rows(r.m, within), r.rowStart
}

// rows returns how many rows a part has.
func (p part) rows() (uint64, error) {
	if p.level == 0 {
		return 1, nil
	}
	return nodeRows(p.value)
}
