package gouchdb_test

import (
	"bytes"
	"context"
	"fmt"
	"log"

	"github.com/gouchdb/gouchdb"
)

// A dump of a server's database, loaded elsewhere: replication between the two then copies what is newer, and looks at nothing else.
func ExampleDB_Load() {
	ctx := context.Background()
	server, device := mustOpen(ctx, "memory:server"), mustOpen(ctx, "memory:device")
	defer server.Close()
	defer device.Close()
	for _, id := range []string{"milk", "tea"} {
		if _, err := server.Put(ctx, id, Task{ID: id}); err != nil {
			log.Fatal(err)
		}
	}

	var file bytes.Buffer
	if _, err := server.Dump(ctx, &file); err != nil {
		log.Fatal(err)
	}
	summary, err := device.Load(ctx, &file)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := server.Put(ctx, "bread", Task{ID: "bread"}); err != nil {
		log.Fatal(err)
	}
	result, err := gouchdb.Replicate(ctx, server, device, gouchdb.ReplicateOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(summary.Documents, "loaded,", result.MissingChecked, "looked at")
	// Output: 2 loaded, 1 looked at
}
