package server

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/core/wire"
)

// listing is one of the paths that list documents, with what it lists.
type listing struct {
	list func(*request, *allDocsQuery, func(*core.AllDocsRow) error) (listingSummary, error)
}

// listingSummary comes after the rows of a listing.
type listingSummary struct {
	core.AllDocsSummary
	uncounted bool // neither the total nor the offset is known
}

var listings map[string]*listing

func init() {
	// Not in the declaration: routing, which the handlers lead back to, uses it.
	listings = map[string]*listing{
		"_all_docs":    {list: (*request).listAll},
		"_design_docs": {list: (*request).listDesign},
		"_local_docs":  {list: (*request).listLocal},
	}
}

func (l *listing) get(req *request) error {
	return l.answer(req, req.query)
}

func (l *listing) post(req *request) error {
	text, err := req.postedObject()
	if err != nil {
		return err
	}
	return l.answer(req, req.query.withObject(text))
}

func (l *listing) answer(req *request, q query) error {
	parsed, err := parseAllDocsQuery(q)
	if err != nil {
		return err
	}
	out := req.stream("application/json")
	if err := l.append(req, parsed, out); err != nil {
		return err
	}
	out.text = append(out.text, '\n')
	return out.end()
}

// queries answers several queries in one answer.
func (l *listing) queries(req *request) error {
	queries, err := req.postedQueries()
	if err != nil {
		return err
	}
	var parsed []*allDocsQuery
	for _, q := range queries {
		one, err := parseAllDocsQuery(q)
		if err != nil {
			return err
		}
		parsed = append(parsed, one)
	}
	out := req.stream("application/json")
	out.text = append(out.text, `{"results":[`...)
	for i, one := range parsed {
		if i > 0 {
			out.text = append(out.text, ',')
		}
		if err := l.append(req, one, out); err != nil {
			return err
		}
	}
	out.text = append(out.text, "]}\n"...)
	return out.end()
}

// postedQueries reads a body that holds the options of several queries. Those of the query string hold for all of them.
func (req *request) postedQueries() ([]query, error) {
	text, err := req.postedObject()
	if err != nil {
		return nil, err
	}
	list := rawjson.Member(text, "queries")
	if list == nil {
		return nil, core.ErrBadRequest.Because("POST body must include `queries` parameter.")
	}
	if rawjson.KindOf(list) != rawjson.Array {
		return nil, core.ErrBadRequest.Because("`queries` member must be an array.")
	}
	var queries []query
	for element := range rawjson.Elements(list) {
		if rawjson.KindOf(element) != rawjson.Object {
			return nil, core.ErrBadRequest.Because("each of `queries` must be a JSON object")
		}
		queries = append(queries, req.query.withObject(element))
	}
	return queries, nil
}

// append streams the answer to one query. The counts come last: they are known when the rows have been read.
func (l *listing) append(req *request, q *allDocsQuery, out *stream) error {
	out.text = append(out.text, `{"rows":[`...)
	rows := 0
	summary, err := l.list(req, q, func(row *core.AllDocsRow) error {
		if rows > 0 {
			out.text = append(out.text, ',')
		}
		rows++
		if raw := q.rawKey(row.Key); raw != nil {
			out.text = append(append(append(out.text, `{"key":`...), raw...), `,"error":"not_found"}`...)
		} else {
			out.text = wire.AppendAllDocsRow(out.text, row, q.options.IncludeDocs)
		}
		return out.flushFull()
	})
	if err != nil {
		return err
	}
	out.text = append(out.text, "],"...)
	if summary.uncounted {
		out.text = append(out.text, `"total_rows":null,"offset":null`...)
		if summary.UpdateSeq != "" {
			out.text = core.AppendSeq(append(out.text, `,"update_seq":`...), req.db.sealSeq(summary.UpdateSeq))
		}
	} else {
		if summary.UpdateSeq != "" {
			summary.UpdateSeq = req.db.sealSeq(summary.UpdateSeq)
		}
		out.text = wire.AppendAllDocsSummary(out.text, summary.AllDocsSummary)
	}
	out.text = append(out.text, '}')
	return nil
}

