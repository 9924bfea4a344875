package docstore_test

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/kv/memkv"
)

func TestOpen(t *testing.T) {
	t.Parallel()
	store := memkv.New()
	made := 0
	options := docstore.Options{Name: "notes", Adapter: "test", NewUUID: func() string { made++; return "uuid-" + strconv.Itoa(made) }}
	db, err := docstore.Open(t.Context(), store, options)
	require.NoError(t, err)
	info, err := db.Info(t.Context())
	require.NoError(t, err)
	assert.Equal(t, core.Info{Name: "notes", Adapter: "test", UUID: "uuid-1", UpdateSeq: "0", PurgeSeq: "0", InstanceStartTime: "0", DataSize: info.DataSize}, info)
	assert.NotZero(t, info.DataSize)

	again, err := docstore.Open(t.Context(), store, options)
	require.NoError(t, err)
	identity, err := again.Identity(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "uuid-1", identity, "the uuid is made once")

	results, err := db.BulkDocs(t.Context(), []*core.Document{{Body: []byte(`{"v":1}`)}, {}}, core.BulkDocsOptions{})
	require.NoError(t, err)
	assert.Equal(t, "uuid-2", results[0].ID)
	assert.Equal(t, "uuid-3", results[1].ID)
	assert.Nil(t, results[1].Err, "no body is an empty one")

	_, err = docstore.Open(t.Context(), memkv.New(), docstore.Options{MaxDocumentSize: -1})
	require.ErrorIs(t, err, core.ErrBadRequest)
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		format []byte
		want   *core.Error
	}{
		{"a newer format", []byte{2}, core.ErrNewerFormat},
		{"no format", []byte{0}, core.ErrCorrupt},
		{"another format", []byte("sqlite"), core.ErrCorrupt},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			store := memkv.New()
			openStore(t, store)
			tamper(t, store, func(tx kv.Tx) { tx.Put([]byte("f"), c.format) })
			before := contents(t, store)
			_, err := docstore.Open(t.Context(), store, docstore.Options{})
			require.ErrorIs(t, err, c.want)
			assert.Equal(t, before, contents(t, store), "nothing was changed")
		})
	}
}

func TestMaxDocumentSize(t *testing.T) {
	t.Parallel()
	db, err := docstore.Open(t.Context(), memkv.New(), docstore.Options{MaxDocumentSize: 20})
	require.NoError(t, err)
	exactly := `{"v":"` + strings.Repeat("x", 12) + `"}`
	_, err = core.Put(t.Context(), db, &core.Document{ID: "a", Body: []byte(exactly)})
	require.NoError(t, err)
	for _, docID := range []string{"b", "_local/b"} {
		_, err = core.Put(t.Context(), db, &core.Document{ID: docID, Body: []byte(exactly + " ")})
		require.ErrorIs(t, err, core.ErrTooLarge)
		assert.Equal(t, docID, core.AsError(err).ID)
	}
}

// TestBadInput gives what no parser would let through: the Go API lets anybody make documents.
func TestBadInput(t *testing.T) {
	t.Parallel()
	db := openStore(t, memkv.New())
	for name, c := range map[string]struct {
		doc        *core.Document
		replicated bool
		want       *core.Error
	}{
		"no document":         {nil, false, core.ErrBadRequest},
		"body is an array":    {&core.Document{ID: "a", Body: []byte(`[]`)}, false, core.ErrBadRequest},
		"body is empty":       {&core.Document{ID: "a", Body: []byte(``)}, false, core.ErrBadRequest},
		"id is no UTF-8":      {&core.Document{ID: "a\xff", Body: core.EmptyBody}, false, core.ErrIllegalDocID},
		"id is reserved":      {&core.Document{ID: "_a", Body: core.EmptyBody}, false, core.ErrIllegalDocID},
		"revisions are empty": {&core.Document{ID: "a", Body: core.EmptyBody, Revisions: &core.Revisions{Start: 1}}, true, core.ErrDocValidation},
		"no revision":         {&core.Document{ID: "a", Body: core.EmptyBody}, true, core.ErrBadRequest},
	} {
		rev := core.Rev{}
		if c.replicated {
			rev = core.Rev{Generation: 1, Hash: "x"}
		}
		_, err := db.BulkDocs(t.Context(), []*core.Document{{ID: "fine", Rev: rev}, c.doc}, core.BulkDocsOptions{Replicated: c.replicated})
		require.ErrorIs(t, err, c.want, name)
	}
	info, err := db.Info(t.Context())
	require.NoError(t, err)
	assert.Equal(t, core.Seq("0"), info.UpdateSeq)
	_, err = db.Get(t.Context(), "a\xff", core.GetOptions{})
	require.ErrorIs(t, err, core.ErrIllegalDocID)
}

