package dump_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/dump"
)

// frugal is a database that notes how much it is given at once.
type frugal struct {
	*docstore.DB
	mostDocs, mostBytes int
}

func (f *frugal) BulkDocs(ctx context.Context, docs []*core.Document, options core.BulkDocsOptions) ([]core.BulkResult, error) {
	size := 0
	for _, doc := range docs {
		size += len(doc.Body)
		for _, a := range doc.Attachments {
			size += len(a.Data)
		}
	}
	f.mostDocs, f.mostBytes = max(f.mostDocs, len(docs)), max(f.mostBytes, size)
	return f.DB.BulkDocs(ctx, docs, options)
}

// However much there is, little of it is in memory at once: no line is longer than a piece of an attachment, and no batch larger than some megabytes.
func TestLittleAtOnce(t *testing.T) {
	t.Parallel()
	source := open(t)
	text := strings.Repeat("x", 10_000)
	docs := make([]*core.Document, 1500)
	for i := range docs {
		docs[i] = &core.Document{ID: fmt.Sprintf("doc-%d", i), Body: []byte(`{"text":"` + text + `"}`)}
		if i%100 == 0 {
			docs[i].Attachments = []core.Attachment{{Name: "held", Data: make([]byte, 900<<10)}}
		}
	}
	docs[7].Attachments = []core.Attachment{{Name: "small", Data: []byte("x")}, {Name: "large", Data: make([]byte, 20<<20)}}
	_, err := source.BulkDocs(t.Context(), docs, core.BulkDocsOptions{})
	require.NoError(t, err)

	var written bytes.Buffer
	_, err = dump.Write(t.Context(), source, &written)
	require.NoError(t, err)
	for line := range bytes.Lines(written.Bytes()) {
		require.Less(t, len(line), 1100<<10)
	}
	target := &frugal{DB: open(t)}
	_, err = dump.Read(t.Context(), &written, target)
	require.NoError(t, err)
	assert.LessOrEqual(t, target.mostDocs, 500)
	assert.Less(t, target.mostBytes, 6<<20)
	large, err := target.GetAttachment(t.Context(), "doc-7", "large", core.Rev{})
	require.NoError(t, err)
	assert.Equal(t, int64(20<<20), large.Length)
}
