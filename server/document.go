package server

import (
	"net/http"
	"strings"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/core/wire"
)

// getDocument answers with one revision, or with several when open_revs asks for them.
func (req *request) getDocument(docID string) error {
	if err := core.ValidateDocID(docID); err != nil {
		return core.ErrMissing
	}
	if value, ok := req.query.get("open_revs"); ok {
		return req.openRevs(docID, value)
	}
	rev, err := req.query.rev("rev")
	if err != nil {
		return err
	}
	if _, given := req.query.get("rev"); given && rev.IsZero() {
		// "0-" can be read, and is no revision of any document.
		return core.ErrMissing
	}
	since, wanted, err := req.attachmentOptions()
	if err != nil {
		return err
	}
	meta := req.query.is("meta")
	doc, err := req.db.Get(req.Context(), docID, core.GetOptions{
		Rev:              rev,
		Latest:           req.query.is("latest"),
		Revs:             req.query.is("revs"),
		RevsInfo:         meta || req.query.is("revs_info"),
		Conflicts:        meta || req.query.is("conflicts"),
		DeletedConflicts: meta || req.query.is("deleted_conflicts"),
		LocalSeq:         req.query.is("local_seq"),
		Attachments:      wanted,
		AttsSince:        since,
	})
	if err != nil {
		return err
	}
	// What was added on demand can change while the revision stays.
	if doc.RevsInfo == nil && len(doc.Conflicts) == 0 && len(doc.DeletedConflicts) == 0 && doc.LocalSeq == "" {
		etag := quoteRev(doc.Rev)
		req.answer.Header().Set("ETag", etag)
		if matchesETag(req.Header.Get("If-None-Match"), etag) {
			req.answer.WriteHeader(http.StatusNotModified)
			return nil
		}
	}
	if doc.HasContent() && req.accepts("multipart/related") && (req.asksFor("multipart/related") || !req.asksFor("application/json")) {
		return req.sendRelated(doc)
	}
	if err := doc.Load(req.Context()); err != nil {
		return err
	}
	return req.send(http.StatusOK, doc.AppendJSON(nil))
}

// attachmentOptions reads which contents of attachments are asked for. Who names what is known wants the rest.
func (req *request) attachmentOptions() (since []core.Rev, wanted bool, err error) {
	wanted = req.query.is("attachments")
	value, given := req.query.get("atts_since")
	if !given {
		return nil, wanted, nil
	}
	if rawjson.Validate([]byte(value)) != nil {
		return nil, false, core.ErrBadJSON
	}
	texts, ok := rawjson.Texts([]byte(value))
	if !ok {
		return nil, false, core.ErrBadRequest.Because("`atts_since` must be a list of revisions")
	}
	for _, text := range texts {
		rev, err := core.ParseRev(text)
		if err != nil {
			return nil, false, err
		}
		since = append(since, rev)
	}
	return since, true, nil
}

func quoteRev(rev core.Rev) string { return `"` + rev.String() + `"` }

// matchesETag reports whether a list of tags holds this one, weak or not.
func matchesETag(list, etag string) bool {
	for tag := range strings.SplitSeq(list, ",") {
		if strings.TrimPrefix(strings.TrimSpace(tag), "W/") == etag {
			return true
		}
	}
	return false
}

// openRevs answers with several revisions: as JSON when the client wants nothing else, otherwise as multipart/mixed, one part each.
func (req *request) openRevs(docID, value string) error {
	if core.IsLocalID(docID) {
		return core.ErrMissing
	}
	options := core.OpenRevsOptions{All: value == "all", Latest: req.query.is("latest"), WithRevisions: req.query.is("revs")}
	if !options.All {
		if rawjson.Validate([]byte(value)) != nil {
			return core.ErrBadJSON
		}
		texts, ok := rawjson.Texts([]byte(value))
		if !ok {
			return core.ErrBadRequest.Because("`open_revs` must be all or a list of revisions")
		}
		for _, text := range texts {
			rev, err := core.ParseRev(text)
			if err != nil {
				return err
			}
			options.Revs = append(options.Revs, rev)
		}
	}
	var err error
	if options.AttsSince, options.Attachments, err = req.attachmentOptions(); err != nil {
		return err
	}
	inParts := req.accepts("multipart/mixed")
	options.Attachments = options.Attachments || inParts
	revs, err := req.db.OpenRevs(req.Context(), docID, options)
	if err != nil {
		return err
	}
	if !inParts {
		for _, rev := range revs {
			if rev.Doc != nil {
				if err := rev.Doc.Load(req.Context()); err != nil {
					return err
				}
			}
		}
		return req.send(http.StatusOK, wire.AppendOpenRevs(nil, revs))
	}
	parts := req.multipart("multipart/mixed", "")
	for _, rev := range revs {
		if rev.Doc != nil {
			err = parts.documentWithAttachments(req, rev.Doc)
		} else {
			err = parts.failure(append(core.AppendRev([]byte(`{"missing":`), rev.Rev), '}'))
		}
		if err != nil {
			return err
		}
	}
	return parts.end()
}