// TestLocalDocumentsHaveNoAttachments: as in CouchDB they are left out.
func TestLocalDocumentsHaveNoAttachments(t *testing.T) {
	t.Parallel()
	db := openStore(t, memkv.New())
	require.NoError(t, writeAll(t.Context(), db, false, `{"_id":"_local/a","_attachments":{"x":{"content_type":"text/plain","data":"aGk="}}}`))
	doc, err := db.Get(t.Context(), "_local/a", core.GetOptions{Attachments: true})
	require.NoError(t, err)
	assert.Empty(t, doc.Attachments)
	_, err = db.PutAttachment(t.Context(), "_local/a", core.Rev{}, core.Attachment{Name: "x"})
	require.ErrorIs(t, err, core.ErrBadRequest)
}

// TestHighestGeneration edits a revision that nothing can follow.
func TestHighestGeneration(t *testing.T) {
	t.Parallel()
	db := openStore(t, memkv.New())
	require.NoError(t, writeAll(t.Context(), db, true, `{"_id":"a","_rev":"99999999999999999999-a","v":1}`))
	doc, err := db.Get(t.Context(), "a", core.GetOptions{})
	require.NoError(t, err)
	_, err = core.Put(t.Context(), db, doc)
	require.ErrorIs(t, err, core.ErrBadRequest)
	again, err := db.Get(t.Context(), "a", core.GetOptions{})
	require.NoError(t, err)
	assert.Equal(t, doc.Rev, again.Rev)
}

// TestPendingIsRight pages through the feed while the database changes: what is remembered from page to page must not become wrong.
func TestPendingIsRight(t *testing.T) {
	t.Parallel()
	db := openStore(t, memkv.New())
	for n := range 20 {
		require.NoError(t, writeAll(t.Context(), db, false, `{"_id":"d`+strconv.Itoa(10+n)+`"}`))
	}
	since := core.Seq("")
	for page := range 12 {
		_, summary, err := core.ListChanges(t.Context(), db, core.ChangesOptions{Since: since, Limit: 3})
		require.NoError(t, err)
		rest, _, err := core.ListChanges(t.Context(), db, core.ChangesOptions{Since: summary.LastSeq})
		require.NoError(t, err)
		require.Equal(t, int64(len(rest)), summary.Pending, "page %d", page)
		since = summary.LastSeq
		switch page % 3 {
		case 0:
			require.NoError(t, writeAll(t.Context(), db, false, `{"_id":"new`+strconv.Itoa(page)+`"}`))
		case 1:
			doc, err := db.Get(t.Context(), "d29", core.GetOptions{})
			require.NoError(t, err)
			_, err = core.Put(t.Context(), db, doc)
			require.NoError(t, err)
		}
	}
}

