package engine

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/core/wire"
	"github.com/gouchdb/gouchdb/internal/hex"
)

// put writes one document; its failure is the call's.
func put(ctx context.Context, db core.Adapter, r *request) ([]byte, error) {
	options := core.BulkDocsOptions{Replicated: !r.boolOr("new_edits", true)}
	if r.err != nil {
		return nil, r.err
	}
	doc, err := parseDocument(r.data)
	if err != nil {
		return nil, err
	}
	if err := r.take(doc); err != nil {
		return nil, err
	}
	results, err := db.BulkDocs(ctx, []*core.Document{doc}, options)
	if err != nil {
		return nil, about(doc.ID, err)
	}
	result := core.BulkResult{ID: doc.ID, Rev: doc.Rev}
	if len(results) > 0 { // a server leaves out what it stored as it came
		result = results[0]
	}
	return written(ctx, db, doc, &result)
}

// written is the answer to a put.
func written(ctx context.Context, db core.Adapter, doc *core.Document, result *core.BulkResult) ([]byte, error) {
	if result.Err != nil {
		return nil, about(doc.ID, unknownToDelete(ctx, db, doc, result.Err))
	}
	return wire.AppendBulkResult(nil, result), nil
}

// unknownToDelete tells a deletion of what was never there as PouchDB does. To CouchDB it is a conflict like any other.
func unknownToDelete(ctx context.Context, db core.Adapter, doc *core.Document, failure *core.Error) *core.Error {
	if !doc.Deleted || !errors.Is(failure, core.ErrConflict) {
		return failure
	}
	if _, err := db.Get(ctx, doc.ID, core.GetOptions{}); errors.Is(err, core.ErrMissing) && core.AsError(err).Reason != core.ErrDeleted.Reason {
		return core.ErrDeleted.Of(doc.ID)
	}
	return failure
}

func bulkDocs(ctx context.Context, db core.Adapter, r *request) ([]byte, error) {
	options := core.BulkDocsOptions{Replicated: !r.boolOr("new_edits", true), Atomic: r.bool("atomic")}
	if r.err != nil {
		return nil, r.err
	}
	if rawjson.KindOf(r.data) != rawjson.Array {
		return nil, core.ErrBadRequest.Because("`docs` must be an array")
	}
	docs, err := parseDocuments(r.data)
	if err != nil {
		return nil, err
	}
	if err := r.take(docs...); err != nil {
		return nil, err
	}
	results, err := db.BulkDocs(ctx, docs, options)
	if err != nil {
		return nil, err
	}
	dst := []byte{'['}
	for i := range results {
		if options.Replicated && results[i].Err == nil {
			continue // as CouchDB and PouchDB do: only failures are told of
		}
		if len(dst) > 1 {
			dst = append(dst, ',')
		}
		if err := results[i].Err; err != nil {
			err = unknownToDelete(ctx, db, docs[i], err)
			dst = appendFailure(dst, err.Of(results[i].ID))
		} else {
			dst = wire.AppendBulkResult(dst, &results[i])
		}
	}
	return append(dst, ']'), nil
}

func parseDocuments(text []byte) ([]*core.Document, error) {
	docs := []*core.Document{}
	for reader := core.NewDocumentReader(text); ; {
		doc, text, err := reader.Next()
		if err == nil && doc == nil {
			return docs, nil
		}
		if err == nil {
			err = identify(doc, text)
		}
		if err != nil {
			return nil, core.AsError(err).Because(reasonOf(err) + " (document " + strconv.Itoa(len(docs)) + " of `docs`)")
		}
		docs = append(docs, doc)
	}
}

// parseDocument reads a document that may lack an id, which it is then given.
func parseDocument(text []byte) (*core.Document, error) {
	doc, err := core.ParseDocument(text)
	if err != nil {
		return nil, core.AsError(err).Because(reasonOf(err))
	}
	return doc, identify(doc, text)
}

// identify checks the id of a document, which it is given if the text that it was read from has none.
func identify(doc *core.Document, text []byte) error {
	if doc.ID == "" && rawjson.Member(text, "_id") == nil {
		doc.ID = newUUID()
	}
	return core.ValidateDocID(doc.ID)
}

// reasonOf also says where a text is not JSON.
func reasonOf(err error) string {
	reason := core.AsError(err).Reason
	if syntax, is := errors.AsType[*rawjson.SyntaxError](err); is {
		reason += ": " + syntax.Error()
	}
	return reason
}

// newUUID returns a random (version 4) UUID. The generator of math/rand is cryptographically strong as long as nobody seeds it.
func newUUID() string {
	var raw [16]byte
	for i := range raw {
		raw[i] = byte(rand.Uint32())
	}
	raw[6] = raw[6]&0x0f | 0x40
	raw[8] = raw[8]&0x3f | 0x80
	digits := hex.Encode(raw[:])
	return digits[:8] + "-" + digits[8:12] + "-" + digits[12:16] + "-" + digits[16:20] + "-" + digits[20:]
}
