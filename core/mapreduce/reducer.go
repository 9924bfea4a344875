package mapreduce

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// Reducer is a built-in reduce function at work: it takes rows, and states that others of its kind came to, in the order of the rows' keys. What it is given may be used only until
// the call returns.
type Reducer interface {
	// Reset forgets what was added.
	Reset()
	// AddRow adds a row: a collation key and a value as JSON.
	AddRow(key, value []byte)
	// AddState adds what AppendState made of other rows.
	AddState(state []byte) error
	// AppendState appends what is to be kept of what was added.
	AppendState(dst []byte) []byte
	// AppendResult appends the value as JSON.
	AppendResult(dst []byte) []byte
}

// IsBuiltin reports whether a reduce function is named instead of written.
func IsBuiltin(source string) bool { return strings.HasPrefix(source, "_") }

// NewReducer returns a built-in reduce function by its name: _sum, _count, _stats, _approx_count_distinct, _top_N, _bottom_N, _first, _last.
func NewReducer(name string) (Reducer, error) {
	switch name {
	case "_sum":
		return &sum{}, nil
	case "_count":
		return &count{}, nil
	case "_stats":
		return &stats{}, nil
	case "_approx_count_distinct":
		return &distinct{}, nil
	case "_first":
		return &extremeRow{}, nil
	case "_last":
		return &extremeRow{last: true}, nil
	}
	for i, prefix := range []string{"_top_", "_bottom_"} {
		text, found := strings.CutPrefix(name, prefix)
		if n, err := strconv.Atoi(text); found && err == nil && n >= 1 && n <= maxRanked {
			return &ranked{limit: n, descending: i == 0}, nil
		}
	}
	return nil, core.NewError(400, "invalid_design_doc", "`"+name+"` is not a supported reduce function.")
}

// NeedsKeys reports whether a built-in reduce function looks at the keys of rows. Others may be given nil.
func NeedsKeys(name string) bool { return name == "_approx_count_distinct" }

var errState = core.ErrCorrupt.Because("a reduced value of a view cannot be read")

// count is _count.
type count struct{ rows uint64 }

func (c *count) Reset()             { c.rows = 0 }
func (c *count) AddRow(_, _ []byte) { c.rows++ }

func (c *count) AddState(state []byte) error {
	n, ok := rawjson.Int(state)
	if !ok {
		return errState
	}
	c.rows += uint64(n)
	return nil
}

func (c *count) AppendState(dst []byte) []byte  { return strconv.AppendUint(dst, c.rows, 10) }
func (c *count) AppendResult(dst []byte) []byte { return c.AppendState(dst) }

// failure is the value that a built-in function has, and its state, once it was given a value that it cannot reduce: CouchDB answers so, too. The first one stays.
type failure []byte

const failureStart = `{"error":"builtin_reduce_error","reason":`

func (f *failure) set(reason string, value []byte) {
	text := rawjson.AppendString([]byte(failureStart), reason)
	text = append(text, `,"caused_by":`...)
	*f = append(append(text, value...), '}')
}

// adopt reports whether a state is a failure of other rows, which then is that of all.
func (f *failure) adopt(state []byte) bool {
	if !strings.HasPrefix(string(state), failureStart) {
		return false
	}
	if *f == nil {
		*f = bytes.Clone(state)
	}
	return true
}
