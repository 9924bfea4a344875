package peer

import (
	"context"
	"strconv"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/core/wire"
)

// Changes implements [core.Adapter].
func (db *DB) Changes(ctx context.Context, options core.ChangesOptions, each func(*core.Change) error) (core.ChangesSummary, error) {
	if options.IncludeDocs || options.Descending || options.Limit == core.NoRows {
		return core.ChangesSummary{}, unneeded()
	}
	arguments := core.AppendSeq([]byte(`"since":`), options.Since)
	if options.Limit > 0 {
		arguments = strconv.AppendInt(append(arguments, `,"limit":`...), int64(options.Limit), 10)
	}
	if options.AllLeaves {
		arguments = append(arguments, `,"style":"all_docs"`...)
	}
	if options.DocIDs != nil {
		arguments = rawjson.AppendQuoted(append(arguments, `,"doc_ids":`...), options.DocIDs)
	}
	arguments = appendFilter(arguments, &options.Filter)
	if options.Wait > 0 {
		arguments = strconv.AppendInt(append(arguments, `,"wait":`...), options.Wait.Milliseconds(), 10)
	}
	text, _, err := db.call(ctx, "changes", string(arguments), nil)
	if err != nil {
		return core.ChangesSummary{}, err
	}
	return wire.ParseChanges(text, each)
}

// appendFilter appends a filter as PouchDB knows it.
func appendFilter(dst []byte, filter *core.ChangesFilter) []byte {
	switch {
	case filter.DesignDocs:
		dst = append(dst, `,"filter":"_design"`...)
	case filter.Selector != nil:
		dst = append(append(dst, `,"filter":"_selector","selector":`...), filter.Selector...)
	case filter.View != "":
		dst = rawjson.AppendString(append(dst, `,"filter":"_view","view":`...), filter.View)
	case filter.DesignFilter != "":
		dst = rawjson.AppendString(append(dst, `,"filter":`...), filter.DesignFilter)
		if filter.QueryParams != nil {
			dst = append(append(dst, `,"query_params":`...), filter.QueryParams...)
		}
	}
	return dst
}

// RevsDiff implements [core.Adapter].
func (db *DB) RevsDiff(ctx context.Context, requests []core.DocRevs) ([]core.RevsDiff, error) {
	text, _, err := db.call(ctx, "revsDiff", string(wire.AppendDocRevs([]byte(`"revs":`), requests)), nil)
	if err != nil {
		return nil, err
	}
	return wire.ParseRevsDiff(text)
}
