package livequery

import (
	"strconv"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/mango"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// request is what is asked for.
type request struct {
	*mango.Request
	skip, end int    // of the result in their order, what is shown
	head      []byte // of the text of a find, up to its limit
}

// mostDocs stands for no limit. It is small enough to be calculated with where an int has 32 bits.
const mostDocs = 1 << 29

// byID is the order when none is asked for.
const byID = `[{"_id":"asc"}]`

// parse reads the body of a find: selector, sort, skip, limit, fields, conflicts, use_index and allow_fallback. Unlike in a find, no limit means no limit, and no order
// means the order of ids: a result whose order depends on the indexes that happen to be there could not be kept.
func parse(text []byte, engine mango.Engine) (*request, error) {
	parsed, err := mango.ParseRequest(text, engine)
	if err != nil {
		return nil, err
	}
	r := &request{Request: parsed, end: mostDocs, head: []byte{'{'}}
	sort := []byte(byID)
	for name, value := range rawjson.Members(rawjson.AppendCanonical(nil, text)) {
		name, _ := rawjson.Text(name)
		switch name {
		case "sort":
			if len(parsed.Sort) > 0 {
				sort = value
			}
		case "selector", "use_index", "allow_fallback":
			r.member(name, value)
		case "conflicts":
			if parsed.Conflicts {
				r.member(name, value)
			}
		case "limit":
			r.end = parsed.Limit
		case "skip":
			r.skip = min(parsed.Skip, mostDocs)
		case "fields":
		default:
			return nil, core.ErrBadRequest.Because("a live query has no option " + strconv.Quote(name))
		}
	}
	r.end = min(r.end, mostDocs-r.skip) + r.skip
	r.member("sort", sort)
	if len(parsed.Sort) == 0 {
		ordered, err := mango.ParseRequest([]byte(`{"selector":{},"sort":`+byID+`}`), nil)
		if err != nil {
			return nil, err
		}
		parsed.Sort = ordered.Sort
	}
	return r, nil
}

func (r *request) member(name string, value []byte) {
	r.head = append(append(append(r.head, '"'), name...), `":`...)
	r.head = append(append(r.head, value...), ',')
}

// find is the text of a find of whole documents from the first one on.
func (r *request) find(limit int) []byte {
	text := append(append([]byte(nil), r.head...), `"limit":`...)
	return append(strconv.AppendInt(text, int64(limit), 10), '}')
}

// limited reports whether there may be more matching documents than are shown.
func (r *request) limited() bool { return r.end < mostDocs }

// entryOf returns a document's place in the result, nil when it is not in it.
func (r *request) entryOf(doc *core.Document) (*entry, error) {
	if doc.Deleted || core.IsDesignID(doc.ID) {
		return nil, nil
	}
	matches, err := r.Selector.Matches(doc)
	if err != nil || !matches {
		return nil, err
	}
	position, ok := r.Position(doc)
	if !ok {
		return nil, nil
	}
	e := &entry{id: doc.ID, position: position}
	if r.Fields != nil {
		e.doc = r.Fields.Append(nil, doc)
	} else {
		e.doc = doc.AppendJSON(nil)
	}
	return e, nil
}
