package engine

import (
	"context"
	"strconv"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/livequery"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/internal/regexps"
)

// liveFind finds, and reports what becomes of the result, until it is cancelled.
func liveFind(ctx context.Context, e *Engine, r *request) ([]byte, error) {
	db, err := e.peer(r, "db")
	if err != nil {
		return nil, err
	}
	if err := db.attach(r.call); err != nil {
		return nil, err
	}
	defer db.detach(r.call)
	source, ok := db.adapter().(livequery.Source)
	if !ok {
		return nil, core.ErrNotImplemented.Because("this database does not answer Mango queries")
	}
	return nil, livequery.Run(ctx, source, r.data, livequery.Options{Regexp: regexps.Compile}, func(update livequery.Update) error {
		e.deliver(r.call.id, Event, appendUpdate(nil, update))
		return nil
	})
}

func appendUpdate(dst []byte, update livequery.Update) []byte {
	dst = append(dst, `{"initial":`...)
	dst = rawjson.AppendBool(dst, update.Initial)
	dst = append(dst, `,"changes":[`...)
	for i, change := range update.Changes {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"type":`...)
		dst = rawjson.AppendString(dst, string(change.Type))
		dst = append(dst, `,"id":`...)
		dst = rawjson.AppendString(dst, change.ID)
		dst = appendIndex(dst, `,"from":`, change.From)
		dst = appendIndex(dst, `,"to":`, change.To)
		if change.Doc != nil {
			dst = append(dst, `,"doc":`...)
			dst = append(dst, change.Doc...)
		}
		dst = append(dst, '}')
	}
	dst = append(dst, ']')
	if update.Err != nil {
		dst = append(dst, `,"error":`...)
		dst = appendFailure(dst, core.AsError(update.Err))
	}
	return append(dst, '}')
}

func appendIndex(dst []byte, name string, index int) []byte {
	if index < 0 {
		return dst
	}
	return strconv.AppendInt(append(dst, name...), int64(index), 10)
}
