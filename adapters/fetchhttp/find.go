package fetchhttp

import (
	"context"
	"strings"
	"time"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/wire"
)

var _ core.Finder = (*DB)(nil)

// building is how long a server may be silent when it is asked a query: it may have to build an index first, and says nothing meanwhile.
const building = 10 * time.Minute

// Find hands over the documents that the server finds, as they arrive.
func (db *DB) Find(ctx context.Context, request []byte, each func(doc []byte) error) (core.FindSummary, error) {
	rest, err := db.stream(ctx, call{method: "POST", path: "/_find", body: request, quiet: building}, "docs", each)
	if err != nil {
		return core.FindSummary{}, notImplemented(err)
	}
	return wire.ParseFindSummary(rest)
}

// Explain tells how the server would answer.
func (db *DB) Explain(ctx context.Context, request []byte) ([]byte, error) {
	text, err := db.ask(ctx, call{method: "POST", path: "/_explain", body: request})
	return text, notImplemented(err)
}

// CreateIndex makes an index on the server.
func (db *DB) CreateIndex(ctx context.Context, request []byte) (core.CreatedIndex, error) {
	text, err := db.ask(ctx, call{method: "POST", path: "/_index", body: request, quiet: building})
	if err != nil {
		return core.CreatedIndex{}, notImplemented(err)
	}
	return wire.ParseCreatedIndex(text)
}

// Indexes lists the server's indexes.
func (db *DB) Indexes(ctx context.Context) ([]core.IndexDescription, error) {
	text, err := db.ask(ctx, call{method: "GET", path: "/_index"})
	if err != nil {
		return nil, notImplemented(err)
	}
	return wire.ParseIndexes(text)
}

// DeleteIndex removes an index from the server.
func (db *DB) DeleteIndex(ctx context.Context, designDoc, name string) error {
	designDoc = strings.TrimPrefix(designDoc, core.DesignPrefix)
	if designDoc == "" || name == "" || hasNoURL(designDoc) || hasNoURL(name) {
		return core.ErrMissing
	}
	// PouchDB's servers need the prefix.
	_, err := db.ask(ctx, call{method: "DELETE", path: "/_index/" + escape(core.DesignPrefix+designDoc) + "/json/" + escape(name)})
	return err
}
