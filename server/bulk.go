package server

import (
	"net/http"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/core/wire"
)

// bulkDocs writes many documents. With new_edits=false only failures are listed.
func (req *request) bulkDocs() error {
	text, err := req.postedObject()
	if err != nil {
		return err
	}
	bulk, err := wire.ParseBulkDocs(text)
	if err != nil {
		return err
	}
	if err := req.checkBulkDocs(bulk.Docs, text); err != nil {
		return err
	}
	if bulk.AllOrNothing {
		return req.refuseAllOrNothing(bulk.Docs)
	}
	allowed, err := req.isDatabaseAdmin()
	if err != nil {
		return err
	}
	refused, err := req.validate(bulk.Docs, bulk.Replicated)
	if err != nil {
		return err
	}
	// Documents that this user may not write keep their place in the answer.
	results := make([]core.BulkResult, len(bulk.Docs))
	var docs []*core.Document
	var places []int
	for i, doc := range bulk.Docs {
		results[i].ID = doc.ID
		if core.IsDesignID(doc.ID) && !allowed {
			results[i].Err = core.AsError(req.refuse(notDatabaseAdmin, notDatabaseAdmin)).Of(doc.ID)
			continue
		}
		if refused != nil && refused[i] != nil {
			results[i].Err = core.AsError(refused[i])
			if bulk.Replicated {
				results[i].Rev = doc.Rev
			}
			continue
		}
		docs = append(docs, doc)
		places = append(places, i)
	}
	written, err := req.db.BulkDocs(req.Context(), docs, bulk.BulkDocsOptions)
	if err != nil {
		return err
	}
	for i, result := range written {
		results[places[i]] = result
	}
	answer := []byte{'['}
	for i := range results {
		if bulk.Replicated && results[i].Err == nil {
			continue
		}
		if len(answer) > 1 {
			answer = append(answer, ',')
		}
		answer = wire.AppendBulkResult(answer, &results[i])
	}
	return req.send(http.StatusCreated, append(answer, ']'))
}

// checkBulkDocs finds what fails the whole request, and gives ids to documents that have none.
func (req *request) checkBulkDocs(docs []*core.Document, text []byte) error {
	i := 0
	for element := range rawjson.Elements(rawjson.Member(text, "docs")) {
		doc := docs[i]
		i++
		if doc.ID == "" {
			if rawjson.Member(element, "_id") != nil {
				return core.ValidateDocID("")
			}
			doc.ID = newUUID()
		}
		if err := allowDocID(doc.ID); err != nil {
			return err
		}
		if err := req.checkSize(doc); err != nil {
			return err
		}
	}
	return nil
}

func (req *request) refuseAllOrNothing(docs []*core.Document) error {
	text := []byte{'['}
	for i, doc := range docs {
		if i > 0 {
			text = append(text, ',')
		}
		text = rawjson.AppendString(append(text, `{"id":`...), doc.ID)
		text = append(text, `,"rev":`...)
		if doc.Rev.IsZero() {
			text = append(text, `"0-"`...)
		} else {
			text = core.AppendRev(text, doc.Rev)
		}
		text = append(text, `,"error":"not_implemented","reason":"all_or_nothing is not supported"}`...)
	}
	return req.send(http.StatusExpectationFailed, append(text, ']'))
}

// revsDiff tells which revisions are not here.
func (req *request) revsDiff() error {
	diffs, err := req.readRevsDiff()
	if err != nil {
		return err
	}
	return req.send(http.StatusOK, wire.AppendRevsDiff(nil, diffs))
}

// missingRevs is what came before revsDiff.
func (req *request) missingRevs() error {
	diffs, err := req.readRevsDiff()
	if err != nil {
		return err
	}
	missing := make([]core.DocRevs, len(diffs))
	for i, diff := range diffs {
		missing[i] = core.DocRevs{ID: diff.ID, Revs: diff.Missing}
	}
	text := wire.AppendDocRevs([]byte(`{"missing_revs":`), missing)
	return req.send(http.StatusOK, append(text, '}'))
}

func (req *request) readRevsDiff() ([]core.RevsDiff, error) {
	text, err := req.postedObject()
	if err != nil {
		return nil, err
	}
	requests, err := wire.ParseDocRevs(text)
	if err != nil {
		return nil, err
	}
	return req.db.RevsDiff(req.Context(), requests)
}
