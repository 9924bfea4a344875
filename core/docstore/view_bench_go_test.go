package docstore_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// What views cost beside the functions: these are in Go, and do next to nothing.
func BenchmarkViewsInGo(b *testing.B) {
	db := viewBenchDB(b)
	view := &docstore.View{
		Name: "by kind", Reduce: "_sum",
		Map: func(doc *core.Document, emit func(key, value []byte)) error {
			emit(rawjson.Member(doc.Body, "kind"), rawjson.Member(doc.Body, "n"))
			return nil
		},
	}
	unique := &docstore.View{
		Name: "by n", Version: "1", Reduce: "_count",
		Map: func(doc *core.Document, emit func(key, value []byte)) error {
			emit(rawjson.Member(doc.Body, "n"), []byte("null"))
			return nil
		},
	}
	query := func(b *testing.B, view *docstore.View, options core.ViewOptions) (rows int) {
		_, err := db.QueryView(b.Context(), view, options, func(*core.ViewRow) error {
			rows++
			return nil
		})
		require.NoError(b, err)
		return rows
	}
	b.Run("build", func(b *testing.B) {
		n := 0
		for b.Loop() {
			n++
			view.Version = strconv.Itoa(n)
			require.Equal(b, 1, query(b, view, core.ViewOptions{}))
		}
	})
	b.Run("groups", func(b *testing.B) {
		for b.Loop() {
			require.Equal(b, 20, query(b, view, core.ViewOptions{Group: true}))
		}
	})
	query(b, unique, core.ViewOptions{})
	b.Run("groups of one row", func(b *testing.B) {
		for b.Loop() {
			require.Equal(b, 10_000, query(b, unique, core.ViewOptions{Group: true}))
		}
	})
	b.Run("one row with its document", func(b *testing.B) {
		n := 0
		for b.Loop() {
			n = (n + 7919) % 10_000
			require.Equal(b, 1, query(b, unique, core.ViewOptions{Key: []byte(strconv.Itoa(n)), Reduce: new(bool), IncludeDocs: true}))
		}
	})
}
