package replication

import (
	"github.com/gouchdb/gouchdb/core"
)

// fetch brings what the target lacks of a batch, chunk by chunk.
func (r *replicator) fetch(b *batch) {
	defer close(b.chunks)
	wanted, counts, err := r.findMissing(b)
	if err != nil {
		b.err = err
		return
	}
	r.hand(b, chunk{counts: counts, left: len(wanted)})
	for len(wanted) > 0 && b.err == nil {
		count, err := r.budget.wait(r.ctx, b.number)
		if err != nil {
			b.err = &stepError{"waiting for the target", err}
			return
		}
		count = min(count, len(wanted))
		c, err := r.read(wanted[:count])
		if err != nil {
			b.err = err
			return
		}
		wanted = wanted[count:]
		left := len(wanted) + len(c.docs)
		for i, part := range r.portions(c) {
			if i > 0 {
				if _, err := r.budget.wait(r.ctx, b.number); err != nil {
					b.err = &stepError{"waiting for the target", err}
					return
				}
			}
			if err := r.fetchContents(&part); err != nil {
				b.err = err
				return
			}
			part.counts = Counts{DocsRead: len(part.docs), DocReadFailures: len(part.failures)}
			left -= len(part.docs)
			part.left = left
			r.budget.take(len(part.docs), part.bytes)
			r.hand(b, part)
		}
	}
}

// portions cuts a chunk where the contents of attachments, which are still to be fetched, are more than the budget allows a fetch.
func (r *replicator) portions(c chunk) []chunk {
	portions := []chunk{{failures: c.failures}}
	size := int64(0)
	for _, doc := range c.docs {
		own := int64(docSize(doc))
		if contents := stubBytes(doc, r.ancestors.of(doc.ID)); contents <= heldAttachments {
			own += inlineLength(max(contents, 0))
		}
		last := &portions[len(portions)-1]
		if size += own; size > int64(r.options.BatchBytes) && len(last.docs) > 0 {
			portions = append(portions, chunk{})
			last = &portions[len(portions)-1]
			size = own
		}
		last.docs = append(last.docs, doc)
	}
	return portions
}

// hand puts a chunk where the writer will find it.
func (r *replicator) hand(b *batch, c chunk) {
	select {
	case b.chunks <- c:
	case <-r.ctx.Done():
		b.err = &stepError{"waiting for the target", r.ctx.Err()}
	}
}

// read fetches revisions from the source, with their ancestry. Where one has been updated meanwhile, its successors come instead.
func (r *replicator) read(wanted []core.DocRev) (chunk, error) {
	found := collector{}
	var vanished, again []core.DocRev
	var passing []*core.Error
	pending := wanted
	err := r.retry.do(r.ctx, "reading documents", func() error {
		again, passing = nil, nil
		results, err := r.bulkGet(pending, core.BulkGetOptions{Revs: true, Latest: true})
		if err != nil {
			return err
		}
		for i, result := range results {
			if len(result.Docs) == 0 {
				vanished = append(vanished, pending[i])
			}
			for _, answer := range result.Docs {
				if answer.Err == nil {
					found.add(answer.Doc, pending[i].Rev)
					continue
				}
				switch judge(answer.Err) {
				case verdictMissing:
					vanished = append(vanished, pending[i])
				case verdictRetry, verdictSlower:
					again = append(again, pending[i])
					passing = append(passing, answer.Err.Of(result.ID))
				default:
					found.failures = append(found.failures, answer.Err.Of(result.ID))
				}
			}
		}
		if len(again) > 0 {
			pending = again
			return passing[0]
		}
		return nil
	})
	if err != nil && (len(passing) == 0 || r.ctx.Err() != nil) {
		return chunk{}, err
	}
	// The calls went through, these documents did not: that is their fault alone.
	found.failures = append(found.failures, passing...)
	if len(vanished) > 0 {
		if err := r.resolve(vanished, &found); err != nil {
			return chunk{}, err
		}
	}
	return found.chunk, nil
}

// resolve finds out why revisions that the changes feed told of are not there. One that is no leaf any more, or was purged, is nothing to
// copy: what came in its place has a later sequence. One that still is a leaf, yet cannot be read, is a failure.
func (r *replicator) resolve(vanished []core.DocRev, found *collector) error {
	requests := make([]core.DocRev, len(vanished))
	for i, revision := range vanished {
		requests[i] = core.DocRev{ID: revision.ID}
	}
	var results []core.BulkGetResult
	err := r.retry.do(r.ctx, "reading documents again", func() (err error) {
		results, err = r.bulkGet(requests, core.BulkGetOptions{Revs: true, Latest: true})
		return err
	})
	if err != nil {
		return err
	}
	for i, result := range results {
		for _, answer := range result.Docs {
			switch {
			case answer.Err == nil:
				found.add(answer.Doc, core.Rev{})
			case answer.Rev == vanished[i].Rev, judge(answer.Err) != verdictMissing:
				found.failures = append(found.failures, answer.Err.Of(result.ID))
			}
		}
	}
	return nil
}

func (r *replicator) bulkGet(requests []core.DocRev, options core.BulkGetOptions) ([]core.BulkGetResult, error) {
	results, err := inHalves(requests, func(part []core.DocRev) ([]core.BulkGetResult, error) {
		return r.source.BulkGet(r.ctx, part, options)
	})
	if err == nil && len(results) != len(requests) {
		err = core.ErrNotCouchDB.Because("a bulk get does not answer every request")
	}
	return results, err
}

// collector gathers a chunk, each revision once.
type collector struct {
	chunk
	// seen is nil as long as there is nothing but what was asked for, which is asked for once.
	seen map[core.DocRev]bool
}

// add takes a document that came when a revision was asked for: that, or its successor.
func (c *collector) add(doc *core.Document, asked core.Rev) {
	if doc.Rev != asked && c.seen == nil {
		c.seen = make(map[core.DocRev]bool, len(c.docs)+1)
		for _, doc := range c.docs {
			c.seen[core.DocRev{ID: doc.ID, Rev: doc.Rev}] = true
		}
	}
	if c.seen != nil {
		key := core.DocRev{ID: doc.ID, Rev: doc.Rev}
		if c.seen[key] {
			return
		}
		c.seen[key] = true
	}
	c.docs = append(c.docs, doc)
	c.bytes += docSize(doc)
}
