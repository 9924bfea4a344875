package gouchdb_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"

	"github.com/gouchdb/gouchdb"
)

func ExampleDB_View() {
	ctx := context.Background()
	db, err := gouchdb.Open(ctx, "memory:expenses", gouchdb.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	for id, expense := range map[string]any{
		"rent":  map[string]any{"on": []int{2026, 11, 1}, "amount": 800},
		"bread": map[string]any{"on": []int{2026, 11, 3}, "amount": 4},
		"train": map[string]any{"on": []int{2026, 12, 24}, "amount": 60},
		"_design/expenses": json.RawMessage(`{"views": {"by_date": {
			"map": "function (doc) { emit(doc.on, doc.amount) }",
			"reduce": "_sum"
		}}}`),
	} {
		if _, err := db.Put(ctx, id, expense); err != nil {
			log.Fatal(err)
		}
	}
	for row, err := range db.View(ctx, "expenses", "by_date", gouchdb.ViewOptions{GroupLevel: 2}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s: %s\n", row.Key, row.Value)
	}
	november := gouchdb.ViewOptions{NoReduce: true, StartKey: []int{2026, 11}, EndKey: []int{2026, 12}}
	for row, err := range db.View(ctx, "expenses", "by_date", november) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(row.ID, string(row.Value))
	}
	// Output:
	// [2026,11]: 804
	// [2026,12]: 60
	// rent 800
	// bread 4
}

func ExampleDB_QueryView() {
	ctx := context.Background()
	db, err := gouchdb.Open(ctx, "memory:tasks", gouchdb.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	for id, done := range map[string]bool{"milk": true, "bread": false, "eggs": false} {
		if _, err := db.Put(ctx, id, Task{ID: id, Title: "Buy " + id, Done: done}); err != nil {
			log.Fatal(err)
		}
	}

	byState := gouchdb.View{
		Name: "tasks by state", Version: "1",
		Map: func(doc *gouchdb.Document, emit func(key, value any)) error {
			var task Task
			if err := doc.Decode(&task); err != nil {
				return err
			}
			emit(task.Done, task.Title)
			return nil
		},
		Reduce: "_count",
	}
	for row, err := range db.QueryView(ctx, byState, gouchdb.ViewOptions{Group: true}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("done:", string(row.Key), "tasks:", string(row.Value))
	}
	for row, err := range db.QueryView(ctx, byState, gouchdb.ViewOptions{NoReduce: true, Key: false}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(row.ID, string(row.Value))
	}
	// Output:
	// done: false tasks: 2
	// done: true tasks: 1
	// bread "Buy bread"
	// eggs "Buy eggs"
}
