package viewindex

import (
	"context"
	"iter"

	"github.com/gouchdb/gouchdb/core/collation"
	"github.com/gouchdb/gouchdb/core/mapreduce"
)

// Row is a row as it was emitted. It shares memory with the snapshot.
type Row struct {
	DocID string
	Value []byte
	key   []byte // for the collation
	exact []byte
}

// AppendKey appends the emitted key as JSON.
func (r *Row) AppendKey(dst []byte) ([]byte, error) {
	if r.exact != nil {
		return append(dst, r.exact...), nil
	}
	dst, _, err := collation.DecodeKey(dst, r.key)
	return dst, err
}

func newRow(rowKey, stored []byte) (row Row, again bool, err error) {
	if row.key, row.DocID, again, err = mapreduce.DecodeKey(rowKey); err == nil {
		row.exact, row.Value, err = mapreduce.DecodeValue(stored)
	}
	return row, again, err
}

// Rows yields the rows of a range. Those of one document with one key are in the same order in both directions, as in CouchDB.
func (r *Reader) Rows(ctx context.Context, within mapreduce.Range, descending bool) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		if within.Empty() {
			return
		}
		stored := r.index.rows(r.m, within)
		stored.Reverse = descending
		var behind []Row // read backwards, the rows of a document and key but the first
		for entry, err := range r.snapshot.Scan(ctx, stored) {
			var row Row
			again := false
			if err == nil {
				row, again, err = newRow(entry.Key[r.rowStart:], entry.Value)
			}
			if err != nil {
				yield(Row{}, err)
				return
			}
			if again && descending {
				behind = append(behind, row)
				continue
			}
			if !yield(row, nil) {
				return
			}
			for len(behind) > 0 {
				row, behind = behind[len(behind)-1], behind[:len(behind)-1]
				if !yield(row, nil) {
					return
				}
			}
		}
	}
}
