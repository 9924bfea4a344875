package replication_test

import (
	"bytes"
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/internal/faultadapter"
	"github.com/gouchdb/gouchdb/core/replication"
)

// fillAttached writes documents with two attachments each, the second of that length.
func fillAttached(t *testing.T, db core.Adapter, from, to, length int) {
	t.Helper()
	for i := from; i < to; i++ {
		_, err := core.Put(t.Context(), db, &core.Document{ID: docID(i), Body: []byte(`{}`), Attachments: []core.Attachment{
			{Name: "a", ContentType: "text/plain", Data: []byte("text of " + docID(i))},
			{Name: "b", ContentType: "image/png", Data: bytes.Repeat([]byte{byte(i)}, length)}}})
		require.NoError(t, err)
	}
}

func requireAllTheSame(t *testing.T, source, target core.Adapter, count int) {
	t.Helper()
	for i := range count {
		requireSameContents(t, source, target, docID(i))
	}
}

func count(script *faultadapter.Script, side, method string) int {
	return script.Counts()[faultadapter.Call{Side: side, Method: method}]
}

// TestSmallContentsTravelTogether: documents with small contents are read and written many at a time, larger ones by themselves.
func TestSmallContentsTravelTogether(t *testing.T) {
	t.Parallel()
	script := &faultadapter.Script{}
	source, target := open(t), open(t)
	fillAttached(t, source, 0, 60, 20_000)   // 1.6 MB as base64: two writes
	fillAttached(t, source, 60, 63, 100_000) // not small
	fill(t, source, 63, 70)
	replicate(t, script.Wrap("source", source), script.Wrap("target", target), replication.Options{})
	requireAllTheSame(t, source, target, 70)
	assert.Equal(t, 3, count(script, "source", "OpenRevs"))
	assert.LessOrEqual(t, count(script, "source", "BulkGet"), 2+2)
	assert.LessOrEqual(t, count(script, "target", "BulkDocs"), 3+3+2, "and two checkpoints")

	// An edit that keeps the contents brings none of them, and is written with the others.
	for i := range 63 {
		doc, err := source.Get(t.Context(), docID(i), core.GetOptions{})
		require.NoError(t, err)
		doc.Body = []byte(`{"edited":true}`)
		_, err = core.Put(t.Context(), source, doc)
		require.NoError(t, err)
	}
	*script = faultadapter.Script{}
	replicate(t, script.Wrap("source", source), script.Wrap("target", target), replication.Options{})
	requireAllTheSame(t, source, target, 70)
	assert.Equal(t, 0, count(script, "source", "OpenRevs"))
	assert.Equal(t, 1, count(script, "source", "BulkGet"))
	assert.LessOrEqual(t, count(script, "target", "BulkDocs"), 1+2, "and two checkpoints")
}

// TestContentsThatDoNotComeTogether: whatever keeps a source from answering with many contents at once, they come one document at a time.
func TestContentsThatDoNotComeTogether(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]error{
		"it is too much":        core.ErrTooLarge,
		"one is damaged":        core.ErrCorrupt,
		"it does not know how":  core.ErrBadRequest,
		"it answers with stubs": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			script := &faultadapter.Script{}
			source, target := open(t), open(t)
			fillAttached(t, source, 0, 5, 100)
			replicate(t, script.Wrap("source", withoutContents{source, failure}), target, replication.Options{})
			requireAllTheSame(t, source, target, 5)
			assert.Equal(t, 5, count(script, "source", "OpenRevs"))
		})
	}
}

// withoutContents has no bulk get with contents.
type withoutContents struct {
	core.Adapter
	failure error
}

func (w withoutContents) BulkGet(ctx context.Context, requests []core.DocRev, options core.BulkGetOptions) ([]core.BulkGetResult, error) {
	if options.Attachments && w.failure != nil {
		return nil, w.failure
	}
	options.Attachments = false
	return w.Adapter.BulkGet(ctx, requests, options)
}

// TestUpdatedWhileContentsAreRead: a revision that goes away between its stubs and its contents is followed by its successor.
func TestUpdatedWhileContentsAreRead(t *testing.T) {
	t.Parallel()
	source, target := open(t), open(t)
	fillAttached(t, source, 0, 5, 100)
	script := &faultadapter.Script{Decide: func(call faultadapter.Call, _ any) faultadapter.Fault {
		if call.Method == "BulkGet" && call.N == 2 {
			doc, err := source.Get(t.Context(), docID(3), core.GetOptions{})
			assert.NoError(t, err)
			doc.Attachments = slices.Delete(doc.Attachments, 0, 1)
			_, err = core.Put(t.Context(), source, doc)
			assert.NoError(t, err)
			assert.NoError(t, source.Compact(t.Context()))
		}
		return faultadapter.Fault{}
	}}
	replicate(t, script.Wrap("source", source), target, replication.Options{})
	requireAllTheSame(t, source, target, 5)
}

// TestLostStubsAmongOthers: of documents that are written together, the target lacks what one's stub stands for.
func TestLostStubsAmongOthers(t *testing.T) {
	t.Parallel()
	source, target := open(t), open(t)
	fillAttached(t, source, 0, 9, 100)
	replicate(t, source, target, replication.Options{})
	for i := range 9 {
		doc, err := source.Get(t.Context(), docID(i), core.GetOptions{})
		require.NoError(t, err)
		if i == 4 { // in the target the document goes on without attachments, which are forgotten
			_, err := core.Put(t.Context(), target, &core.Document{ID: doc.ID, Rev: doc.Rev, Body: []byte(`{"without":true}`)})
			require.NoError(t, err)
			require.NoError(t, target.Compact(t.Context()))
		}
		doc.Body = []byte(`{"edited":true}`)
		_, err = core.Put(t.Context(), source, doc)
		require.NoError(t, err)
	}
	known, err := source.Get(t.Context(), docID(4), core.GetOptions{Revs: true})
	require.NoError(t, err)
	replicate(t, source, knowsAncestors{target, known.Revisions.Rev(1)}, replication.Options{})
	for i := range 9 {
		docID := docID(i)
		want, err := source.Get(t.Context(), docID, core.GetOptions{Attachments: true})
		require.NoError(t, err)
		got, err := target.Get(t.Context(), docID, core.GetOptions{Rev: want.Rev, Attachments: true})
		require.NoError(t, err)
		require.Len(t, got.Attachments, 2)
		for n := range want.Attachments {
			require.Equal(t, want.Attachments[n].Data, got.Attachments[n].Data)
		}
	}
}