func (req *request) listAll(q *allDocsQuery, each func(*core.AllDocsRow) error) (listingSummary, error) {
	options := q.options
	if q.none && options.Keys == nil {
		options.Limit, options.StartKey, options.EndKey = core.NoRows, nil, nil
	}
	summary, err := req.db.AllDocs(req.Context(), options, each)
	return listingSummary{AllDocsSummary: summary}, err
}

// listDesign lists design documents. As in CouchDB, the total is theirs, and the offset counts all documents before the first of them.
func (req *request) listDesign(q *allDocsQuery, each func(*core.AllDocsRow) error) (listingSummary, error) {
	first, last := core.DesignPrefix, strings.TrimSuffix(core.DesignPrefix, "/")+"0"
	count := uint64(0)
	summary, err := req.db.AllDocs(req.Context(), core.AllDocsOptions{StartKey: &first, EndKey: &last, ExclusiveEnd: true, UpdateSeq: q.options.UpdateSeq},
		func(*core.AllDocsRow) error { count++; return nil })
	if err != nil {
		return listingSummary{}, err
	}
	summary.TotalRows = count
	options := q.options
	if options.Keys != nil {
		summary.Offset = -1
		options.Keys = slices.DeleteFunc(slices.Clone(options.Keys), func(key string) bool { return !core.IsDesignID(key) })
	} else if !narrow(&options, first, last) || q.none {
		return listingSummary{AllDocsSummary: summary}, nil
	}
	_, err = req.db.AllDocs(req.Context(), options, each)
	return listingSummary{AllDocsSummary: summary}, err
}

// narrow cuts a range down to the ids from first up to, but without, last. It reports false when nothing is left.
func narrow(options *core.AllDocsOptions, first, last string) bool {
	low, high := options.StartKey, options.EndKey
	if options.Descending {
		low, high = high, low
	}
	if low == nil || *low < first {
		low = &first
	}
	if high == nil || *high >= last {
		// An id that is not valid text, so that the end may count as included or not.
		end := strings.TrimSuffix(last, "0") + "/\xff"
		high = &end
	}
	options.StartKey, options.EndKey = low, high
	if options.Descending {
		options.StartKey, options.EndKey = high, low
	}
	return *low <= *high
}

// localLister is an adapter that can list its local documents. A remote one cannot.
type localLister interface {
	LocalDocs(ctx context.Context, options core.AllDocsOptions, each func(*core.AllDocsRow) error) (core.AllDocsSummary, error)
}

var errEnough = errors.New("enough rows")

// listLocal lists local documents, but for the server's own. It skips and counts rows itself, since that one is not to be counted.
func (req *request) listLocal(q *allDocsQuery, each func(*core.AllDocsRow) error) (listingSummary, error) {
	lister, ok := capability[localLister](req.db.Adapter)
	if !ok {
		return listingSummary{}, core.ErrNotImplemented.Because("this database cannot list its local documents")
	}
	options := q.options
	skip, limit := options.Skip, options.Limit
	if q.none && options.Keys == nil {
		limit = core.NoRows
	}
	options.Skip, options.Limit = 0, 0
	summary, err := lister.LocalDocs(req.Context(), options, func(row *core.AllDocsRow) error {
		switch {
		case limit == core.NoRows:
			return errEnough
		case row.Key == settingsID && options.Keys == nil:
			return nil
		case skip > 0:
			skip--
			return nil
		}
		if row.Key == settingsID {
			row = &core.AllDocsRow{Key: row.Key, Missing: true}
		}
		if err := each(row); err != nil {
			return err
		}
		if limit--; limit == 0 {
			return errEnough
		}
		limit = max(limit, 0)
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return listingSummary{AllDocsSummary: summary, uncounted: true}, err
}
