package replication_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/internal/faultadapter"
	"github.com/gouchdb/gouchdb/core/replication"
)

// requireSameContents compares all attachments of a document's winners.
func requireSameContents(t *testing.T, want, got core.Adapter, docID string) {
	t.Helper()
	a, err := want.Get(t.Context(), docID, core.GetOptions{Attachments: true})
	require.NoError(t, err)
	b, err := got.Get(t.Context(), docID, core.GetOptions{Attachments: true})
	require.NoError(t, err)
	require.Equal(t, a.Rev, b.Rev)
	require.Len(t, b.Attachments, len(a.Attachments))
	for i := range a.Attachments {
		left, right := &a.Attachments[i], &b.Attachments[i]
		require.Equal(t, []any{left.Name, left.ContentType, left.Digest, left.RevPos, left.Length},
			[]any{right.Name, right.ContentType, right.Digest, right.RevPos, right.Length})
		contentA, err := left.Read(t.Context())
		require.NoError(t, err)
		contentB, err := right.Read(t.Context())
		require.NoError(t, err)
		require.True(t, bytes.Equal(contentA, contentB))
	}
}

func attach(t *testing.T, db core.Adapter, docID, name string, rev core.Rev, content []byte) core.Rev {
	t.Helper()
	rev, err := db.PutAttachment(t.Context(), docID, rev, core.Attachment{Name: name, ContentType: "image/png", Data: content})
	require.NoError(t, err)
	return rev
}

// TestAttachments: small and large contents arrive, an edit brings only what is new, and an edit that keeps them brings none.
func TestAttachments(t *testing.T) {
	t.Parallel()
	for name, content := range map[string][]byte{"held": []byte("small"), "read late": bytes.Repeat([]byte("large"), 400_000)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source, target := open(t), open(t)
			script := &faultadapter.Script{}
			watched := script.Wrap("source", source)
			once := func() {
				t.Helper()
				_, err := replication.Run(t.Context(), watched, target, replication.Options{})
				require.NoError(t, err)
				requireSameContents(t, source, target, "a")
			}
			rev := attach(t, source, "a", "one", core.Rev{}, content)
			put(t, source, "plain", `{}`)
			once()
			attach(t, source, "a", "two", rev, append([]byte("2"), content...))
			once()
			doc, err := source.Get(t.Context(), "a", core.GetOptions{})
			require.NoError(t, err)
			doc.Body = []byte(`{"v":3}`)
			_, err = core.Put(t.Context(), source, doc)
			require.NoError(t, err)
			before := script.Counts()[faultadapter.Call{Side: "source", Method: "GetAttachment"}]
			once()
			counts := script.Counts()
			assert.Equal(t, before, counts[faultadapter.Call{Side: "source", Method: "GetAttachment"}], "nothing new is in the last edit")
			if name == "read late" {
				assert.Equal(t, 2, before, "each content once")
			}
		})
	}
}

// TestAttachmentsThatTheTargetHasLost: the target knows the ancestor but compacted it away, so that stubs mean nothing to it.
func TestAttachmentsThatTheTargetHasLost(t *testing.T) {
	t.Parallel()
	source, target := open(t), open(t)
	rev := attach(t, source, "a", "one", core.Rev{}, []byte("content"))
	_, err := replication.Run(t.Context(), source, target, replication.Options{})
	require.NoError(t, err)
	// Here the document goes on without the attachment, and forgets it.
	_, err = core.Put(t.Context(), target, &core.Document{ID: "a", Rev: rev, Body: []byte(`{"without":true}`)})
	require.NoError(t, err)
	require.NoError(t, target.Compact(t.Context()))
	doc, err := source.Get(t.Context(), "a", core.GetOptions{})
	require.NoError(t, err)
	doc.Body = []byte(`{"with":true}`)
	kept, err := core.Put(t.Context(), source, doc)
	require.NoError(t, err)
	lying := knowsAncestors{target, rev}
	_, err = replication.Run(t.Context(), source, lying, replication.Options{})
	require.NoError(t, err)
	a, err := target.GetAttachment(t.Context(), "a", "one", kept)
	require.NoError(t, err)
	assert.Equal(t, "content", string(a.Data))
}

// knowsAncestors claims to have a revision.
type knowsAncestors struct {
	core.Adapter
	rev core.Rev
}

func (k knowsAncestors) RevsDiff(ctx context.Context, requests []core.DocRevs) ([]core.RevsDiff, error) {
	diffs, err := k.Adapter.RevsDiff(ctx, requests)
	for i := range diffs {
		diffs[i].PossibleAncestors = []core.Rev{k.rev}
	}
	return diffs, err
}
