package server

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// putDocument writes a document under the id in the path.
func (req *request) putDocument(docID string) error {
	if req.mediaType() == "multipart/related" {
		return req.putRelated(docID)
	}
	doc, err := req.readDocument()
	if err != nil {
		return err
	}
	doc.ID = docID
	if err := req.checkSize(doc); err != nil {
		return err
	}
	if doc.Rev, err = req.agreeOnRev(doc.Rev); err != nil {
		return err
	}
	return req.write(doc, req.writeOptions())
}

func (req *request) writeOptions() core.BulkDocsOptions {
	newEdits, _ := req.query.get("new_edits")
	return core.BulkDocsOptions{Replicated: newEdits == "false"}
}

// postDocument writes a document under the id in its body, or a new one.
func (req *request) postDocument() error {
	if err := req.requireJSON(); err != nil {
		return err
	}
	doc, err := req.readDocument()
	if err != nil {
		return err
	}
	if doc.ID == "" {
		doc.ID = newUUID()
	}
	if err := allowDocID(doc.ID); err != nil {
		return err
	}
	if err := req.checkSize(doc); err != nil {
		return err
	}
	return req.write(doc, core.BulkDocsOptions{})
}

func (req *request) readDocument() (*core.Document, error) {
	text, err := req.readJSON()
	if err != nil {
		return nil, err
	}
	doc, err := core.ParseDocument(text)
	if err != nil {
		return nil, err
	}
	if doc.ID == "" && rawjson.Member(text, "_id") != nil {
		return nil, core.ValidateDocID("")
	}
	return doc, nil
}

func (req *request) checkSize(doc *core.Document) error {
	if len(doc.Body) > req.server.options.MaxDocumentSize {
		return core.ErrTooLarge.Because(doc.ID)
	}
	return nil
}

// agreeOnRev returns the revision that a write follows: the body, the query and the If-Match header may each say it, and must not differ.
func (req *request) agreeOnRev(inBody core.Rev) (core.Rev, error) {
	inQuery, err := req.query.rev("rev")
	if err != nil {
		return core.Rev{}, err
	}
	if !inBody.IsZero() && !inQuery.IsZero() && inBody != inQuery {
		return core.Rev{}, core.ErrBadRequest.Because("Document rev from request body and query string have different values")
	}
	rev := inBody
	if rev.IsZero() {
		rev = inQuery
	}
	if header := strings.Trim(req.Header.Get("If-Match"), `"`); header != "" {
		inHeader, err := core.ParseRev(header)
		if err != nil {
			return core.Rev{}, err
		}
		if !rev.IsZero() && rev != inHeader {
			return core.Rev{}, core.ErrBadRequest.Because("Document rev and etag have different values")
		}
		rev = inHeader
	}
	return rev, nil
}

// write stores one document and answers with its new revision.
func (req *request) write(doc *core.Document, options core.BulkDocsOptions) error {
	if core.IsDesignID(doc.ID) {
		if err := req.requireDatabaseAdmin(notDatabaseAdmin); err != nil {
			return err
		}
	}
	result, err := req.writeValid(doc, options)
	if err != nil {
		return err
	}
	text := rawjson.AppendString([]byte(`{"ok":true,"id":`), doc.ID)
	if batch, _ := req.query.get("batch"); batch == "ok" {
		// The client does not want to know about conflicts: CouchDB would have answered before it found out.
		return req.send(http.StatusAccepted, append(text, '}'))
	}
	if result.Err != nil {
		return result.Err
	}
	text = core.AppendRev(append(text, `,"rev":`...), result.Rev)
	if req.Method != http.MethodPost {
		req.answer.Header().Set("ETag", quoteRev(result.Rev))
	}
	if doc.Deleted {
		if req.Method != http.MethodDelete {
			req.location(doc.ID)
		}
		return req.send(http.StatusOK, append(text, '}'))
	}
	req.location(doc.ID)
	return req.send(http.StatusCreated, append(text, '}'))
}

// writeValid stores a document if the functions of design documents accept it.
func (req *request) writeValid(doc *core.Document, options core.BulkDocsOptions) (core.BulkResult, error) {
	docs := []*core.Document{doc}
	refused, err := req.validate(docs, options.Replicated)
	if err != nil {
		return core.BulkResult{}, err
	}
	if refused != nil && refused[0] != nil {
		return core.BulkResult{ID: doc.ID, Err: core.AsError(refused[0])}, nil
	}
	results, err := req.db.BulkDocs(req.Context(), docs, options)
	if err != nil {
		return core.BulkResult{}, err
	}
	return results[0], nil
}

// deleteDocument writes a tombstone. That there is something to delete comes before whether the revision is right.
func (req *request) deleteDocument(docID string) error {
	rev, err := req.agreeOnRev(core.Rev{})
	if err != nil {
		return err
	}
	if _, err := req.db.Get(req.Context(), docID, core.GetOptions{}); err != nil {
		return err
	}
	return req.write(&core.Document{ID: docID, Rev: rev, Deleted: true, Body: core.EmptyBody}, core.BulkDocsOptions{})
}

// copyDocument writes a document's body under another id.
func (req *request) copyDocument(docID string) error {
	destination := req.Header.Get("Destination")
	if destination == "" {
		return core.ErrBadRequest.Because("Destination header is mandatory for COPY.")
	}
	if strings.Contains(destination, "://") {
		return core.ErrBadRequest.Because("Destination URL must be relative.")
	}
	path, rawQuery, _ := strings.Cut(destination, "?")
	targetID, err := url.PathUnescape(path)
	if err != nil {
		return core.ErrBadRequest.Because("Destination header is not properly escaped")
	}
	if err := allowDocID(targetID); err != nil {
		return err
	}
	targetRev, err := parseQuery(rawQuery).rev("rev")
	if err != nil {
		return err
	}
	rev, err := req.query.rev("rev")
	if err != nil {
		return err
	}
	source, err := req.db.Get(req.Context(), docID, core.GetOptions{Rev: rev, Attachments: true})
	if err != nil {
		return err
	}
	return req.write(&core.Document{ID: targetID, Rev: targetRev, Body: source.Body, Attachments: source.Attachments, Deleted: source.Deleted}, core.BulkDocsOptions{})
}
