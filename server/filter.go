package server

import (
	"strings"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/mango"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

var (
	errDocIDs   = core.ErrBadRequest.Because("`doc_ids` filter parameter is not a list of doc ids.")
	errSelector = core.ErrBadRequest.Because("Selector error: expected a JSON object")
)

// parseFilter reads which documents a feed is to show. The lists and selectors of the builtin filters come in the body.
func (parsed *changesRequest) parseFilter(q query, body []byte) (err error) {
	options := &parsed.options
	filter, _ := q.get("filter")
	switch {
	case filter == "":
	case filter == "_design":
		options.Filter.DesignDocs = true
	case filter == "_doc_ids":
		options.DocIDs, err = parseDocIDs(q, body)
	case filter == "_selector":
		err = parsed.parseSelector(body)
	case filter == "_view":
		view, ok := q.get("view")
		if !ok {
			return core.ErrBadRequest.Because("`view` filter parameter is not provided.")
		}
		options.Filter.View = view
	case filter[0] == '_' && !strings.HasPrefix(filter, core.DesignPrefix):
		return core.ErrBadRequest.Because("unknown builtin filter name")
	default:
		options.Filter.DesignFilter = filter
		options.Filter.QueryParams = q.object()
	}
	if err != nil {
		return err
	}
	return options.CheckFilter()
}

func parseDocIDs(q query, body []byte) ([]string, error) {
	var value []byte
	if body != nil {
		value = rawjson.Member(body, "doc_ids")
	} else if text, ok := q.get("doc_ids"); ok {
		if rawjson.Validate([]byte(text)) != nil {
			return nil, core.ErrBadJSON
		}
		value = []byte(text)
	}
	docIDs, ok := rawjson.Texts(value)
	if !ok {
		return nil, errDocIDs
	}
	return docIDs, nil
}

func (parsed *changesRequest) parseSelector(body []byte) (err error) {
	if body == nil {
		return core.ErrBadRequest.Because("Selector must be specified in POST payload")
	}
	parsed.options.Filter.Selector = rawjson.Member(body, "selector")
	if rawjson.KindOf(parsed.options.Filter.Selector) != rawjson.Object {
		return errSelector
	}
	if fields := rawjson.Member(body, "fields"); fields != nil {
		parsed.fields, err = mango.ParseFields(fields)
	}
	return err
}

// object returns the options as a JSON object of texts, which is what filter functions find in req.query.
func (q query) object() []byte {
	object := []byte{'{'}
	for i, p := range q {
		if i > 0 {
			object = append(object, ',')
		}
		object = rawjson.AppendString(object, p.name)
		object = append(object, ':')
		object = rawjson.AppendString(object, p.text)
	}
	return append(object, '}')
}
