package docstore

import (
	"context"
	"errors"
	"strings"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/mango"
)

// CreateIndex writes an index into its design document. It is built in the background; queries wait for it.
func (db *DB) CreateIndex(ctx context.Context, request []byte) (core.CreatedIndex, error) {
	index, err := mango.ParseIndexRequest(request, db.options.Regexp)
	if err != nil {
		return core.CreatedIndex{}, err
	}
	created := core.CreatedIndex{ID: index.DesignDoc, Name: index.Name}
	err = db.editDesign(ctx, index.DesignDoc, func(doc *core.Document) (bool, error) {
		changed, body, err := index.AddTo(doc.Body, db.options.Regexp)
		doc.Body = body
		created.Existed = !changed
		return changed, err
	})
	return created, err
}

// DeleteIndex takes an index out of its design document, and deletes that one when nothing remains in it.
func (db *DB) DeleteIndex(ctx context.Context, designDoc, name string) error {
	if !strings.HasPrefix(designDoc, core.DesignPrefix) {
		designDoc = core.DesignPrefix + designDoc
	}
	return db.editDesign(ctx, designDoc, func(doc *core.Document) (bool, error) {
		body, found, empty := mango.RemoveFrom(doc.Body, name)
		if !found {
			return false, core.ErrMissing.Of(designDoc)
		}
		if doc.Body = body; empty {
			doc.Deleted, doc.Body, doc.Attachments = true, core.EmptyBody, nil
		}
		return true, nil
	})
}

// editDesign changes a design document, again when somebody else was first. One that is not there has no body.
func (db *DB) editDesign(ctx context.Context, designDoc string, change func(*core.Document) (changed bool, err error)) error {
	for {
		doc, err := db.Get(ctx, designDoc, core.GetOptions{})
		if errors.Is(err, core.ErrMissing) {
			doc, err = &core.Document{ID: designDoc}, nil
		}
		if err != nil {
			return err
		}
		changed, err := change(doc)
		if err != nil || !changed {
			return err
		}
		if _, err = core.Put(ctx, db, doc); !errors.Is(err, core.ErrConflict) {
			return err
		}
	}
}

// Indexes lists the indexes.
func (db *DB) Indexes(ctx context.Context) ([]core.IndexDescription, error) {
	if err := db.indexer.adopt(ctx); err != nil {
		return nil, err
	}
	list := []core.IndexDescription{{Name: "_all_docs", Type: "special", Definition: []byte(`{"fields":[{"_id":"asc"}]}`)}}
	err := db.view(ctx, false, func(s kv.Snapshot) error {
		c, err := db.catalogue(ctx, s)
		if err != nil {
			return err
		}
		for _, index := range c.indexes {
			list = append(list, core.IndexDescription{
				DesignDoc: index.DesignDoc, Name: index.Name, Type: "json", Definition: index.AppendDefinition(nil),
			})
		}
		return nil
	})
	return list, err
}
