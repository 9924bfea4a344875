package gouchdb_test

import (
	"context"
	"fmt"
	"log"

	"github.com/gouchdb/gouchdb"
)

// people returns a database with some documents.
func people(ctx context.Context) *gouchdb.DB {
	db := mustOpen(ctx, "memory:people")
	for name, age := range map[string]int{"ada": 36, "bea": 41, "cem": 30, "dan": 12} {
		if _, err := db.Put(ctx, name, map[string]any{"type": "person", "age": age}); err != nil {
			log.Fatal(err)
		}
	}
	return db
}

func ExampleDB_Find() {
	ctx := context.Background()
	db := people(ctx)
	defer db.Close()
	if _, _, err := db.CreateIndex(ctx, gouchdb.Index{DesignDoc: "people", Name: "by-age", Fields: []string{"age"}}); err != nil {
		log.Fatal(err)
	}

	grownUp := map[string]any{"age": map[string]any{"$gte": 18}}
	for doc, err := range db.Find(ctx, gouchdb.Query{Selector: grownUp, Sort: []string{"age"}}) {
		if err != nil {
			log.Fatal(err)
		}
		var person struct{ Age int }
		if err := doc.Decode(&person); err != nil {
			log.Fatal(err)
		}
		fmt.Println(doc.ID, person.Age)
	}
	// Output:
	// cem 30
	// ada 36
	// bea 41
}

func ExampleDB_FindPage() {
	ctx := context.Background()
	db := people(ctx)
	defer db.Close()

	query := gouchdb.Query{Sort: []string{"age"}, Descending: true, Fields: []string{"_id", "age"}, Limit: 3}
	for {
		page, err := db.FindPage(ctx, query)
		if err != nil {
			log.Fatal(err)
		}
		if len(page.Docs) == 0 {
			break
		}
		for _, doc := range page.Docs {
			fmt.Println(string(doc.JSON()))
		}
		fmt.Println("--", page.Warning != "") // no index gives this order
		query.Bookmark = page.Bookmark
	}
	// Output:
	// {"_id":"bea","age":41}
	// {"_id":"ada","age":36}
	// {"_id":"cem","age":30}
	// -- true
	// {"_id":"dan","age":12}
	// -- true
}

func ExampleDB_CreateIndex() {
	ctx := context.Background()
	db := people(ctx)
	defer db.Close()

	designDoc, name, err := db.CreateIndex(ctx, gouchdb.Index{
		DesignDoc: "people", Name: "children", Fields: []string{"type", "age"}, Partial: map[string]any{"age": map[string]any{"$lt": 18}},
	})
	fmt.Println(designDoc, name, err)
	indexes, err := db.Indexes(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for _, index := range indexes {
		fmt.Println(index.Name, string(index.Definition))
	}
	for doc, err := range db.Find(ctx, gouchdb.Query{Selector: map[string]any{"type": "person", "age": map[string]any{"$gt": 0}}, UseIndex: []string{"people", "children"}}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(doc.ID)
	}
	fmt.Println(db.DeleteIndex(ctx, "people", "children"))
	// Output:
	// _design/people children <nil>
	// _all_docs {"fields":[{"_id":"asc"}]}
	// children {"fields":[{"type":"asc"},{"age":"asc"}],"partial_filter_selector":{"age":{"$lt":18}}}
	// dan
	// <nil>
}

func ExampleDB_Explain() {
	ctx := context.Background()
	db := people(ctx)
	defer db.Close()

	plan, err := db.Explain(ctx, gouchdb.Query{Selector: map[string]any{"_id": "ada"}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(plan[:len(`{"dbname":"people","index":{"ddoc":null,"name":"_all_docs"`)]))
	// Output: {"dbname":"people","index":{"ddoc":null,"name":"_all_docs"
}
