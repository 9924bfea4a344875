package gouchdb_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/gouchdb/gouchdb"
)

type Task struct {
	ID    string `json:"_id"`
	Rev   string `json:"_rev,omitempty"`
	Title string `json:"title"`
	Done  bool   `json:"done"`
}

// mustOpen opens a database where an example is about something else.
func mustOpen(ctx context.Context, location string) *gouchdb.DB {
	db, err := gouchdb.Open(ctx, location, gouchdb.Options{})
	if err != nil {
		log.Fatal(err)
	}
	return db
}

func Example() {
	ctx := context.Background()
	db, err := gouchdb.Open(ctx, "memory:tasks", gouchdb.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()

	if _, err := db.Put(ctx, "milk", Task{ID: "milk", Title: "Buy milk"}); err != nil {
		log.Fatal(err)
	}
	doc, err := db.Get(ctx, "milk", gouchdb.GetOptions{})
	if err != nil {
		log.Fatal(err)
	}
	var task Task
	if err := doc.Decode(&task); err != nil {
		log.Fatal(err)
	}
	task.Done = true
	if _, err := db.Put(ctx, task.ID, task); err != nil {
		log.Fatal(err)
	}
	for row, err := range db.AllDocs(ctx, gouchdb.AllDocsOptions{IncludeDocs: true}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(row.ID, string(row.Doc.JSON()[len(`{"_id":"milk","_rev":"2-00000000000000000000000000000000",`):]))
	}
	// Output: milk "title":"Buy milk","done":true}
}

func ExampleDB_Put() {
	ctx := context.Background()
	db, err := gouchdb.Open(ctx, "memory:tasks", gouchdb.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()

	rev, err := db.Put(ctx, "milk", map[string]any{"title": "Buy milk"})
	fmt.Println(rev, err)

	// Without the revision it replaces, an edit is a conflict.
	_, err = db.Put(ctx, "milk", map[string]any{"title": "Buy oat milk"})
	fmt.Println(errors.Is(err, gouchdb.ErrConflict))

	rev, err = db.Put(ctx, "milk", map[string]any{"_rev": rev, "title": "Buy oat milk"})
	fmt.Println(rev, err)
	// Output:
	// 1-26e46a97b9347b09d2ed1f6d67404947 <nil>
	// true
	// 2-7f96304b65d4831d9194db8b4693827a <nil>
}

func ExampleDB_Changes() {
	ctx := context.Background()
	db, err := gouchdb.Open(ctx, "memory:tasks", gouchdb.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()

	go func() {
		for _, id := range []string{"bread", "milk"} {
			if _, err := db.Put(ctx, id, map[string]any{}); err != nil {
				log.Print(err)
			}
		}
	}()
	seen := 0
	for change, err := range db.Changes(ctx, gouchdb.ChangesOptions{Live: true}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(change.Seq, change.ID)
		if seen++; seen == 2 {
			break
		}
	}
	// Output:
	// 1 bread
	// 2 milk
}

// Two replicas change the same document apart from each other. After they have met, both have both versions, agree on the winner, and
// either can resolve the conflict.
func ExampleReplicate() {
	ctx := context.Background()
	phone, laptop := mustOpen(ctx, "memory:phone"), mustOpen(ctx, "memory:laptop")
	defer phone.Close()
	defer laptop.Close()

	if _, err := phone.Put(ctx, "milk", map[string]any{"litres": 1}); err != nil {
		log.Fatal(err)
	}
	if _, err := laptop.Put(ctx, "milk", map[string]any{"litres": 2}); err != nil {
		log.Fatal(err)
	}
	if _, _, err := phone.SyncWith(ctx, laptop, gouchdb.ReplicateOptions{}); err != nil {
		log.Fatal(err)
	}

	winner, err := laptop.Get(ctx, "milk", gouchdb.GetOptions{Conflicts: true})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("conflicts:", len(winner.Conflicts))
	for _, rev := range winner.Conflicts {
		if _, err := laptop.Delete(ctx, "milk", rev); err != nil {
			log.Fatal(err)
		}
	}
	if _, err := gouchdb.Replicate(ctx, laptop, phone, gouchdb.ReplicateOptions{}); err != nil {
		log.Fatal(err)
	}
	resolved, err := phone.Get(ctx, "milk", gouchdb.GetOptions{Conflicts: true})
	fmt.Println("conflicts:", len(resolved.Conflicts), err, resolved.Rev == winner.Rev)
	// Output:
	// conflicts: 1
	// conflicts: 0 <nil> true
}
