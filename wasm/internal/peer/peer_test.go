package peer_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/wasm/internal/peer"
)

// page answers what an object in JavaScript would, and notes what it was asked.
type page struct {
	answers map[string]string // by method
	follows []byte
	asked   string
	sent    string
}

func (p *page) ask(_ context.Context, about, raw []byte) (text, follows []byte, err error) {
	p.asked, p.sent = string(about), string(raw)
	_, rest, _ := strings.Cut(p.asked, `"method":"`)
	method, _, _ := strings.Cut(rest, `"`)
	answer, known := p.answers[method]
	if !known {
		return nil, nil, core.ErrForbidden
	}
	return []byte(answer), p.follows, nil
}

func rev(t *testing.T, text string) core.Rev {
	t.Helper()
	parsed, err := core.ParseRev(text)
	require.NoError(t, err)
	return parsed
}

func TestInfoOfADatabaseWithChangesIsNotEmpty(t *testing.T) {
	t.Parallel()
	p := &page{answers: map[string]string{"info": `{"db_name":"x","doc_count":0,"update_seq":4}`}}
	info, err := peer.New(p.ask, "7").Info(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, 1, info.DocDelCount, "it may hold tombstones, of which PouchDB does not tell")
	assert.Equal(t, `"about":"peer","peer":"7","method":"info","arguments":{}`, p.asked)
}

func TestWritesAreAnsweredForEachDocument(t *testing.T) {
	t.Parallel()
	p := &page{answers: map[string]string{"bulkDocs": `[{"id":"b","error":"forbidden","reason":"no","status":403}]`}}
	docs := []*core.Document{
		{ID: "a", Rev: rev(t, "1-a"), Body: []byte(`{}`), Attachments: []core.Attachment{{Name: "f", ContentType: "text/plain", Data: []byte("xyz")}}},
		{ID: "b", Rev: rev(t, "1-b"), Body: []byte(`{}`)},
	}
	results, err := peer.New(p.ask, "7").BulkDocs(t.Context(), docs, core.BulkDocsOptions{Replicated: true})
	require.NoError(t, err)
	require.Len(t, results, 2)
	assert.Nil(t, results[0].Err)
	assert.ErrorIs(t, results[1].Err, core.ErrForbidden)
	assert.Equal(t, "xyz", p.sent)
	assert.Contains(t, p.asked, `"follows":true`)
	assert.Contains(t, p.asked, `"new_edits":false`)
}

func TestContentsFollowDocuments(t *testing.T) {
	t.Parallel()
	p := &page{
		answers: map[string]string{"bulkGet": `{"results":[{"id":"a","docs":[{"ok":{"_id":"a","_rev":"1-a","_attachments":{"f":{"content_type":"text/plain","follows":true,"length":3}}}}]}]}`},
		follows: []byte("xyz"),
	}
	revs, err := peer.New(p.ask, "7").OpenRevs(t.Context(), "a", core.OpenRevsOptions{Revs: []core.Rev{rev(t, "1-a")}, Latest: true, Attachments: true})
	require.NoError(t, err)
	require.Len(t, revs, 1)
	assert.Equal(t, "xyz", string(revs[0].Doc.Attachments[0].Data))
}

func TestFailuresAreThoseOfThePage(t *testing.T) {
	t.Parallel()
	db := peer.New((&page{}).ask, "7")
	_, err := db.Identity(t.Context())
	require.ErrorIs(t, err, core.ErrForbidden)
	_, err = db.AllDocs(t.Context(), core.AllDocsOptions{}, nil)
	assert.ErrorIs(t, err, core.ErrNotImplemented)
}
