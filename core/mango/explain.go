package mango

import (
	"strconv"
	"strings"

	"github.com/gouchdb/gouchdb/core/collation"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// Candidate is an index that was considered, and why it was not chosen.
type Candidate struct {
	Index  *Index // nil: the documents by their ids
	Usable bool
	// Reason is CouchDB's name: is_partial, field_mismatch, sort_order_mismatch, excluded_by_user, less_overlap, unfavored_type.
	Reason string
}

func (p *Plan) explainChoice(candidates []*candidate, best *candidate) {
	for _, c := range candidates {
		switch {
		case c == best:
		case c.refusal != "":
			p.Candidates = append(p.Candidates, Candidate{c.index, false, c.refusal})
		case best != nil && best.wanted && !c.wanted:
			p.Candidates = append(p.Candidates, Candidate{c.index, true, "excluded_by_user"})
		case best != nil && best.sorted && !c.sorted:
			p.Candidates = append(p.Candidates, Candidate{c.index, true, "sort_order_mismatch"})
		default:
			p.Candidates = append(p.Candidates, Candidate{c.index, true, "less_overlap"})
		}
	}
	switch {
	case best != nil && best.wanted:
		p.Candidates = append(p.Candidates, Candidate{nil, true, "excluded_by_user"})
	case best != nil || len(p.Parts) > 0:
		p.Candidates = append(p.Candidates, Candidate{nil, true, "unfavored_type"})
	}
}

// AppendExplain appends the answer to an explain: CouchDB's members, and of ours "ranges", how many stretches of the index are
// read, "sort_in_memory" and, for an $or that is answered from several indexes, "parts".
func (p *Plan) AppendExplain(dst []byte, database string) []byte {
	r := p.Request
	dst = append(dst, `{"dbname":`...)
	dst = rawjson.AppendString(dst, database)
	dst = append(dst, `,"index":`...)
	dst = p.Index.AppendDescription(dst)
	dst = append(dst, `,"partitioned":false,"selector":`...)
	dst = r.Selector.AppendJSON(dst)
	dst = append(dst, `,"opts":`...)
	dst = r.appendOptions(dst)
	dst = append(dst, `,"limit":`...)
	dst = strconv.AppendInt(dst, int64(r.Limit), 10)
	dst = append(dst, `,"skip":`...)
	dst = strconv.AppendInt(dst, int64(r.Skip), 10)
	dst = append(dst, `,"fields":`...)
	dst = r.appendFields(dst, `"all_fields"`)
	dst = append(dst, `,"index_candidates":[`...)
	for i, c := range p.Candidates {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = c.append(dst)
	}
	dst = append(dst, `],"mrargs":{"include_docs":`...)
	dst = rawjson.AppendBool(dst, !p.Covering)
	dst = append(dst, `,"view_type":"map","reduce":false,"partition":null,"start_key":`...)
	start, end := p.Bounds()
	if p.Descending {
		start, end = end, start
	}
	dst = append(dst, start...)
	dst = append(dst, `,"end_key":`...)
	dst = append(dst, end...)
	if p.Descending {
		dst = append(dst, `,"direction":"rev"`...)
	} else {
		dst = append(dst, `,"direction":"fwd"`...)
	}
	dst = append(dst, `,"stable":`...)
	dst = rawjson.AppendBool(dst, r.Stable)
	dst = append(dst, `,"update":`...)
	dst = rawjson.AppendBool(dst, !r.MayLag())
	dst = append(dst, `,"conflicts":`...)
	dst = rawjson.AppendBool(dst, r.Conflicts)
	dst = append(dst, `},"covering":`...)
	dst = rawjson.AppendBool(dst, p.Covering)
	dst = append(dst, `,"ranges":`...)
	dst = strconv.AppendInt(dst, int64(len(p.Ranges)), 10)
	dst = append(dst, `,"sort_in_memory":`...)
	dst = rawjson.AppendBool(dst, p.SortInMemory)
	if len(p.Parts) > 0 {
		dst = append(dst, `,"parts":[`...)
		for i, part := range p.Parts {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = part.Index.AppendDescription(dst)
		}
		dst = append(dst, ']')
	}
	return append(dst, '}')
}

func (c Candidate) append(dst []byte) []byte {
	dst = append(dst, `{"index":`...)
	dst = c.Index.AppendDescription(dst)
	dst = append(dst, `,"analysis":{"usable":`...)
	dst = rawjson.AppendBool(dst, c.Usable)
	dst = append(dst, `,"reasons":[{"name":`...)
	dst = rawjson.AppendString(dst, c.Reason)
	return append(dst, `}]}}`...)
}

func (r *Request) appendOptions(dst []byte) []byte {
	dst = append(dst, `{"use_index":`...)
	dst = rawjson.AppendQuoted(dst, r.UseIndex)
	dst = append(dst, `,"bookmark":`...)
	if r.Bookmark == "" {
		dst = rawjson.AppendString(dst, NoBookmark)
	} else {
		dst = rawjson.AppendString(dst, r.Bookmark)
	}
	dst = append(dst, `,"limit":`...)
	dst = strconv.AppendInt(dst, int64(r.Limit), 10)
	dst = append(dst, `,"skip":`...)
	dst = strconv.AppendInt(dst, int64(r.Skip), 10)
	dst = append(dst, `,"sort":`...)
	dst = appendFieldObject(dst, r.Sort)
	dst = append(dst, `,"fields":`...)
	dst = r.appendFields(dst, "[]")
	dst = append(dst, `,"partition":"","r":1,"conflicts":`...)
	dst = rawjson.AppendBool(dst, r.Conflicts)
	if r.Stale {
		dst = append(dst, `,"stale":"ok","update":`...)
	} else {
		dst = append(dst, `,"stale":false,"update":`...)
	}
	dst = rawjson.AppendBool(dst, !r.NoUpdate)
	dst = append(dst, `,"stable":`...)
	dst = rawjson.AppendBool(dst, r.Stable)
	dst = append(dst, `,"execution_stats":`...)
	dst = rawjson.AppendBool(dst, r.ExecutionStats)
	dst = append(dst, `,"allow_fallback":`...)
	dst = rawjson.AppendBool(dst, !r.NoFallback)
	return append(dst, '}')
}

func (r *Request) appendFields(dst []byte, whole string) []byte {
	if r.Fields == nil {
		return append(dst, whole...)
	}
	return rawjson.AppendQuoted(dst, r.Fields.Names)
}

// maximum is how CouchDB's explain writes what is above all values.
const maximum = `"<MAX>"`

// Bounds returns the lowest and the highest key that the ranges allow, as JSON texts for people: arrays of values of an index, ids of documents;
// null both when there are no ranges.
func (p *Plan) Bounds() (low, high string) {
	if len(p.Ranges) == 0 || len(p.Parts) > 0 {
		return "null", "null"
	}
	first, last := p.Ranges[0].Start, p.Ranges[len(p.Ranges)-1].End
	if p.Index != nil {
		return "[" + strings.Join(printKey(first), ",") + "]", "[" + strings.Join(append(printKey(last), maximum), ",") + "]"
	}
	low, high = "null", maximum
	if ids := printKey(first); len(ids) > 0 {
		low = ids[0]
	}
	if ids := printKey(last); len(ids) > 0 {
		high = ids[0]
	}
	return low, high
}

// printKey returns the values of a bound, as many as are whole.
func printKey(key []byte) []string {
	var values []string
	for len(key) > 0 {
		value, rest, err := collation.DecodeKey(nil, key)
		if err != nil { // the beginning of strings, of which only the end is missing
			value, rest, err = collation.DecodeKey(nil, append(key[:len(key):len(key)], 0))
		}
		if err != nil {
			break
		}
		values = append(values, string(value))
		key = rest
	}
	return values
}
