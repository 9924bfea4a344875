package replication

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/gouchdb/gouchdb/core"
)

// Documents come from a bulk get with stubs of their attachments. Small contents are fetched for many documents at once (see inline.go), others document by
// document, a few at a time, and only those that no revision has which the target knows. What is large is not fetched here, but read by who writes it.

const (
	// attachmentReaders is how many documents' contents are fetched at a time, by all batches together.
	attachmentReaders = 4
	// heldAttachments is how many bytes of one document's contents are held in memory.
	heldAttachments = 1 << 20
)

// ancestors are the revisions of documents that the target has and that may be ancestors of what it lacks. They are those of the newest question:
// batches overlap, and naming none costs bytes only.
type ancestors struct {
	mutex sync.Mutex
	known map[string][]core.Rev
}

func (a *ancestors) learn(diffs []core.RevsDiff) {
	known := make(map[string][]core.Rev)
	for _, diff := range diffs {
		if len(diff.PossibleAncestors) > 0 {
			known[diff.ID] = diff.PossibleAncestors
		}
	}
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.known = known
}

func (a *ancestors) of(docID string) []core.Rev {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	return a.known[docID]
}

// fetchContents puts the contents of attachments in the place of stubs.
func (r *replicator) fetchContents(c *chunk) error {
	docs := c.docs
	if err := r.fetchInline(docs); err != nil {
		return err
	}
	fetched := make([]fetchedDoc, len(docs))
	var all sync.WaitGroup
	for i, doc := range docs {
		if !hasStubs(doc) {
			fetched[i].docs = docs[i : i+1 : i+1]
			continue
		}
		r.readers <- struct{}{}
		all.Go(func() {
			defer func() { <-r.readers }()
			fetched[i] = r.withContents(doc, r.ancestors.of(doc.ID))
		})
	}
	all.Wait()
	found := collector{}
	found.failures = c.failures
	for i, f := range fetched {
		switch {
		case f.err == nil:
			for _, doc := range f.docs {
				found.add(doc, docs[i].Rev)
			}
		case r.ctx.Err() != nil:
			return f.err
		default:
			found.failures = append(found.failures, core.AsError(f.err).Of(docs[i].ID))
		}
	}
	c.docs, c.failures, c.bytes = found.docs, found.failures, found.bytes
	return nil
}

type fetchedDoc struct {
	docs []*core.Document
	err  error
}

func hasStubs(doc *core.Document) bool {
	for i := range doc.Attachments {
		if doc.Attachments[i].Stub {
			return true
		}
	}
	return false
}

// withContents returns a document with the contents that came later than the revisions known. When it was updated meanwhile, its successors come instead.
func (r *replicator) withContents(doc *core.Document, known []core.Rev) fetchedDoc {
	switch size := stubBytes(doc, known); {
	case size < 0:
		return fetchedDoc{docs: []*core.Document{doc}}
	case size > heldAttachments:
		return fetchedDoc{docs: []*core.Document{r.withLateContents(doc, known)}}
	}
	var f fetchedDoc
	f.err = r.retry.do(r.ctx, "reading attachments", func() error {
		revs, err := r.source.OpenRevs(r.ctx, doc.ID, core.OpenRevsOptions{
			Revs: []core.Rev{doc.Rev}, Latest: true, WithRevisions: true, Attachments: true, AttsSince: known})
		if err != nil {
			return err
		}
		f.docs = nil
		for _, rev := range revs {
			if rev.Doc == nil {
				return core.ErrMissing.Of(doc.ID)
			}
			f.docs = append(f.docs, rev.Doc)
		}
		return nil
	})
	return f
}

// stubBytes is how long the contents are together that came later than the revisions known, -1 when there are none.
func stubBytes(doc *core.Document, known []core.Rev) int64 {
	since, size := doc.Since(known), int64(-1)
	for i := range doc.Attachments {
		if a := &doc.Attachments[i]; a.Stub && (since == 0 || a.RevPos > since) {
			size = max(size, 0) + a.Length
		}
	}
	return size
}

// withLateContents lets the contents be read when they are written. Those that the target has with a revision it knows stay stubs.
func (r *replicator) withLateContents(doc *core.Document, known []core.Rev) *core.Document {
	late := *doc
	late.Attachments = append([]core.Attachment(nil), doc.Attachments...)
	late.FillStubs(known, func(name string) core.Content { return &lateContent{r.source, doc.ID, name, doc.Rev} })
	return &late
}

type lateContent struct {
	source      core.Adapter
	docID, name string
	rev         core.Rev
}

// attachmentOpener is a database that reads contents without finding out first what there is to be said of them.
type attachmentOpener interface {
	OpenAttachment(ctx context.Context, docID, name string, rev core.Rev, offset int64) (io.ReadCloser, error)
}

// goneError says that a revision went away at the source before its contents were read.
type goneError struct{ error }

func (e *goneError) Unwrap() error { return e.error }

func isGone(err error) bool {
	_, is := errors.AsType[*goneError](err)
	return is
}

// Open implements [core.Content].
func (c *lateContent) Open(ctx context.Context, offset int64) (io.ReadCloser, error) {
	reader, err := c.open(ctx, offset)
	if errors.Is(err, core.ErrMissing) {
		err = &goneError{err}
	}
	return reader, err
}

func (c *lateContent) open(ctx context.Context, offset int64) (io.ReadCloser, error) {
	if opener, ok := c.source.(attachmentOpener); ok {
		return opener.OpenAttachment(ctx, c.docID, c.name, c.rev, offset)
	}
	a, err := c.source.GetAttachment(ctx, c.docID, c.name, c.rev)
	if err != nil {
		return nil, err
	}
	return a.Open(ctx, offset)
}

// completed fetches a document again with all contents, because the target does not have what it seemed to have.
func (r *replicator) completed(group []*core.Document, err error) ([]*core.Document, error) {
	if len(group) != 1 || !errors.Is(err, core.ErrMissingStub) || !hasStubs(group[0]) {
		return nil, err
	}
	f := r.withContents(group[0], nil)
	return f.docs, f.err
}