func TestFeedFromNowOn(t *testing.T) {
	t.Parallel()
	db := openStore(t, memkv.New())
	require.NoError(t, writeAll(t.Context(), db, false, `{"_id":"a"}`, `{"_id":"b"}`))
	for _, options := range []core.ChangesOptions{{Since: core.Now}, {Since: core.Now, Descending: true}, {Since: "2"}, {Since: "77"}, {Since: core.Now, Limit: core.NoRows}} {
		changes, summary, err := core.ListChanges(t.Context(), db, options)
		require.NoError(t, err)
		assert.Empty(t, changes)
		assert.Equal(t, core.ChangesSummary{LastSeq: "2", Purges: "0"}, summary, "%+v", options)
	}
}

// laggard is a store whose views are old until it is refreshed.
type laggard struct {
	kv.Store
	old       kv.Store
	refreshed int
}

func (l *laggard) View(ctx context.Context, read func(kv.Snapshot) error) error {
	if l.refreshed == 0 {
		return l.old.View(ctx, read)
	}
	return l.Store.View(ctx, read)
}

func (l *laggard) Refresh(ctx context.Context) error {
	l.refreshed++
	return l.Store.Refresh(ctx)
}

// TestFeedCatchesUp asks for what is after a sequence that this tab has not seen yet.
func TestFeedCatchesUp(t *testing.T) {
	t.Parallel()
	old, current := memkv.New(), memkv.New()
	openStore(t, old)
	writer := openStore(t, current)
	require.NoError(t, writeAll(t.Context(), writer, false, `{"_id":"a"}`, `{"_id":"b"}`, `{"_id":"c"}`))
	store := &laggard{Store: current, old: old}
	db := openStore(t, store)
	changes, _, err := core.ListChanges(t.Context(), db, core.ChangesOptions{Since: "2"})
	require.NoError(t, err)
	require.Len(t, changes, 1)
	assert.Equal(t, "c", changes[0].ID)
	assert.Equal(t, 1, store.refreshed)
	changes, summary, err := core.ListChanges(t.Context(), db, core.ChangesOptions{Since: "99"})
	require.NoError(t, err)
	assert.Empty(t, changes)
	assert.Equal(t, core.Seq("3"), summary.LastSeq)
	assert.Equal(t, 2, store.refreshed)
}

func TestLocalDocs(t *testing.T) {
	t.Parallel()
	db := openStore(t, memkv.New())
	require.NoError(t, writeAll(t.Context(), db, false, `{"_id":"a"}`, `{"_id":"_local/a","v":1}`, `{"_id":"_local/b"}`, `{"_id":"_local/c"}`))
	list := func(options core.AllDocsOptions) string {
		var keys []string
		summary, err := db.LocalDocs(t.Context(), options, func(row *core.AllDocsRow) error {
			key := strings.TrimPrefix(row.Key, "_local/")
			if row.Missing {
				key = "!" + key
			}
			if row.Doc != nil {
				key += string(row.Doc.Body)
			}
			keys = append(keys, key)
			return nil
		})
		require.NoError(t, err)
		assert.Equal(t, int64(-1), summary.Offset)
		return strings.Join(keys, " ")
	}
	b := "_local/b"
	assert.Equal(t, "a b c", list(core.AllDocsOptions{}))
	assert.Equal(t, "c b a", list(core.AllDocsOptions{Descending: true}))
	assert.Equal(t, "b c", list(core.AllDocsOptions{StartKey: &b}))
	assert.Equal(t, "a", list(core.AllDocsOptions{EndKey: &b, ExclusiveEnd: true}))
	assert.Equal(t, "b", list(core.AllDocsOptions{Skip: 1, Limit: 1}))
	assert.Empty(t, list(core.AllDocsOptions{Limit: core.NoRows}))
	assert.Equal(t, `a{"v":1} b{} c{}`, list(core.AllDocsOptions{IncludeDocs: true}))
	assert.Equal(t, "c !x a", list(core.AllDocsOptions{Keys: []string{"_local/c", "_local/x", "_local/a"}}))
	assert.Equal(t, "b c", list(core.AllDocsOptions{Keys: []string{"_local/c", "_local/b"}, Descending: true}))
}
