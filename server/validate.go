package server

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// A design document may have a function, validate_doc_update, that refuses documents: all others that are written here, by whomever, also by replication.

// validators are such functions of a database, which are compiled again when a design document has changed: also by a program that uses the database beside the server.
type validators struct {
	mu       sync.Mutex
	versions string // of the design documents
	scripts  []core.ValidatorScript
}

// load returns the functions in the order of their design documents. That one cannot be compiled is an error: it might refuse.
func (v *validators) load(ctx context.Context, db core.Adapter, compiler core.Validators) ([]core.ValidatorScript, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	var versions strings.Builder
	err := eachDesign(ctx, db, false, func(row *core.AllDocsRow) error {
		versions.WriteString(version(row))
		return nil
	})
	if err != nil || versions.String() == v.versions {
		return v.scripts, err
	}
	versions.Reset()
	var scripts []core.ValidatorScript
	err = eachDesign(ctx, db, true, func(row *core.AllDocsRow) error {
		versions.WriteString(version(row))
		function := rawjson.Member(row.Doc.Body, "validate_doc_update")
		if function == nil {
			return nil
		}
		source, isText := rawjson.Text(function)
		language, given := rawjson.Text(rawjson.Member(row.Doc.Body, "language"))
		switch {
		case !isText || given && language != "javascript":
			return core.NewError(400, "compilation_error", "validate_doc_update must be a function in JavaScript").Of(row.Key)
		case compiler == nil:
			return core.ErrNotImplemented.Because("nothing here runs the validate_doc_update of " + row.Key)
		}
		script, err := compiler.Validator(ctx, source)
		if err != nil {
			return core.AsError(err).Of(row.Key)
		}
		scripts = append(scripts, script)
		return nil
	})
	if err != nil {
		return nil, err
	}
	v.versions, v.scripts = versions.String(), scripts
	return scripts, nil
}

func eachDesign(ctx context.Context, db core.Adapter, withDocs bool, each func(*core.AllDocsRow) error) error {
	first, last := core.DesignPrefix, strings.TrimSuffix(core.DesignPrefix, "/")+"0"
	_, err := db.AllDocs(ctx, core.AllDocsOptions{StartKey: &first, EndKey: &last, ExclusiveEnd: true, IncludeDocs: withDocs, NoOffset: true}, each)
	return err
}

func version(row *core.AllDocsRow) string { return row.Key + " " + row.Rev.String() + "\n" }

// validate asks the functions about documents that are going to be written. The result is nil when they accept all, else it has an error for each one that they refuse.
func (req *request) validate(docs []*core.Document, replicated bool) (refused []error, err error) {
	scripts, err := req.validators(docs)
	if err != nil || len(scripts) == 0 {
		return nil, err
	}
	var missing map[string][]core.Rev
	if replicated {
		if missing, err = req.missingAmong(docs); err != nil {
			return nil, err
		}
	}
	refused = make([]error, len(docs))
	for i, doc := range docs {
		if isExempt(doc.ID) || replicated && !slices.Contains(missing[doc.ID], doc.Rev) {
			continue
		}
		before, err := req.before(doc, replicated)
		if err == nil {
			err = req.askAll(scripts, doc, before)
		}
		if err != nil && !replicated && req.exists(doc) {
			err = core.ErrConflict.Of(doc.ID)
		}
		if refused[i], err = refusal(req.Context(), err); err != nil {
			return nil, err
		}
	}
	return refused, nil
}

// validators returns the functions to be asked about documents; none if there is nothing to ask.
func (req *request) validators(docs []*core.Document) ([]core.ValidatorScript, error) {
	if !slices.ContainsFunc(docs, func(doc *core.Document) bool { return !isExempt(doc.ID) }) {
		return nil, nil
	}
	return req.db.validators.load(req.Context(), req.db.Adapter, req.server.options.Validators)
}

// isExempt reports whether no function is asked about a document: design documents are an administrator's to write, local ones nobody else's.
func isExempt(docID string) bool { return core.IsDesignID(docID) || core.IsLocalID(docID) }

// refusal tells errors that concern one document from others, such as a function that does not end: it would not for the next document either.
func refusal(ctx context.Context, err error) (refused, other error) {
	failure := core.AsError(err)
	if err == nil || ctx.Err() == nil && (failure.Status < 500 || failure.Name == "function_error") {
		return err, nil
	}
	return nil, err
}

// missingAmong returns which revisions of replicated documents are not here yet: the others have been accepted before.
func (req *request) missingAmong(docs []*core.Document) (map[string][]core.Rev, error) {
	requests := make([]core.DocRevs, len(docs))
	for i, doc := range docs {
		requests[i] = core.DocRevs{ID: doc.ID, Revs: []core.Rev{doc.Rev}}
	}
	requests = slices.DeleteFunc(requests, func(r core.DocRevs) bool { return isExempt(r.ID) })
	diffs, err := req.db.RevsDiff(req.Context(), requests)
	missing := map[string][]core.Rev{}
	for _, diff := range diffs {
		missing[diff.ID] = append(missing[diff.ID], diff.Missing...)
	}
	return missing, err
}

