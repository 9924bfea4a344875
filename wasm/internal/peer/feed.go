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
	if options.Wait > 0 {
		arguments = strconv.AppendInt(append(arguments, `,"wait":`...), options.Wait.Milliseconds(), 10)
	}
	text, _, err := db.call(ctx, "changes", string(arguments), nil)
	if err != nil {
		return core.ChangesSummary{}, err
	}
	return wire.ParseChanges(text, each)
}

// RevsDiff implements [core.Adapter].
func (db *DB) RevsDiff(ctx context.Context, requests []core.DocRevs) ([]core.RevsDiff, error) {
	text, _, err := db.call(ctx, "revsDiff", string(wire.AppendDocRevs([]byte(`"revs":`), requests)), nil)
	if err != nil {
		return nil, err
	}
	return wire.ParseRevsDiff(text)
}
