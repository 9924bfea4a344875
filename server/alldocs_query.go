package server

import (
	"math"
	"strconv"
	"strings"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// allDocsQuery is what a listing was asked for.
type allDocsQuery struct {
	options core.AllDocsOptions
	none    bool     // the range begins or ends where no id can be
	rawKeys [][]byte // the JSON text of each of options.Keys, in case it is not a string
}

// parseAllDocsQuery reads the options of a listing, with CouchDB's errors for impossible values. Unknown options are ignored, as there.
func parseAllDocsQuery(q query) (*allDocsQuery, error) {
	parsed := &allDocsQuery{}
	options := &parsed.options
	var start, end []byte
	for _, p := range q {
		var err error
		switch p.name {
		case "startkey", "start_key":
			start, err = jsonParameter(p)
		case "endkey", "end_key":
			end, err = jsonParameter(p)
		case "key":
			start, err = jsonParameter(p)
			end = start
		case "keys":
			err = parsed.setKeys(p)
		case "limit":
			options.Limit, err = countParameter(p)
			if err == nil && options.Limit == 0 {
				options.Limit = core.NoRows
			}
		case "skip":
			options.Skip, err = countParameter(p)
		case "descending":
			options.Descending, err = boolParameter(p)
		case "include_docs":
			options.IncludeDocs, err = boolParameter(p)
		case "conflicts":
			options.Conflicts, err = boolParameter(p)
		case "attachments":
			options.Attachments, err = boolParameter(p)
		case "update_seq":
			options.UpdateSeq, err = boolParameter(p)
		case "inclusive_end":
			var inclusive bool
			inclusive, err = boolParameter(p)
			options.ExclusiveEnd = !inclusive
		default:
			err = checkViewParameter(p)
		}
		if err != nil {
			return nil, err
		}
	}
	parsed.setRange(start, end)
	return parsed, nil
}

// checkViewParameter refuses what has a meaning for views only, or an impossible value.
func checkViewParameter(p parameter) error {
	switch p.name {
	case "reduce":
		if reduce, err := boolParameter(p); err != nil || !reduce {
			return err
		}
		return core.ErrQueryParse.Because("Reduce is invalid for map-only views.")
	case "group":
		if group, err := boolParameter(p); err != nil || !group {
			return err
		}
		return core.ErrQueryParse.Because("Invalid use of grouping on a map view.")
	case "group_level":
		return core.ErrQueryParse.Because("Invalid use of grouping on a map view.")
	case "partition":
		return core.ErrQueryParse.Because("`partition` parameter is not supported on this db")
	case "attachments", "sorted":
		_, err := boolParameter(p)
		return err
	case "stale":
		return oneOf(p, "ok", "update_after")
	case "stable":
		return oneOf(p, "true", "false")
	case "update":
		return oneOf(p, "true", "false", "lazy")
	}
	return nil
}

func oneOf(p parameter, values ...string) error {
	text := strings.Trim(p.text, `"`)
	for _, value := range values {
		if text == value {
			return nil
		}
	}
	return core.ErrQueryParse.Because("Invalid value for `" + p.name + "`.")
}

func jsonParameter(p parameter) ([]byte, error) {
	text := []byte(p.text)
	if !p.json && rawjson.Validate(text) != nil {
		return nil, core.ErrBadJSON
	}
	return rawjson.Trim(text), nil
}

func boolParameter(p parameter) (bool, error) {
	switch strings.ToLower(strings.Trim(p.text, `"`)) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, core.ErrQueryParse.Because("Invalid boolean parameter: " + strconv.Quote(p.text))
}

func countParameter(p parameter) (int, error) {
	n, err := strconv.Atoi(p.text)
	switch {
	case err != nil:
		return 0, core.ErrQueryParse.Because("Invalid value for integer: " + shown(p))
	case n < 0:
		return 0, core.ErrQueryParse.Because("Invalid value for positive integer: " + shown(p))
	}
	return min(n, math.MaxInt32), nil
}

// shown is a value as CouchDB shows it in an error: the empty string is an empty list to Erlang, and one in a body is bytes.
func shown(p parameter) string {
	switch {
	case p.json && strings.HasPrefix(p.text, `"`):
		return "<<" + p.text + ">>"
	case p.json:
		return p.text
	case p.text == "":
		return "[]"
	}
	return strconv.Quote(p.text)
}

func (q *allDocsQuery) setKeys(p parameter) error {
	keys, err := jsonParameter(p)
	if err != nil {
		return err
	}
	if rawjson.KindOf(keys) != rawjson.Array {
		if p.json {
			return core.ErrBadRequest.Because("`keys` body member must be an array.")
		}
		return core.ErrBadRequest.Because("`keys` parameter must be an array.")
	}
	q.options.Keys, q.rawKeys = []string{}, nil
	for key := range rawjson.Elements(keys) {
		docID, ok := rawjson.Text(key)
		if !ok {
			// No document has such an id: it is not UTF-8. The row shows the key as it was sent.
			docID = "\xff" + strconv.Itoa(len(q.rawKeys))
		}
		q.options.Keys = append(q.options.Keys, docID)
		q.rawKeys = append(q.rawKeys, key)
	}
	return nil
}

// rawKey returns the JSON text of a key that is not a string, nil of any other.
func (q *allDocsQuery) rawKey(key string) []byte {
	if key == "" || key[0] != 0xff {
		return nil
	}
	i, err := strconv.Atoi(key[1:])
	if err != nil || i >= len(q.rawKeys) {
		return nil
	}
	return q.rawKeys[i]
}

// setRange turns keys of any type into a range of ids. Null, booleans and numbers come before all strings, arrays and objects after them.
func (q *allDocsQuery) setRange(start, end []byte) {
	before, after := -1, 1
	if q.options.Descending {
		before, after = 1, -1
	}
	if start != nil {
		switch side(start) {
		case 0:
			text, _ := rawjson.Text(start)
			q.options.StartKey = &text
		case after:
			q.none = true
		}
	}
	if end != nil {
		switch side(end) {
		case 0:
			text, _ := rawjson.Text(end)
			q.options.EndKey = &text
		case before:
			q.none = true
		}
	}
}

// side tells where a value sorts: -1 before all strings, 0 among them, 1 after them.
func side(value []byte) int {
	switch rawjson.KindOf(value) {
	case rawjson.String:
		return 0
	case rawjson.Array, rawjson.Object:
		return 1
	}
	return -1
}

// contains reports whether the range holds a name.
func (q *allDocsQuery) contains(name string) bool {
	if q.none {
		return false
	}
	low, high := q.options.StartKey, q.options.EndKey
	if q.options.Descending {
		low, high = high, low
	}
	if low != nil && name < *low || high != nil && name > *high {
		return false
	}
	return !q.options.ExclusiveEnd || q.options.EndKey == nil || name != *q.options.EndKey
}
