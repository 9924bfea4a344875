package server

import (
	"strings"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// parseViewQuery reads the options of a query of a view, with CouchDB's errors for impossible values. Unknown options are ignored, as there. Of
// options that say something of the same thing the last one counts. What only makes sense with a reduce, or without, is the view's to refuse.
func parseViewQuery(q query) (core.ViewOptions, error) {
	var options core.ViewOptions
	for _, p := range q {
		if err := readViewParameter(&options, p); err != nil {
			return core.ViewOptions{}, err
		}
	}
	return options, nil
}

func readViewParameter(options *core.ViewOptions, p parameter) (err error) {
	switch p.name {
	case "startkey", "start_key":
		options.StartKey, err = jsonParameter(p)
	case "endkey", "end_key":
		options.EndKey, err = jsonParameter(p)
	case "key":
		options.StartKey, err = jsonParameter(p)
		options.EndKey = options.StartKey
	case "keys":
		err = setViewKeys(options, p)
	case "startkey_docid", "start_key_doc_id":
		options.StartKeyDocID = textParameter(p)
	case "endkey_docid", "end_key_doc_id":
		options.EndKeyDocID = textParameter(p)
	case "limit":
		options.Limit, err = countParameter(p)
		if err == nil && options.Limit == 0 {
			options.Limit = core.NoRows
		}
	case "skip":
		options.Skip, err = countParameter(p)
	case "group_level":
		options.GroupLevel, err = countParameter(p)
		options.Group = false
	case "group":
		options.Group, err = boolParameter(p)
		options.GroupLevel = 0
	case "reduce":
		var reduce bool
		reduce, err = boolParameter(p)
		options.Reduce = &reduce
	case "inclusive_end":
		var inclusive bool
		inclusive, err = boolParameter(p)
		options.ExclusiveEnd = !inclusive
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
	case "update", "stale":
		options.Update, err = updateParameter(p)
	default:
		err = checkViewParameter(p)
	}
	return err
}

func textParameter(p parameter) string {
	if text, ok := rawjson.Text([]byte(p.text)); ok && p.json {
		return text
	}
	return p.text
}

func updateParameter(p parameter) (core.ViewUpdate, error) {
	if err := checkViewParameter(p); err != nil {
		return core.UpdateBefore, err
	}
	switch strings.Trim(p.text, `"`) {
	case "false", "ok":
		return core.UpdateNever, nil
	case "lazy", "update_after":
		return core.UpdateAfter, nil
	}
	return core.UpdateBefore, nil
}

// setViewKeys reads a list of keys. In a query string CouchDB takes a single one for a range of that key alone.
func setViewKeys(options *core.ViewOptions, p parameter) error {
	list, err := jsonParameter(p)
	if err != nil {
		return err
	}
	if rawjson.KindOf(list) != rawjson.Array {
		if p.json {
			return core.ErrBadRequest.Because("`keys` member must be an array.")
		}
		return core.ErrQueryParse.Because("`keys` must be an array of strings.")
	}
	keys := [][]byte{}
	for key := range rawjson.Elements(list) {
		keys = append(keys, key)
	}
	if len(keys) == 1 && !p.json {
		options.StartKey, options.EndKey = keys[0], keys[0]
		return nil
	}
	options.Keys = keys
	return nil
}
