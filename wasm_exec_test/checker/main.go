//go:build js && wasm

// Command checker checks databases in the IndexedDB of the page that it runs in: it opens those that its arguments name, goes through all data, and
// prints one line of JSON for each. It ends with 1 if it found problems or could not look.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/gouchdb/gouchdb/adapters/indexeddb"
	"github.com/gouchdb/gouchdb/core/docstore"
)

func main() {
	status := 0
	for _, name := range os.Args[1:] {
		report, err := check(context.Background(), name)
		if err != nil {
			report.Problems = append(report.Problems, err.Error())
		}
		line, err := json.Marshal(report)
		if err != nil || len(report.Problems) > 0 {
			status = 1
		}
		fmt.Println(string(line))
	}
	os.Exit(status)
}

func check(ctx context.Context, name string) (docstore.Report, error) {
	db, err := indexeddb.Open(ctx, name, indexeddb.Relaxed())
	if err != nil {
		return docstore.Report{}, err
	}
	defer db.Close()
	return db.Check(ctx)
}
