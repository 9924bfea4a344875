package server

import (
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/core/wire"
)

// bulkGetChunk is how many documents of a bulk get are in memory at a time.
const bulkGetChunk = 100

// bulkGetRequest is one element of what a bulk get asks for: a revision, or, when it is malformed, the row that says so.
type bulkGetRequest struct {
	core.DocRev
	failure []byte // JSON text of the error
	id      []byte // JSON text of the id as sent, null without one
}

// bulkGet answers with revisions of many documents, as JSON or, when the client asks for it, in parts.
func (req *request) bulkGet() error {
	text, err := req.postedObject()
	if err != nil {
		return err
	}
	docs := rawjson.Member(text, "docs")
	if rawjson.KindOf(docs) != rawjson.Array {
		return core.ErrBadRequest.Because("Missing JSON list of 'docs'.")
	}
	var requests []bulkGetRequest
	for element := range rawjson.Elements(docs) {
		requests = append(requests, parseBulkGet(element))
	}
	rows := req.bulkGetRows()
	options := core.BulkGetOptions{Revs: req.query.is("revs"), Latest: req.query.is("latest"), Attachments: req.query.is("attachments")}
	for len(requests) > 0 {
		chunk := requests[:min(len(requests), bulkGetChunk)]
		requests = requests[len(chunk):]
		var wanted []core.DocRev
		for _, request := range chunk {
			if request.failure == nil {
				wanted = append(wanted, request.DocRev)
			}
		}
		found, err := req.db.BulkGet(req.Context(), wanted, options)
		if err != nil {
			return err
		}
		for _, request := range chunk {
			if request.failure != nil {
				err = rows.malformed(request)
			} else {
				err = rows.found(&found[0])
				found = found[1:]
			}
			if err != nil {
				return err
			}
		}
	}
	return rows.end()
}

func parseBulkGet(element []byte) bulkGetRequest {
	null := []byte("null")
	refuse := func(id, rev []byte, err *core.Error) bulkGetRequest {
		failure := append([]byte(`{"id":`), id...)
		failure = append(append(failure, `,"rev":`...), rev...)
		failure = rawjson.AppendString(append(failure, `,"error":`...), err.Name)
		failure = rawjson.AppendString(append(failure, `,"reason":`...), err.Reason)
		return bulkGetRequest{id: id, failure: append(failure, '}')}
	}
	members := 0
	for range rawjson.Members(element) {
		members++
	}
	if members == 0 {
		return refuse(null, null, core.ErrBadRequest.Because("document must be a JSON object"))
	}
	id, rev := rawjson.Member(element, "id"), rawjson.Member(element, "rev")
	if id == nil {
		return refuse(null, null, core.ErrBadRequest.Because("document id missed"))
	}
	docID, ok := rawjson.Text(id)
	if !ok {
		return refuse(id, null, core.ErrIllegalDocID.Because("Document id must be a string"))
	}
	if err := core.ValidateDocID(docID); err != nil {
		return refuse(id, null, core.AsError(err))
	}
	request := bulkGetRequest{DocRev: core.DocRev{ID: docID}, id: id}
	if core.IsLocalID(docID) {
		return refuse(id, []byte(`"undefined"`), core.ErrMissing)
	}
	if rev != nil {
		text, ok := rawjson.Text(rev)
		parsed, err := core.ParseRev(text)
		if !ok || err != nil {
			return refuse(id, rev, core.ErrBadRev)
		}
		request.Rev = parsed
	}
	return request
}

// bulkGetRows is the answer under way.
type bulkGetRows struct {
	out   *stream
	parts *multipartAnswer // nil for JSON
	rows  int
}

func (req *request) bulkGetRows() *bulkGetRows {
	for _, mediaType := range []string{"multipart/mixed", "multipart/related"} {
		if req.asksFor(mediaType) {
			return &bulkGetRows{parts: req.multipart(mediaType, "\r\n")}
		}
	}
	rows := &bulkGetRows{out: req.stream("application/json")}
	rows.out.text = append(rows.out.text, `{"results":[`...)
	return rows
}

func (r *bulkGetRows) found(result *core.BulkGetResult) error {
	if r.parts == nil {
		r.separate()
		r.out.text = wire.AppendBulkGetResult(r.out.text, result)
		return r.out.flushFull()
	}
	for _, doc := range result.Docs {
		var err error
		if doc.Err == nil {
			err = r.parts.documentWithAttachments(r.parts.out.req, doc.Doc)
		} else {
			err = r.parts.failure(appendBulkGetFailure(nil, result.ID, doc))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func appendBulkGetFailure(text []byte, docID string, doc core.BulkGetDoc) []byte {
	text = append(text, `{"rev":`...)
	if doc.Rev.IsZero() {
		text = append(text, `"undefined"`...)
	} else {
		text = core.AppendRev(text, doc.Rev)
	}
	text = rawjson.AppendString(append(text, `,"reason":`...), doc.Err.Reason)
	text = rawjson.AppendString(append(text, `,"id":`...), docID)
	text = rawjson.AppendString(append(text, `,"error":`...), doc.Err.Name)
	return append(text, '}')
}

func (r *bulkGetRows) malformed(request bulkGetRequest) error {
	if r.parts != nil {
		return r.parts.failure(request.failure)
	}
	r.separate()
	r.out.text = append(append(r.out.text, `{"id":`...), request.id...)
	r.out.text = append(append(r.out.text, `,"docs":[{"error":`...), request.failure...)
	r.out.text = append(r.out.text, "}]}"...)
	return r.out.flushFull()
}

func (r *bulkGetRows) separate() {
	if r.rows > 0 {
		r.out.text = append(r.out.text, ',')
	}
	r.rows++
}

func (r *bulkGetRows) end() error {
	if r.parts != nil {
		return r.parts.end()
	}
	r.out.text = append(r.out.text, "]}\n"...)
	return r.out.end()
}
