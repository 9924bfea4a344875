package replication_test

import (
	"context"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/replication"
)

const gatedBatch = 10 // documents

// gates hold one kind of call until the batch that it is for may pass, and count what is on its way.
type gates struct {
	method string
	batch  []chan struct{} // closed when it may pass

	pages, written   atomic.Int64 // batches that were begun to be read, that were written
	reading, writing atomic.Int64 // calls that are going on
	held             atomic.Int64 // documents that were read and not written
}

func (g *gates) await(method, docID string) {
	if g.method == method {
		n, _ := strconv.Atoi(docID[1:])
		<-g.batch[n/gatedBatch]
	}
}

type gatedSource struct {
	core.Adapter
	*gates
}

func (s gatedSource) Changes(ctx context.Context, options core.ChangesOptions, each func(*core.Change) error) (core.ChangesSummary, error) {
	s.pages.Add(1)
	return s.Adapter.Changes(ctx, options, each)
}

func (s gatedSource) BulkGet(ctx context.Context, requests []core.DocRev, options core.BulkGetOptions) ([]core.BulkGetResult, error) {
	s.reading.Add(1)
	defer s.reading.Add(-1)
	s.await("BulkGet", requests[0].ID)
	s.held.Add(int64(len(requests)))
	return s.Adapter.BulkGet(ctx, requests, options)
}

type gatedTarget struct {
	core.Adapter
	*gates
}

func (t gatedTarget) BulkDocs(ctx context.Context, docs []*core.Document, options core.BulkDocsOptions) ([]core.BulkResult, error) {
	if core.IsLocalID(docs[0].ID) { // the checkpoint
		return t.Adapter.BulkDocs(ctx, docs, options)
	}
	t.writing.Add(1)
	defer t.writing.Add(-1)
	t.await("BulkDocs", docs[0].ID)
	results, err := t.Adapter.BulkDocs(ctx, docs, options)
	t.written.Add(1)
	t.held.Add(-int64(len(docs)))
	return results, err
}

// TestBatchesLimit: whichever side is slow, as many batches are on their way as was said, no more and no fewer, and batch_size times as many documents.
func TestBatchesLimit(t *testing.T) {
	t.Parallel()
	const batches = 20
	for limit, inFlight := range map[int]int{0: 4, 1: 1, 2: 2, 7: 7} {
		for direction, method := range map[string]string{"pull": "BulkGet", "push": "BulkDocs"} {
			t.Run(direction+" with "+strconv.Itoa(limit), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					g := &gates{method: method}
					for range batches {
						g.batch = append(g.batch, make(chan struct{}))
					}
					source, target := open(t), open(t)
					fill(t, source, 0, batches*gatedBatch)
					done := make(chan error, 1)
					go func() {
						_, err := replication.Run(t.Context(), gatedSource{source, g}, gatedTarget{target, g}, replication.Options{BatchSize: gatedBatch, BatchesLimit: limit})
						done <- err
					}()
					for passed := range batches {
						synctest.Wait() // until nothing goes on without the gate
						there := min(inFlight, batches-passed)
						assert.EqualValues(t, passed, g.written.Load())
						// One page more tells that there are no more.
						assert.EqualValues(t, min(passed+inFlight, batches+1), g.pages.Load(), "pages, when %d batches were written", passed)
						reading, writing, held := 0, 1, there*gatedBatch
						if direction == "pull" {
							reading, writing, held = there, 0, 0
							if passed == 0 {
								reading = 1 // how large documents are is not known before the first have come
							}
						}
						assert.EqualValues(t, reading, g.reading.Load(), "reading, when %d batches were written", passed)
						assert.EqualValues(t, writing, g.writing.Load(), "writing, when %d batches were written", passed)
						assert.EqualValues(t, held, g.held.Load(), "documents in memory, when %d batches were written", passed)
						close(g.batch[passed])
					}
					require.NoError(t, <-done)
					assert.Equal(t, leaves(t, source), leaves(t, target))
				})
			})
		}
	}
}

// attachmentReads counts the questions for contents of one document that are on their way, each of which takes a while.
type attachmentReads struct {
	core.Adapter
	open, most atomic.Int64
}

func (a *attachmentReads) OpenRevs(ctx context.Context, docID string, options core.OpenRevsOptions) ([]core.OpenRev, error) {
	a.most.Store(max(a.most.Load(), a.open.Add(1)))
	defer a.open.Add(-1)
	time.Sleep(time.Second)
	return a.Adapter.OpenRevs(ctx, docID, options)
}

// P#7558: one request for each attachment, all at once, until the server answered 429 for ever.
func TestFewContentsAreReadAtOnce(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]replication.Options{"one batch": {}, "several": {BatchSize: 5, BatchesLimit: 4}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				source, target := open(t), open(t)
				for i := range 20 {
					_, err := core.Put(t.Context(), source, &core.Document{ID: docID(i), Body: []byte(`{}`), Attachments: []core.Attachment{
						{Name: "large", ContentType: "image/png", Data: make([]byte, 100_000+i)}}})
					require.NoError(t, err)
				}
				counting := &attachmentReads{Adapter: source}
				result, err := replication.Run(t.Context(), counting, target, options)
				require.NoError(t, err)
				assert.Equal(t, 20, result.DocsWritten)
				assert.EqualValues(t, 4, counting.most.Load())
				assert.Equal(t, leaves(t, source), leaves(t, target))
			})
		})
	}
}
