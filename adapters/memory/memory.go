// Package memory keeps databases in memory, for tests, caches, and as the quick half of a replication. It is docstore over memkv.
//
// What a closed database held is gone. Two opened under one name have nothing in common.
package memory

import (
	"context"

	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/kv/memkv"
)

// Open returns a new, empty database.
func Open(ctx context.Context, name string) (*docstore.DB, error) {
	return OpenWith(ctx, docstore.Options{Name: name})
}

// OpenWith is [Open] with the options of docstore. Its Adapter is "memory" unless it is set.
func OpenWith(ctx context.Context, options docstore.Options) (*docstore.DB, error) {
	if options.Adapter == "" {
		options.Adapter = "memory"
	}
	return docstore.Open(ctx, memkv.New(), options)
}
