package replication

import (
	"errors"

	"github.com/gouchdb/gouchdb/core"
)

// outcome is what became of documents that were to be written.
type outcome struct {
	written        []*core.Document
	denied, failed []*core.Error // each names its document
}

// write stores documents in the target as they are. Its error ends the run; documents that fail by themselves are in the outcome.
func (r *replicator) write(docs []*core.Document) (outcome, error) {
	var out outcome
	groups := r.group(docs)
	for len(groups) > 0 {
		group := groups[0]
		groups = groups[1:]
		err := r.writeGroup(group, &out)
		if err == nil {
			continue
		}
		failure := core.AsError(err)
		switch verdict := judge(failure); {
		case r.ctx.Err() != nil:
			return out, err
		case verdict == verdictDivide && len(group) > 1:
			groups = r.divide(failure, group, groups)
		case verdict == verdictDivide:
			out.failed = append(out.failed, failure.Of(group[0].ID))
		case verdict == verdictDenied && len(group) == 1 && core.IsDesignID(group[0].ID):
			// The target has just answered other questions, so it knows us: it is this document that only an administrator may write.
			out.denied = append(out.denied, failure.Of(group[0].ID))
		case (errors.Is(err, core.ErrMissingStub) || isGone(err)) && len(group) == 1:
			out.failed = append(out.failed, failure.Of(group[0].ID))
		default:
			return out, err
		}
	}
	return out, nil
}

// group cuts documents into writes. Design documents go alone, so that a refusal of one can be told from a refusal of everything, and so do
// documents with attachments that are not small.
func (r *replicator) group(docs []*core.Document) [][]*core.Document {
	var plain []*core.Document
	var alone [][]*core.Document
	for _, doc := range docs {
		if core.IsDesignID(doc.ID) || !isInline(doc) {
			alone = append(alone, []*core.Document{doc})
		} else {
			plain = append(plain, doc)
		}
	}
	return append(split(plain, r.options.BatchSize, r.writeBytes), alone...)
}

// divide puts the halves of a refused group before the other groups. When it was too large, following writes are smaller, too.
func (r *replicator) divide(failure *core.Error, group []*core.Document, rest [][]*core.Document) [][]*core.Document {
	if failure.Status == core.ErrTooLarge.Status {
		bytes := 0
		for _, doc := range group {
			bytes += sentSize(doc)
		}
		r.writeBytes = max(1, min(r.writeBytes, bytes/2))
	}
	groups := split(group, (len(group)+1)/2, r.writeBytes)
	for _, other := range rest {
		groups = append(groups, split(other, len(other), r.writeBytes)...)
	}
	return groups
}

func (r *replicator) writeGroup(group []*core.Document, out *outcome) error {
	pending := group
	var passing []*core.Error
	err := r.retry.do(r.ctx, "writing documents", func() error {
		passing = nil
		results, err := r.target.BulkDocs(r.ctx, pending, core.BulkDocsOptions{Replicated: true})
		if errors.Is(err, core.ErrMissingStub) {
			if pending, err = r.completed(pending, err); err == nil {
				results, err = r.target.BulkDocs(r.ctx, pending, core.BulkDocsOptions{Replicated: true})
			}
		}
		if err != nil {
			return err
		}
		if len(results) != len(pending) {
			return core.ErrNotCouchDB.Because("a bulk write does not answer for every document")
		}
		var again []*core.Document
		for i, result := range results {
			if result.Err == nil {
				out.written = append(out.written, pending[i])
				continue
			}
			failure := result.Err.Of(pending[i].ID)
			switch judge(failure) {
			case verdictDenied:
				out.denied = append(out.denied, failure)
			case verdictRetry, verdictSlower:
				again = append(again, pending[i])
				passing = append(passing, failure)
			default:
				out.failed = append(out.failed, failure)
			}
		}
		if len(again) > 0 {
			pending = again
			return passing[0]
		}
		return nil
	})
	if err != nil && len(passing) > 0 && r.ctx.Err() == nil {
		out.failed = append(out.failed, passing...)
		return nil
	}
	return err
}
