package main

import (
	"context"
	"os"
	"strings"

	"github.com/gouchdb/gouchdb"
)

// openSource opens a database that is only read. A file that is not there is not made: whoever mistyped its name would take a copy of nothing for a copy.
func openSource(ctx context.Context, location string) (*gouchdb.DB, error) {
	if path, isFile := strings.CutPrefix(location, "file:"); isFile && path != "" {
		if _, err := os.Stat(path); err != nil {
			return nil, err
		}
	}
	return gouchdb.Open(ctx, location, gouchdb.Options{})
}
