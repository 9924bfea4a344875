package engine

import (
	"context"
	"errors"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/core/wire"
)

// Dumps are made and read in js/src/additions. Documents pass there as texts, since JavaScript does not know all numbers.

// texts is an array of documents' texts, as strings.
type texts []byte

func (t *texts) add(doc *core.Document) {
	if len(*t) == 0 {
		*t = append(*t, '[')
	} else {
		*t = append(*t, ',')
	}
	*t = rawjson.AppendString(*t, doc.AppendJSON(nil))
}

func (t texts) answer() []byte {
	if len(t) == 0 {
		return []byte("[]")
	}
	return append(t, ']')
}

// localLister is a local database.
type localLister interface {
	EachLocal(ctx context.Context, each func(*core.Document) error) error
}

// localDocs answers with the local documents.
func localDocs(ctx context.Context, db core.Adapter, _ *request) ([]byte, error) {
	local, ok := db.(localLister)
	if !ok {
		return nil, core.ErrNotImplemented.Because("a remote database's local documents cannot be listed")
	}
	var found texts
	err := local.EachLocal(ctx, func(doc *core.Document) error {
		found.add(doc)
		return nil
	})
	return found.answer(), err
}

// revisions answers with revisions and their ancestry, of which all attachments "follow". Those that are gone meanwhile are left out.
func revisions(ctx context.Context, db core.Adapter, r *request) ([]byte, error) {
	requests, err := wire.ParseBulkGetRequest(r.data)
	if err != nil {
		return nil, err
	}
	results, err := db.BulkGet(ctx, requests, core.BulkGetOptions{Revs: true})
	if err != nil {
		return nil, err
	}
	var found texts
	for i := range results {
		for _, result := range results[i].Docs {
			if err := result.Err; err != nil {
				if errors.Is(err, core.ErrMissing) {
					continue
				}
				return nil, err
			}
			doc := *result.Doc
			doc.Attachments = nil
			for _, a := range result.Doc.Attachments {
				a.Stub, a.Follows = false, true
				doc.Attachments = append(doc.Attachments, a)
			}
			found.add(&doc)
		}
	}
	return found.answer(), nil
}
