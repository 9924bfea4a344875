package wire

import (
	"bytes"
	"slices"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// BulkDocs is the body of a _bulk_docs request.
type BulkDocs struct {
	Docs []*core.Document
	core.BulkDocsOptions
	AllOrNothing bool // asked for; CouchDB refuses it
}

// ParseBulkDocs reads the body of a _bulk_docs request. One bad document fails the whole, as in CouchDB.
func ParseBulkDocs(text []byte) (*BulkDocs, error) {
	if rawjson.KindOf(text) != rawjson.Object {
		return nil, core.ErrBadRequest.Because("Request body must be a JSON object")
	}
	request := &BulkDocs{}
	var docs []byte
	for name, value := range rawjson.Members(text) {
		switch {
		case rawjson.Is(name, "docs"):
			docs = value
		case rawjson.Is(name, "new_edits"):
			newEdits, ok := rawjson.Bool(value)
			if !ok {
				return nil, core.ErrBadRequest.Because("`new_edits` must be true or false")
			}
			request.Replicated = !newEdits
		case rawjson.Is(name, "all_or_nothing"):
			request.AllOrNothing, _ = rawjson.Bool(value)
		}
	}
	if docs == nil {
		return nil, core.ErrBadRequest.Because("POST body must include `docs` parameter.")
	}
	if rawjson.KindOf(docs) != rawjson.Array {
		return nil, core.ErrBadRequest.Because("`docs` parameter must be an array.")
	}
	for reader := core.NewDocumentReader(docs); ; {
		doc, _, err := reader.Next()
		if err != nil {
			return nil, err
		}
		if doc == nil {
			return request, nil
		}
		request.Docs = append(request.Docs, doc)
	}
}

// AppendBulkDocs appends the body of a _bulk_docs request.
func AppendBulkDocs(dst []byte, docs []*core.Document, options core.BulkDocsOptions) []byte {
	length := 0
	for _, doc := range docs {
		length += len(doc.ID) + len(doc.Body) + 200
		for i := range doc.Attachments {
			length += len(doc.Attachments[i].Data)/3*4 + 200
		}
	}
	dst = append(slices.Grow(dst, length), `{"docs":[`...)
	for i, doc := range docs {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendSent(dst, doc)
	}
	dst = append(dst, ']')
	if options.Replicated {
		dst = append(dst, `,"new_edits":false`...)
	}
	return append(dst, '}')
}

// appendSent appends a document that is to be written. One without an id gets it from who writes it: an empty one would be refused.
func appendSent(dst []byte, doc *core.Document) []byte {
	start := len(dst)
	dst = doc.AppendJSON(dst)
	if doc.ID != "" {
		return dst
	}
	rest := bytes.TrimPrefix(bytes.TrimPrefix(dst[start:], []byte(`{"_id":""`)), []byte(","))
	return append(append(dst[:start], '{'), rest...)
}

// ParseDocRevs reads an object of document ids with lists of revisions: the body of _revs_diff, _missing_revs and _purge.
func ParseDocRevs(text []byte) ([]core.DocRevs, error) {
	if rawjson.KindOf(text) != rawjson.Object {
		return nil, core.ErrBadRequest.Because("Request body must be a JSON object")
	}
	requests := []core.DocRevs{}
	for name, value := range rawjson.Members(text) {
		docID, _ := rawjson.Text(name)
		revs, err := parseRevs(value)
		if err != nil {
			return nil, err
		}
		requests = append(requests, core.DocRevs{ID: docID, Revs: revs})
	}
	return requests, nil
}

func parseRevs(value []byte) ([]core.Rev, error) {
	if rawjson.KindOf(value) != rawjson.Array {
		return nil, core.ErrBadRequest.Because("revisions must be an array of strings")
	}
	revs := []core.Rev{}
	for element := range rawjson.Elements(value) {
		rev, err := core.ReadRev(element)
		if err != nil {
			return nil, err
		}
		revs = append(revs, rev)
	}
	return revs, nil
}

// AppendDocRevs appends an object of document ids with lists of revisions.
func AppendDocRevs(dst []byte, requests []core.DocRevs) []byte {
	dst = append(dst, '{')
	for i, request := range requests {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = rawjson.AppendString(dst, request.ID)
		dst = append(dst, ':')
		dst = core.AppendRevs(dst, request.Revs)
	}
	return append(dst, '}')
}

// ParseBulkGetRequest reads the body of a _bulk_get request.
func ParseBulkGetRequest(text []byte) ([]core.DocRev, error) {
	if rawjson.KindOf(text) != rawjson.Object {
		return nil, core.ErrBadRequest.Because("Request body must be a JSON object")
	}
	docs := rawjson.Member(text, "docs")
	if docs == nil {
		return nil, core.ErrBadRequest.Because("Missing JSON list of 'docs'.")
	}
	if rawjson.KindOf(docs) != rawjson.Array {
		return nil, core.ErrBadRequest.Because("Missing JSON list of 'docs'.")
	}
	requests := []core.DocRev{}
	for element := range rawjson.Elements(docs) {
		docID, ok := rawjson.Text(rawjson.Member(element, "id"))
		if !ok {
			return nil, core.ErrBadRequest.Because("each of 'docs' must have a string `id`")
		}
		request := core.DocRev{ID: docID}
		if value := rawjson.Member(element, "rev"); value != nil {
			rev, err := core.ReadRev(value)
			if err != nil {
				return nil, err
			}
			request.Rev = rev
		}
		requests = append(requests, request)
	}
	return requests, nil
}

// AppendBulkGetRequest appends the body of a _bulk_get request.
func AppendBulkGetRequest(dst []byte, requests []core.DocRev) []byte {
	dst = append(dst, `{"docs":[`...)
	for i, request := range requests {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"id":`...)
		dst = rawjson.AppendString(dst, request.ID)
		if !request.Rev.IsZero() {
			dst = append(dst, `,"rev":`...)
			dst = core.AppendRev(dst, request.Rev)
		}
		dst = append(dst, '}')
	}
	return append(dst, "]}"...)
}
