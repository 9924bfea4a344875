package mapreduce

import (
	"bytes"

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
	at := len(r.values) // after those that are equal
	for at > 0 && r.before(value, r.values[at-1]) {
		at--
	}
	if at == r.limit {
		return
	}
	if len(r.values) < r.limit {
		r.values = append(r.values, nil)
	}
	copy(r.values[at+1:], r.values[at:])
	r.values[at] = bytes.Clone(value)
}

func (r *ranked) before(a, b []byte) bool {
	if r.descending {
		a, b = b, a
	}
	return collation.Compare(a, b) < 0
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
