package docstore_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/kv/memkv"
	"github.com/gouchdb/gouchdb/core/wire"
)

// Rows that are only looked at say the same as those that are kept.
func TestPassingRows(t *testing.T) {
	t.Parallel()
	db, err := docstore.Open(t.Context(), memkv.New(), docstore.Options{})
	require.NoError(t, err)
	defer db.Close()
	var docs []*core.Document
	for i := range 1000 {
		doc := &core.Document{ID: "doc " + strconv.Itoa(i), Deleted: i%11 == 0, Body: []byte(`{"n":` + strconv.Itoa(i) + `}`)}
		if i%7 == 0 {
			doc.Body = core.EmptyBody
		}
		if i%13 == 0 {
			doc.Attachments = []core.Attachment{{Name: "a", ContentType: "text/plain", Data: []byte(doc.ID)}}
		}
		docs = append(docs, doc)
	}
	_, err = db.BulkDocs(t.Context(), docs, core.BulkDocsOptions{})
	require.NoError(t, err)
	for i := range 50 { // conflicts
		doc := &core.Document{ID: "doc " + strconv.Itoa(i), Rev: core.Rev{Generation: 1, Hash: "other"}, Body: []byte(`{"other":true}`)}
		_, err := db.BulkDocs(t.Context(), []*core.Document{doc}, core.BulkDocsOptions{Replicated: true})
		require.NoError(t, err)
	}
	_, err = db.BulkDocs(t.Context(), []*core.Document{{ID: "_local/a", Body: []byte(`{"n":1}`)}}, core.BulkDocsOptions{})
	require.NoError(t, err)
	for _, docID := range []string{"doc 0", "doc 11", "doc 13", "doc 14", "doc 500", "doc 999", "doc 1000", "_local/a", "_local/b", "", "_b"} {
		doc, wanted := db.Get(t.Context(), docID, core.GetOptions{})
		text, err := db.AppendWinner(t.Context(), []byte("before "), docID)
		assert.Equal(t, wanted, err, docID)
		if err == nil {
			assert.Equal(t, "before "+string(doc.AppendJSON(nil)), string(text))
		}
	}

	for _, attachments := range []bool{false, true} {
		listing := core.AllDocsOptions{IncludeDocs: true, Conflicts: true, Attachments: attachments}
		kept, _, err := core.ListAllDocs(t.Context(), db, listing)
		require.NoError(t, err)
		require.NotEmpty(t, kept)
		listing.Passing = true
		place := 0
		_, err = db.AllDocs(t.Context(), listing, func(row *core.AllDocsRow) error {
			assert.Equal(t, string(wire.AppendAllDocsRow(nil, kept[place], true)), string(wire.AppendAllDocsRow(nil, row, true)))
			place++
			return nil
		})
		require.NoError(t, err)
		assert.Equal(t, len(kept), place)

		feed := core.ChangesOptions{IncludeDocs: true, Conflicts: true, Attachments: attachments, AllLeaves: true}
		changes, _, err := core.ListChanges(t.Context(), db, feed)
		require.NoError(t, err)
		require.Len(t, changes, 1000)
		feed.Passing = true
		place = 0
		_, err = db.Changes(t.Context(), feed, func(change *core.Change) error {
			assert.Equal(t, string(wire.AppendChange(nil, changes[place], true)), string(wire.AppendChange(nil, change, true)))
			place++
			return nil
		})
		require.NoError(t, err)
		assert.Equal(t, len(changes), place)

		for _, withDocs := range []bool{false, true} {
			view := &docstore.View{Name: "all", Version: "1", Map: func(doc *core.Document, emit func(key, value []byte)) error {
				emit([]byte(strconv.Quote(doc.ID[4:])), []byte(strconv.Itoa(len(doc.Body))))
				return nil
			}}
			options := core.ViewOptions{IncludeDocs: withDocs, Conflicts: withDocs, Attachments: attachments, Descending: attachments}
			var rows []*core.ViewRow
			_, err := db.QueryView(t.Context(), view, options, func(row *core.ViewRow) error {
				rows = append(rows, row)
				return nil
			})
			require.NoError(t, err)
			require.Greater(t, len(rows), 900)
			options.Passing = true
			place = 0
			_, err = db.QueryView(t.Context(), view, options, func(row *core.ViewRow) error {
				assert.Equal(t, string(wire.AppendViewRow(nil, rows[place], true)), string(wire.AppendViewRow(nil, row, true)))
				place++
				return nil
			})
			require.NoError(t, err)
			assert.Equal(t, len(rows), place)
		}
	}
}
