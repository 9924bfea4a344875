//go:build js && wasm && node

package main

import (
	"context"

	"github.com/gouchdb/gouchdb/adapters/file"
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/wasm/internal/engine"
)

// Only the engine that Node loads has files: they would make what a page loads 45 KB larger, for nothing.
func init() {
	openers["file"] = engine.Opener{
		Open: func(ctx context.Context, path string, options []byte) (core.Adapter, error) {
			return adapter(file.Open(ctx, path, file.Options{Docs: docOptions(options), Store: logOptions(options, logkv.Strict)}))
		},
	}
}
