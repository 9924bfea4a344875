package replication

import (
	"strconv"

	"github.com/gouchdb/gouchdb/core"
)

// choose returns the documents that the filter lets pass.
func (r *replicator) choose(docs []*core.Document) ([]*core.Document, error) {
	if r.options.Filter == nil || len(docs) == 0 {
		return docs, nil
	}
	pass, err := r.options.Filter(r.ctx, docs)
	if r.ctx.Err() != nil {
		return nil, &stepError{"filtering documents", r.ctx.Err()}
	}
	if err == nil && len(pass) != len(docs) {
		err = core.ErrBadRequest.Because("the filter gives " + strconv.Itoa(len(pass)) + " answers for " + strconv.Itoa(len(docs)) + " documents")
	}
	if err != nil {
		return nil, &stepError{"filtering documents", err}
	}
	var chosen []*core.Document
	for i, doc := range docs {
		if pass[i] {
			chosen = append(chosen, doc)
		}
	}
	return chosen, nil
}
