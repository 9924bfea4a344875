package mapreduce

import (
	"bytes"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/collation"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// Query is what the options of a query ask for, once they are checked.
type Query struct {
	Reduce bool
	// Level is how rows are grouped for a reduce: by this many elements of their keys, by the whole keys (GroupExact), or not at all (0).
	Level int
	// Ranges are what is asked for, in reading order. With keys there is one for each.
	Ranges []Range
	// Descending says in which direction each range is read.
	Descending bool
	Skip       int
	Limit      int // as in the options
}

// GroupExact as a level groups by whole keys.
const GroupExact = -1

// Range is a range of row keys.
type Range struct {
	From []byte // inclusive; nil: from the first
	To   []byte // exclusive; nil: to the last
}

// Check makes a query of options, for a view that has a reduce function or none. Errors: those of CouchDB, ErrQueryParse and for what is no JSON
// ErrBadJSON.
func Check(options *core.ViewOptions, hasReduce bool) (*Query, error) {
	q := &Query{Reduce: hasReduce, Descending: options.Descending, Skip: options.Skip, Limit: options.Limit}
	if options.Reduce != nil {
		if *options.Reduce && !hasReduce {
			return nil, core.ErrQueryParse.Because("Reduce is invalid for map-only views.")
		}
		q.Reduce = *options.Reduce
	}
	if options.Skip < 0 || options.GroupLevel < 0 {
		return nil, core.ErrQueryParse.Because("skip and group_level must not be negative")
	}
	grouped := options.Group || options.GroupLevel > 0
	switch {
	case grouped && !q.Reduce:
		return nil, core.ErrQueryParse.Because("Invalid use of grouping on a map view.")
	case q.Reduce && options.IncludeDocs:
		return nil, core.ErrQueryParse.Because("`include_docs` is invalid for reduce")
	case q.Reduce && options.Conflicts:
		return nil, core.ErrQueryParse.Because("`conflicts` is invalid for reduce views.")
	case q.Reduce && options.Keys != nil && !grouped:
		return nil, core.ErrQueryParse.Because("Multi-key fetches for reduce views must use `group=true`")
	case options.GroupLevel > 0:
		q.Level = options.GroupLevel
	case options.Group:
		q.Level = GroupExact
	}
	return q, q.setRanges(options)
}

func (q *Query) setRanges(options *core.ViewOptions) error {
	for _, key := range [][]byte{options.Key, options.StartKey, options.EndKey} {
		if key != nil && rawjson.Validate(key) != nil {
			return core.ErrBadJSON
		}
	}
	for _, key := range options.Keys {
		if rawjson.Validate(key) != nil {
			return core.ErrBadJSON
		}
	}
	if options.Keys != nil {
		q.Ranges = make([]Range, len(options.Keys))
		for i, key := range options.Keys {
			if q.Descending && !q.Reduce { // grouped keys stay in their order, as in CouchDB
				i = len(options.Keys) - 1 - i
			}
			q.Ranges[i] = between(options, key, key)
		}
		return nil
	}
	start, end := options.StartKey, options.EndKey
	if options.Key != nil {
		start, end = options.Key, options.Key
	}
	if start != nil && end != nil {
		switch order := collation.Compare(start, end); {
		case order > 0 && !options.Descending:
			return core.ErrQueryParse.Because("No rows can match your key range, reverse your start_key and end_key or set descending=true")
		case order < 0 && options.Descending:
			return core.ErrQueryParse.Because("No rows can match your key range, reverse your start_key and end_key or set descending=false")
		}
	}
	q.Ranges = []Range{between(options, start, end)}
	return nil
}

// between makes a range of two keys in reading order.
func between(options *core.ViewOptions, start, end []byte) Range {
	first := edge(start, options.StartKeyDocID)
	last := edge(end, options.EndKeyDocID)
	if !options.Descending {
		if last != nil && !options.ExclusiveEnd {
			last = append(last, collation.Highest)
		}
		return Range{From: first, To: last}
	}
	if first != nil {
		first = append(first, collation.Highest)
	}
	if last != nil && options.ExclusiveEnd {
		last = append(last, collation.Highest)
	}
	return Range{From: last, To: first}
}

// edge is where the rows of a key, and perhaps of a document, begin.
func edge(key []byte, docID string) []byte {
	if key == nil {
		return nil
	}
	at := collation.AppendKey(nil, key)
	if docID != "" {
		at = collation.AppendString(at, docID)
	}
	return at
}

// Empty reports whether no row key can be in the range.
func (r Range) Empty() bool { return r.To != nil && bytes.Compare(r.From, r.To) >= 0 }

// Intersection returns what is in both ranges.
func (r Range) Intersection(other Range) Range {
	if bytes.Compare(other.From, r.From) > 0 {
		r.From = other.From
	}
	if other.To != nil && (r.To == nil || bytes.Compare(other.To, r.To) < 0) {
		r.To = other.To
	}
	return r
}
