package gouchdb_test

import (
	"context"
	"fmt"
	"log"

	"github.com/gouchdb/gouchdb"
)

func ExampleDB_Update() {
	ctx := context.Background()
	db := mustOpen(ctx, "memory:site")
	defer db.Close()

	type page struct {
		Visits int `json:"visits"`
	}
	for range 3 {
		_, err := db.Update(ctx, "home", func(current *gouchdb.Document) (any, error) {
			var home page
			if current != nil {
				if err := current.Decode(&home); err != nil {
					return nil, err
				}
			}
			home.Visits++
			return home, nil
		})
		if err != nil {
			log.Fatal(err)
		}
	}
	doc, err := db.Get(ctx, "home", gouchdb.GetOptions{})
	if err != nil {
		log.Fatal(err)
	}
	var home page
	fmt.Println(doc.Decode(&home), home.Visits)
	// Output: <nil> 3
}

// Two people have counted apart from each other. What each has added to the revision that both have seen belongs into the sum.
func ExampleDB_Resolve() {
	ctx := context.Background()
	phone, laptop := mustOpen(ctx, "memory:phone"), mustOpen(ctx, "memory:laptop")
	defer phone.Close()
	defer laptop.Close()
	type shelf struct {
		Books int `json:"books"`
	}
	sync := func() {
		if _, _, err := phone.SyncWith(ctx, laptop, gouchdb.ReplicateOptions{}); err != nil {
			log.Fatal(err)
		}
	}
	put := func(db *gouchdb.DB, now map[string]any) (rev string) {
		rev, err := db.Put(ctx, "shelf", now)
		if err != nil {
			log.Fatal(err)
		}
		return rev
	}
	seen := put(phone, map[string]any{"books": 10})
	sync()
	put(phone, map[string]any{"_rev": seen, "books": 12})
	put(laptop, map[string]any{"_rev": seen, "books": 13})
	sync()

	for conflict, err := range laptop.Conflicts(ctx, false) {
		if err != nil {
			log.Fatal(err)
		}
		_, err := laptop.Resolve(ctx, conflict.ID, func(versions []*gouchdb.Document, base *gouchdb.Document) (any, error) {
			var before shelf
			if base != nil {
				if err := base.Decode(&before); err != nil {
					return nil, err
				}
			}
			sum := shelf{Books: before.Books}
			for _, version := range versions {
				var counted shelf
				if err := version.Decode(&counted); err != nil {
					return nil, err
				}
				sum.Books += counted.Books - before.Books
			}
			return sum, nil
		})
		if err != nil {
			log.Fatal(err)
		}
	}
	sync()
	doc, err := phone.Get(ctx, "shelf", gouchdb.GetOptions{Conflicts: true})
	if err != nil {
		log.Fatal(err)
	}
	var merged shelf
	fmt.Println(doc.Decode(&merged), merged.Books, len(doc.Conflicts))
	// Output: <nil> 15 0
}
