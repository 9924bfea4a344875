package mapreduce

import (
	"bytes"
	"slices"

	"github.com/gouchdb/gouchdb/core/collation"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// maxRanked is the largest N of _top_N and _bottom_N.
const maxRanked = 100

// ranked is _top_N or _bottom_N: the N greatest, or least, values.
type ranked struct {
	limit      int
	descending bool
	values     [][]byte
}

func (r *ranked) Reset() { r.values = nil }

func (r *ranked) AddRow(_, value []byte) {
	at, _ := slices.BinarySearchFunc(r.values, value, func(held, value []byte) int {
		order := collation.Compare(held, value)
		if r.descending {
			order = -order
		}
		if order == 0 {
			return -1 // after those that are equal
		}
		return order
	})
	if at == r.limit {
		return
	}
	if len(r.values) == r.limit {
		r.values = r.values[:r.limit-1]
	}
	r.values = slices.Insert(r.values, at, bytes.Clone(value))
}

func (r *ranked) AddState(state []byte) error {
	if rawjson.KindOf(state) != rawjson.Array {
		return errState
	}
	for value := range rawjson.Elements(state) {
		r.AddRow(nil, value)
	}
	return nil
}

func (r *ranked) AppendState(dst []byte) []byte {
	dst = append(dst, '[')
	for i, value := range r.values {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, value...)
	}
	return append(dst, ']')
}

func (r *ranked) AppendResult(dst []byte) []byte { return r.AppendState(dst) }

// extremeRow is _first or _last: the value of the first, or last, row.
type extremeRow struct {
	last  bool
	value []byte // nil: no row yet
}

func (e *extremeRow) Reset() { e.value = nil }

func (e *extremeRow) AddRow(_, value []byte) {
	if e.last || e.value == nil {
		e.value = append([]byte{}, value...)
	}
}

func (e *extremeRow) AddState(state []byte) error {
	e.AddRow(nil, state)
	return nil
}

func (e *extremeRow) AppendState(dst []byte) []byte  { return append(dst, e.value...) }
func (e *extremeRow) AppendResult(dst []byte) []byte { return append(dst, e.value...) }