// before returns the revision that a document follows, nil when it is a new document. An edit of a revision that is not here is a conflict, and has to be told as one here: should
// the revision come in between, the write would succeed without having been judged.
func (req *request) before(doc *core.Document, replicated bool) (*core.Document, error) {
	if !replicated {
		if doc.Rev.IsZero() {
			return nil, nil
		}
		before, err := req.db.Get(req.Context(), doc.ID, core.GetOptions{Rev: doc.Rev, Revs: true})
		if errors.Is(err, core.ErrMissing) {
			err = core.ErrConflict.Of(doc.ID)
		}
		return before, err
	}
	if doc.Revisions == nil {
		return nil, nil
	}
	if _, err := req.db.Get(req.Context(), doc.ID, core.GetOptions{}); errors.Is(err, core.ErrMissing) && !isDeleted(err) {
		return nil, nil
	}
	// Of its ancestors, the nearest one that is here.
	for i := 1; i < len(doc.Revisions.Hashes); i++ {
		before, err := req.db.Get(req.Context(), doc.ID, core.GetOptions{Rev: doc.Revisions.Rev(i), Revs: true})
		if err == nil || !errors.Is(err, core.ErrMissing) {
			return before, err
		}
	}
	return nil, nil
}

// exists reports whether a new document is none: that it is a conflict comes before what functions think of it.
func (req *request) exists(doc *core.Document) bool {
	if !doc.Rev.IsZero() {
		return false
	}
	_, err := req.db.Get(req.Context(), doc.ID, core.GetOptions{})
	return err == nil
}

func isDeleted(err error) bool { return core.AsError(err).Reason == core.ErrDeleted.Reason }

// askAll asks the functions about one document, until one refuses it.
func (req *request) askAll(scripts []core.ValidatorScript, doc, before *core.Document) error {
	settings, err := req.db.loadSettings(req.Context())
	if err != nil {
		return err
	}
	call := core.ValidatorCall{NewDoc: describe(doc), OldDoc: []byte("null"), UserCtx: req.userContext(), SecObj: settings.security}
	if before != nil {
		call.OldDoc = describe(before)
	}
	for _, script := range scripts {
		if err := script.Validate(req.Context(), call); err != nil {
			return core.AsError(err).Of(doc.ID)
		}
	}
	return nil
}

// describe prints a document as functions see it: with its ancestry, and stubs for its attachments.
func describe(doc *core.Document) []byte {
	described := *doc
	described.Attachments = slices.Clone(doc.Attachments)
	for i := range described.Attachments {
		a := &described.Attachments[i]
		a.Stub, a.Follows, a.Data, a.Content = true, false, nil, nil
	}
	if doc.Revisions == nil && !doc.Rev.IsZero() {
		described.Revisions = &core.Revisions{Start: doc.Rev.Generation, Hashes: []string{doc.Rev.Hash}}
	}
	return described.AppendJSON(nil)
}

// userContext is who writes, as functions see it.
func (req *request) userContext() []byte {
	text := rawjson.AppendString([]byte(`{"db":`), req.db.name)
	text = append(text, `,"name":`...)
	if req.user.Name == "" {
		text = append(text, "null"...)
	} else {
		text = rawjson.AppendString(text, req.user.Name)
	}
	return append(rawjson.AppendQuoted(append(text, `,"roles":`...), req.user.Roles), '}')
}

// validateAttachment asks about the document that the change of an attachment would lead to.
func (req *request) validateAttachment(docID string, rev core.Rev, name string, put *core.Attachment) error {
	scripts, err := req.validators([]*core.Document{{ID: docID}})
	if err != nil || len(scripts) == 0 {
		return err
	}
	doc := &core.Document{ID: docID, Body: core.EmptyBody}
	before, err := req.db.Get(req.Context(), docID, core.GetOptions{Rev: rev, Revs: true})
	switch {
	case errors.Is(err, core.ErrMissing) && rev.IsZero():
		before = nil
	case errors.Is(err, core.ErrMissing), err == nil && rev.IsZero():
		return core.ErrConflict.Of(docID) // see before
	case err != nil:
		return err
	default:
		doc = &core.Document{ID: docID, Rev: before.Rev, Body: before.Body, Revisions: before.Revisions}
		doc.Attachments = slices.DeleteFunc(slices.Clone(before.Attachments), func(a core.Attachment) bool { return a.Name == name })
	}
	if put != nil {
		doc.Attachments = slices.Insert(doc.Attachments, 0, *put)
	}
	return req.askAll(scripts, doc, before)
}
