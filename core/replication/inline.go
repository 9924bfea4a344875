package replication

import (
	"slices"

	"github.com/gouchdb/gouchdb/core"
)

// Small contents come for many documents at once, as base64 in the JSON of a bulk get, and go on in that of a bulk write. That is a third more bytes,
// and saves two requests for each document.

// inlineAttachments is how many bytes one document's contents may have together to travel so.
const inlineAttachments = 64 << 10

// fetchInline replaces documents that have stubs of small contents by the same with contents. What it cannot get so is left as it is.
func (r *replicator) fetchInline(docs []*core.Document) error {
	var places []int
	var requests []core.DocRev
	for i, doc := range docs {
		// All contents come, so that all count, but only where there are new ones.
		if stubBytes(doc, r.ancestors.of(doc.ID)) >= 0 && stubBytes(doc, nil) <= inlineAttachments {
			places = append(places, i)
			requests = append(requests, core.DocRev{ID: doc.ID, Rev: doc.Rev})
		}
	}
	if len(requests) < 2 {
		return nil
	}
	var results []core.BulkGetResult
	err := r.retry.do(r.ctx, "reading attachments", func() (err error) {
		// Not the latest: what came after has contents of unknown size.
		results, err = r.bulkGet(requests, core.BulkGetOptions{Revs: true, Attachments: true})
		return err
	})
	if err != nil && r.ctx.Err() == nil && !mayPass(err, false) {
		return nil // one by one, it is told which of them cannot be had
	}
	for i, result := range results {
		for _, answer := range result.Docs {
			if answer.Err == nil && answer.Doc.Rev == requests[i].Rev && !hasStubs(answer.Doc) {
				docs[places[i]] = answer.Doc
			}
		}
	}
	return err
}

// isInline reports whether a document can be written together with others: what is to be written of its contents is here, and small.
func isInline(doc *core.Document) bool {
	length := 0
	for i := range doc.Attachments {
		length += len(doc.Attachments[i].Data)
	}
	return length <= inlineAttachments && !slices.ContainsFunc(doc.Attachments, func(a core.Attachment) bool { return a.Follows || a.Content != nil })
}

// inlineLength is how long contents are as base64.
func inlineLength(length int64) int64 { return (length + 2) / 3 * 4 }

// sentSize is about how long a document is as JSON.
func sentSize(doc *core.Document) int {
	size := int64(docSize(doc))
	for i := range doc.Attachments {
		length := int64(len(doc.Attachments[i].Data))
		size += inlineLength(length) - length
	}
	return int(size)
}
