package core

import (
	"strconv"

	"github.com/gouchdb/gouchdb/core/rawjson"
)

// Document is one revision of a document: to be written, or as read.
type Document struct {
	ID      string
	Rev     Rev // zero for a document that is to be created
	Deleted bool
	// Body is a JSON object: the document without the members that the other fields hold. It is never nil and in canonical form
	// ([rawjson.AppendCanonical]) in a parsed document, must not be modified, and may be shared with the store it came from.
	Body []byte
	// Attachments are in the order in which they stand in the document.
	Attachments []Attachment
	// Revisions is the ancestry. Reads fill it in on demand; a replicated write takes it from here.
	Revisions *Revisions

	// Reads fill these in on demand; writes ignore them.

	RevsInfo         []RevInfo
	Conflicts        []Rev
	DeletedConflicts []Rev
	LocalSeq         Seq
}

// RevInfo tells whether the body of a revision can be had: "available", "missing" or "deleted".
type RevInfo struct {
	Rev    Rev
	Status string
}

// EmptyBody is the body of a document without members.
var EmptyBody = []byte("{}")

// setSpecial takes a member that begins with an underscore, in canonical form. It reports false for the few that CouchDB keeps in the body.
func (doc *Document) setSpecial(member []byte) (known bool, err error) {
	cursor := rawjson.NewCursor(member)
	name := rawjson.Name(cursor.Name())
	value := cursor.Rest()
	switch string(name) {
	case "_id":
		id, ok := rawjson.Text(value)
		if !ok {
			return true, ErrIllegalDocID.Because("Document id must be a string")
		}
		doc.ID = id
	case "_rev":
		doc.Rev, err = ReadRev(value)
		return true, err
	case "_deleted":
		deleted, ok := rawjson.Bool(value)
		if !ok {
			return true, ErrDocValidation.Because("Bad special document member: _deleted")
		}
		doc.Deleted = deleted
	case "_revisions":
		doc.Revisions, err = ParseRevisions(value)
		return true, err
	case "_attachments":
		if rawjson.KindOf(value) != rawjson.Object {
			return true, ErrDocValidation.Because("Bad special document member: _attachments")
		}
		doc.Attachments, err = parseAttachments(value)
		return true, err
	// What a read may have added is taken when it is well formed and otherwise ignored, as CouchDB does.
	case "_revs_info":
		doc.RevsInfo = parseRevsInfo(value)
	case "_conflicts":
		doc.Conflicts = parseRevs(value)
	case "_deleted_conflicts":
		doc.DeletedConflicts = parseRevs(value)
	case "_local_seq":
		if text, ok := rawjson.Text(value); ok {
			doc.LocalSeq = Seq(text)
		} else {
			doc.LocalSeq = Seq(value)
		}
	case "_access", "_replication_id", "_replication_state", "_replication_state_time", "_replication_state_reason", "_replication_stats":
		return false, nil
	default:
		return true, ErrDocValidation.Because("Bad special document member: " + string(name))
	}
	return true, nil
}

func parseRevs(value []byte) []Rev {
	texts, _ := rawjson.Texts(value)
	var revs []Rev
	for _, text := range texts {
		if rev, err := ParseRev(text); err == nil {
			revs = append(revs, rev)
		}
	}
	return revs
}

func parseRevsInfo(value []byte) []RevInfo {
	var infos []RevInfo
	for element := range rawjson.Elements(value) {
		text, _ := rawjson.Text(rawjson.Member(element, "rev"))
		status, _ := rawjson.Text(rawjson.Member(element, "status"))
		if rev, err := ParseRev(text); err == nil {
			infos = append(infos, RevInfo{Rev: rev, Status: status})
		}
	}
	return infos
}

// AppendJSON appends the document as CouchDB prints it: _id, _rev, the body, then _deleted, _revisions and what else was asked for.
func (doc *Document) AppendJSON(dst []byte) []byte {
	dst = append(dst, `{"_id":`...)
	dst = rawjson.AppendString(dst, doc.ID)
	if !doc.Rev.IsZero() {
		dst = append(dst, `,"_rev":`...)
		dst = AppendRev(dst, doc.Rev)
	}
	if body := rawjson.Trim(doc.Body); len(body) > 2 {
		dst = append(dst, ',')
		dst = append(dst, body[1:len(body)-1]...)
	}
	if doc.Deleted {
		dst = append(dst, `,"_deleted":true`...)
	}
	if doc.Revisions != nil {
		dst = append(dst, `,"_revisions":`...)
		dst = doc.Revisions.AppendJSON(dst)
	}
	if doc.RevsInfo != nil {
		dst = append(dst, `,"_revs_info":[`...)
		for i, info := range doc.RevsInfo {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(dst, `{"rev":`...)
			dst = AppendRev(dst, info.Rev)
			dst = append(dst, `,"status":`...)
			dst = rawjson.AppendString(dst, info.Status)
			dst = append(dst, '}')
		}
		dst = append(dst, ']')
	}
	if len(doc.Conflicts) > 0 {
		dst = append(dst, `,"_conflicts":`...)
		dst = AppendRevs(dst, doc.Conflicts)
	}
	if len(doc.DeletedConflicts) > 0 {
		dst = append(dst, `,"_deleted_conflicts":`...)
		dst = AppendRevs(dst, doc.DeletedConflicts)
	}
	if doc.LocalSeq != "" {
		dst = append(dst, `,"_local_seq":`...)
		dst = AppendSeq(dst, doc.LocalSeq)
	}
	if len(doc.Attachments) > 0 {
		dst = append(dst, `,"_attachments":`...)
		dst = doc.AppendAttachments(dst)
	}
	return append(dst, '}')
}

// AppendRev appends a revision as a JSON string.
func AppendRev(dst []byte, rev Rev) []byte {
	if len(rev.Hash) != 16 {
		return rawjson.AppendString(dst, rev.String())
	}
	dst = append(dst, '"')
	dst = strconv.AppendUint(dst, rev.Generation, 10)
	dst = append(dst, '-')
	for i := range len(rev.Hash) {
		dst = append(dst, hexDigits[rev.Hash[i]>>4], hexDigits[rev.Hash[i]&15])
	}
	return append(dst, '"')
}

const hexDigits = "0123456789abcdef"

// AppendRevs appends revisions as an array of JSON strings.
func AppendRevs(dst []byte, revs []Rev) []byte {
	dst = append(dst, '[')
	for i, rev := range revs {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendRev(dst, rev)
	}
	return append(dst, ']')
}

// AppendSeq appends a sequence: as a number when it reads like one (a local database's, and PouchDB's), else as a string.
func AppendSeq(dst []byte, seq Seq) []byte {
	if seq == "" {
		return append(dst, '0')
	}
	if isNumber(string(seq)) {
		return append(dst, seq...)
	}
	return rawjson.AppendString(dst, string(seq))
}

// isNumber reports whether text is a whole number in its shortest form, and one that every JavaScript reads exactly.
func isNumber(text string) bool {
	if len(text) > 16 || text[0] == '0' && len(text) > 1 {
		return false
	}
	if len(text) == 16 {
		_, err := strconv.ParseUint(text, 10, 53)
		return err == nil
	}
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}
