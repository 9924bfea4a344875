package wire

import (
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// ParseError reads CouchDB's answer to a request that failed. It returns ErrNotCouchDB when text is anything else.
func ParseError(status int, text []byte) *core.Error {
	if rawjson.Validate(text) != nil || rawjson.KindOf(text) != rawjson.Object {
		return core.ErrNotCouchDB
	}
	name, ok := rawjson.Text(rawjson.Member(text, "error"))
	if !ok {
		return core.ErrNotCouchDB
	}
	return core.NewError(status, name, reason(text))
}

// reason returns the "reason" of a failure. A validation function may give one of any type, which is then kept as JSON.
func reason(object []byte) string {
	value := rawjson.Member(object, "reason")
	if text, ok := rawjson.Text(value); ok {
		return text
	}
	return string(value)
}

// ParseSeq reads a sequence, of whatever JSON type the server makes them. It returns "" for null and for nothing.
func ParseSeq(value []byte) core.Seq {
	switch rawjson.KindOf(value) {
	case rawjson.String:
		text, _ := rawjson.Text(value)
		return core.Seq(text)
	case rawjson.Invalid, rawjson.Null:
		return ""
	}
	return core.Seq(rawjson.Trim(value))
}

// ParseInfo reads the answer to GET /database. It returns ErrNotCouchDB when text does not look like one.
func ParseInfo(text []byte) (core.Info, error) {
	info := core.Info{}
	seen := false
	for name, value := range rawjson.Members(text) {
		n, _ := rawjson.Int(value)
		s, _ := rawjson.Text(value)
		switch string(rawjson.Name(name)) {
		case "db_name":
			info.Name = s
		case "doc_count":
			info.DocCount = uint64(max(n, 0))
		case "doc_del_count":
			info.DocDelCount = uint64(max(n, 0))
		case "update_seq":
			info.UpdateSeq, seen = ParseSeq(value), true
		case "purge_seq":
			info.PurgeSeq = ParseSeq(value)
		case "instance_start_time":
			info.InstanceStartTime = s
		case "sizes":
			active, _ := rawjson.Int(rawjson.Member(value, "active"))
			file, _ := rawjson.Int(rawjson.Member(value, "file"))
			info.DataSize, info.FileSize = uint64(max(active, 0)), uint64(max(file, 0))
		}
	}
	if !seen {
		return core.Info{}, core.ErrNotCouchDB.Because("the answer to a request for database information has no update_seq")
	}
	return info, nil
}

// ParseBulkResults reads the rows of the answer to _bulk_docs. Errors carry the HTTP status that CouchDB gives such an error by itself.
func ParseBulkResults(text []byte) ([]core.BulkResult, error) {
	if rawjson.KindOf(text) != rawjson.Array {
		return nil, core.ErrNotCouchDB.Because("the answer to a bulk write is not an array")
	}
	results := []core.BulkResult{}
	for row := range rawjson.Elements(text) {
		var result core.BulkResult
		result.ID, _ = rawjson.Text(rawjson.Member(row, "id"))
		if rev, err := core.ReadRev(rawjson.Member(row, "rev")); err == nil {
			result.Rev = rev
		}
		if name, ok := rawjson.Text(rawjson.Member(row, "error")); ok {
			result.Err = core.NewError(statusOf(row, name), name, reason(row)).Of(result.ID)
		}
		results = append(results, result)
	}
	return results, nil
}

// statusOf returns the status that goes with an error's name. PouchDB's servers send it along.
func statusOf(row []byte, name string) int {
	if status, ok := rawjson.Int(rawjson.Member(row, "status")); ok {
		return int(status)
	}
	switch name {
	case "conflict":
		return 409
	case "forbidden":
		return 403
	case "unauthorized":
		return 401
	case "not_found":
		return 404
	case "missing_stub":
		return 412
	case "document_too_large", "attachment_too_large", "request_entity_too_large":
		return 413
	case "bad_request", "doc_validation", "illegal_docid":
		return 400
	case "not_implemented":
		return 501
	}
	return 500
}

// ParseOpenRevs reads the answer to a read with open_revs.
func ParseOpenRevs(text []byte) ([]core.OpenRev, error) {
	if rawjson.KindOf(text) != rawjson.Array {
		return nil, core.ErrNotCouchDB.Because("the answer to a read of open revisions is not an array")
	}
	revs := []core.OpenRev{}
	for row := range rawjson.Elements(text) {
		if value := rawjson.Member(row, "ok"); value != nil {
			doc, err := core.ParseDocument(value)
			if err != nil {
				return nil, err
			}
			revs = append(revs, core.OpenRev{Rev: doc.Rev, Doc: doc})
			continue
		}
		rev, err := ParseMissingRev(row)
		if err != nil {
			return nil, err
		}
		revs = append(revs, core.OpenRev{Rev: rev})
	}
	return revs, nil
}

// ParseMissingRev reads what stands in the place of an open revision that is not there.
func ParseMissingRev(row []byte) (core.Rev, error) {
	rev, err := core.ReadRev(rawjson.Member(row, "missing"))
	if err != nil {
		err = core.ErrNotCouchDB.Because("a row of open revisions is neither a document nor missing")
	}
	return rev, err
}

// ParseRevsDiff reads the answer to _revs_diff.
func ParseRevsDiff(text []byte) ([]core.RevsDiff, error) {
	if rawjson.KindOf(text) != rawjson.Object {
		return nil, core.ErrNotCouchDB.Because("the answer to _revs_diff is not an object")
	}
	diffs := []core.RevsDiff{}
	for name, value := range rawjson.Members(text) {
		var diff core.RevsDiff
		var err error
		diff.ID, _ = rawjson.Text(name)
		if diff.Missing, err = parseRevs(rawjson.Member(value, "missing")); err != nil {
			return nil, core.ErrNotCouchDB.Because("the answer to _revs_diff has no list of missing revisions")
		}
		if ancestors := rawjson.Member(value, "possible_ancestors"); ancestors != nil {
			if diff.PossibleAncestors, err = parseRevs(ancestors); err != nil {
				return nil, core.ErrNotCouchDB.Because("the answer to _revs_diff has malformed ancestors")
			}
		}
		diffs = append(diffs, diff)
	}
	return diffs, nil
}

// ParsePurgeResult reads the answer to _purge.
func ParsePurgeResult(text []byte) (core.PurgeResult, error) {
	purged, err := ParseDocRevs(rawjson.Member(text, "purged"))
	if err != nil {
		return core.PurgeResult{}, core.ErrNotCouchDB.Because("the answer to _purge has no list of purged revisions")
	}
	return core.PurgeResult{PurgeSeq: ParseSeq(rawjson.Member(text, "purge_seq")), Purged: purged}, nil
}
