//go:build !js

package docstore_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/kv/memkv"
	"github.com/gouchdb/gouchdb/core/livequery"
	"github.com/gouchdb/gouchdb/internal/regexps"
)

// slowSelector takes years to find out that it does not match slowDocument.
const slowSelector = `{"a":{"$regex":"^(a+)+$"}}`

var slowDocument = `{"_id":"slow","n":1,"a":"` + strings.Repeat("a", 60) + `!"}`

// A pattern that would take years fails what asks for it, and nothing else: natively, where a search can be given up.
func TestPatternsThatTakeTooLong(t *testing.T) {
	t.Parallel()
	for name, ask := range map[string]func(ctx context.Context, db *docstore.DB) error{
		"a find": func(ctx context.Context, db *docstore.DB) error {
			_, err := db.Find(ctx, []byte(`{"selector":`+slowSelector+`}`), func([]byte) error { return nil })
			return err
		},
		"a find by an index": func(ctx context.Context, db *docstore.DB) error {
			_, err := db.Find(ctx, []byte(`{"selector":{"$and":[{"n":1},`+slowSelector+`]},"use_index":"numbers"}`), func([]byte) error { return nil })
			return err
		},
		"the changes feed": func(ctx context.Context, db *docstore.DB) error {
			_, _, err := core.ListChanges(ctx, db, core.ChangesOptions{Filter: core.ChangesFilter{Selector: []byte(slowSelector)}})
			return err
		},
		"a live query": func(ctx context.Context, db *docstore.DB) error {
			return livequery.Run(ctx, db, []byte(`{"selector":`+slowSelector+`}`), livequery.Options{Regexp: regexps.Compile}, func(livequery.Update) error { return nil })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := queryDB(t, memkv.New())
			_, err := db.CreateIndex(t.Context(), []byte(indexOfN))
			require.NoError(t, err)
			putJSON(t, db, slowDocument)
			err = ask(t.Context(), db)
			known := core.AsError(err)
			require.NotNil(t, known)
			assert.Equal(t, "regex_too_slow", known.Name)
			assert.Equal(t, 400, known.Status)
			assert.Contains(t, known.Reason, "$regex")
			assert.Len(t, found(t, db, `{"selector":{"n":1}}`), 1)
		})
	}
}

// In the filter of an index such a document counts as one that does not match: neither building the index nor writing the document fails for it.
func TestIndexesWhosePatternTakesTooLong(t *testing.T) {
	t.Parallel()
	db := queryDB(t, memkv.New())
	putJSON(t, db, slowDocument)
	putJSON(t, db, `{"_id":"matches","n":1,"a":"aaa"}`)
	_, err := db.CreateIndex(t.Context(), []byte(`{"index":{"fields":["n"],"partial_filter_selector":`+slowSelector+`},"ddoc":"a","name":"n"}`))
	require.NoError(t, err)
	const request = `{"selector":{"n":{"$gte":0}},"fields":["_id"],"use_index":"a"}`
	require.Equal(t, []string{`{"_id":"matches"}`}, found(t, db, request))
	putJSON(t, db, strings.Replace(slowDocument, "slow", "slower", 1))
	putJSON(t, db, `{"_id":"too","n":2,"a":"a"}`)
	require.Equal(t, []string{`{"_id":"matches"}`, `{"_id":"too"}`}, found(t, db, request))
	requireSound(t, db)
}
