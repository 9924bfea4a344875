package engine

import (
	"bytes"
	"context"
	"errors"
	"strings"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// Puts that were made in one turn of the event loop are written together, as if they were one after the other: by one goroutine and in one update, in place of
// hundreds of either. Each is answered for itself. What does not work out for all of them is tried for each by itself.

// most is how many puts are written together.
const most = 512

// together takes those of the calls that wait which are puts to the same database as this one and come right after it. It returns none but c for anything else.
func (e *Engine) together(c *call) []*call {
	calls := []*call{c}
	if !bytes.HasPrefix(c.text, []byte(`["put",`)) {
		return calls
	}
	end := bytes.Index(c.text, []byte(`,{},`))
	if end < 0 || strings.Trim(string(c.text[len(`["put",`):end]), "0123456789") != "" {
		return calls // it has options
	}
	head := c.text[:end+len(`,{},`)]
	e.mu.Lock()
	defer e.mu.Unlock()
	for len(e.waiting) > 0 && len(calls) < most && bytes.HasPrefix(e.waiting[0].text, head) {
		calls = append(calls, e.waiting[0])
		e.waiting[0] = nil
		e.waiting = e.waiting[1:]
	}
	return calls
}

// runTogether answers puts to one database, in their order.
func (e *Engine) runTogether(calls []*call) {
	for len(calls) > 0 {
		var docs []*core.Document
		for _, c := range calls {
			doc := e.plainPut(c)
			if doc == nil {
				break
			}
			docs = append(docs, doc)
		}
		part := calls[:max(len(docs), 1)]
		calls = calls[len(part):]
		if len(docs) > 0 && e.putTogether(part, docs) {
			continue
		}
		for _, c := range part {
			e.run(c)
		}
	}
}

// putTogether answers puts of these documents. It reports false when it has done nothing: then each has to find out for itself what is the matter.
func (e *Engine) putTogether(calls []*call, docs []*core.Document) bool {
	_, handle, _, err := e.parse(calls[0])
	if err != nil {
		return false
	}
	db, err := e.databases.get(handle)
	if err != nil || db.opener.Remote {
		return false
	}
	group := &call{engine: e}
	group.ctx, group.cancel = context.WithCancelCause(context.Background())
	defer group.cancel(nil)
	if db.attach(group) != nil {
		return false
	}
	defer db.detach(group)
	results, err := db.adapter().BulkDocs(group.ctx, docs, core.BulkDocsOptions{InOrder: true})
	if err != nil && !errors.Is(err, core.ErrStorage) {
		return false
	}
	for i, c := range calls {
		if err != nil {
			e.finish(c, nil, about(docs[i].ID, failureOf(group.ctx, err)))
			continue
		}
		answer, failure := written(group.ctx, db.adapter(), docs[i], &results[i])
		e.finish(c, answer, failure)
	}
	return true
}

// plainPut returns the document of a put; nil for one that is better off by itself.
func (e *Engine) plainPut(c *call) *core.Document {
	_, _, request, err := e.parse(c)
	if err != nil || c.ctx.Err() != nil || rawjson.KindOf(request.data) != rawjson.Object {
		return nil
	}
	doc, err := parseDocument(request.data)
	if err != nil || len(doc.Attachments) > 0 || core.IsLocalID(doc.ID) {
		return nil
	}
	return doc
}
