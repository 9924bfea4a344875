package engine

import (
	"context"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/core/wire"
)

// finder returns a database as one that answers Mango queries, and checks that there is a request for it.
func finder(db core.Adapter, r *request) (core.Finder, error) {
	if rawjson.KindOf(r.data) != rawjson.Object {
		return nil, core.ErrBadRequest.Because("the request must be a JSON object")
	}
	finder, ok := db.(core.Finder)
	if !ok {
		return nil, core.ErrNotImplemented.Because("this database does not answer Mango queries")
	}
	return finder, nil
}

func find(ctx context.Context, db core.Adapter, r *request) ([]byte, error) {
	finder, err := finder(db, r)
	if err != nil {
		return nil, err
	}
	rows := r.call.rows("docs", false)
	summary, err := finder.Find(ctx, r.data, func(doc []byte) error {
		rows.next(len(doc) + 512)
		rows.text = append(rows.text, doc...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return append(wire.AppendFindSummary(rows.end(), summary), '}'), nil
}

func explain(ctx context.Context, db core.Adapter, r *request) ([]byte, error) {
	finder, err := finder(db, r)
	if err != nil {
		return nil, err
	}
	return finder.Explain(ctx, r.data)
}

func createIndex(ctx context.Context, db core.Adapter, r *request) ([]byte, error) {
	finder, err := finder(db, r)
	if err != nil {
		return nil, err
	}
	created, err := finder.CreateIndex(ctx, r.data)
	return wire.AppendCreatedIndex(nil, created), err
}

func getIndexes(ctx context.Context, db core.Adapter, r *request) ([]byte, error) {
	r.data = []byte("{}") // there is nothing to be said
	finder, err := finder(db, r)
	if err != nil {
		return nil, err
	}
	indexes, err := finder.Indexes(ctx)
	return wire.AppendIndexes(nil, indexes, len(indexes)), err
}

// deleteIndex takes an index as getIndexes shows it.
func deleteIndex(ctx context.Context, db core.Adapter, r *request) ([]byte, error) {
	finder, err := finder(db, r)
	if err != nil {
		return nil, err
	}
	index := options{text: r.data}
	designDoc, name := index.string("ddoc"), index.string("name")
	if index.err != nil {
		return nil, index.err
	}
	if kind := index.string("type"); kind != "" && kind != "json" {
		return nil, core.ErrMissing
	}
	return ok, finder.DeleteIndex(ctx, designDoc, name)
}
