package wire

import (
	"strconv"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// AppendError appends {"error":...,"reason":...}, CouchDB's answer to a request that failed.
func AppendError(dst []byte, err *core.Error) []byte {
	dst = append(dst, `{"error":`...)
	dst = rawjson.AppendString(dst, err.Name)
	dst = append(dst, `,"reason":`...)
	dst = rawjson.AppendString(dst, err.Reason)
	return append(dst, '}')
}

// AppendBulkResult appends one row of the answer to _bulk_docs.
func AppendBulkResult(dst []byte, result *core.BulkResult) []byte {
	if result.Err == nil {
		dst = append(dst, `{"ok":true,"id":`...)
		dst = rawjson.AppendString(dst, result.ID)
		dst = append(dst, `,"rev":`...)
		dst = core.AppendRev(dst, result.Rev)
		return append(dst, '}')
	}
	dst = append(dst, `{"id":`...)
	dst = rawjson.AppendString(dst, result.ID)
	if !result.Rev.IsZero() {
		dst = append(dst, `,"rev":`...)
		dst = core.AppendRev(dst, result.Rev)
	}
	dst = append(dst, `,"error":`...)
	dst = rawjson.AppendString(dst, result.Err.Name)
	dst = append(dst, `,"reason":`...)
	dst = rawjson.AppendString(dst, result.Err.Reason)
	return append(dst, '}')
}

// AppendOpenRevs appends the answer to a read with open_revs.
func AppendOpenRevs(dst []byte, revs []core.OpenRev) []byte {
	dst = append(dst, '[')
	for i, rev := range revs {
		if i > 0 {
			dst = append(dst, ',')
		}
		if rev.Doc == nil {
			dst = append(dst, `{"missing":`...)
			dst = core.AppendRev(dst, rev.Rev)
		} else {
			dst = append(dst, `{"ok":`...)
			dst = rev.Doc.AppendJSON(dst)
		}
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

// AppendBulkGetResult appends one element of "results" in the answer to _bulk_get.
func AppendBulkGetResult(dst []byte, result *core.BulkGetResult) []byte {
	dst = append(dst, `{"id":`...)
	dst = rawjson.AppendString(dst, result.ID)
	dst = append(dst, `,"docs":[`...)
	for i, doc := range result.Docs {
		if i > 0 {
			dst = append(dst, ',')
		}
		if doc.Err == nil {
			dst = append(dst, `{"ok":`...)
			dst = doc.Doc.AppendJSON(dst)
			dst = append(dst, '}')
			continue
		}
		dst = append(dst, `{"error":{"id":`...)
		dst = rawjson.AppendString(dst, result.ID)
		dst = append(dst, `,"rev":`...)
		if doc.Rev.IsZero() {
			dst = append(dst, `"undefined"`...)
		} else {
			dst = core.AppendRev(dst, doc.Rev)
		}
		dst = append(dst, `,"error":`...)
		dst = rawjson.AppendString(dst, doc.Err.Name)
		dst = append(dst, `,"reason":`...)
		dst = rawjson.AppendString(dst, doc.Err.Reason)
		dst = append(dst, "}}"...)
	}
	return append(dst, "]}"...)
}

// AppendAllDocsRow appends one row of _all_docs. includeDocs tells whether documents were asked for, so that a missing one shows as null.
func AppendAllDocsRow(dst []byte, row *core.AllDocsRow, includeDocs bool) []byte {
	if row.Missing {
		dst = append(dst, `{"key":`...)
		dst = rawjson.AppendString(dst, row.Key)
		return append(dst, `,"error":"not_found"}`...)
	}
	dst = append(dst, `{"id":`...)
	dst = rawjson.AppendString(dst, row.Key)
	dst = append(dst, `,"key":`...)
	dst = rawjson.AppendString(dst, row.Key)
	dst = append(dst, `,"value":{"rev":`...)
	dst = core.AppendRev(dst, row.Rev)
	if row.Deleted {
		dst = append(dst, `,"deleted":true`...)
	}
	dst = append(dst, '}')
	if includeDocs {
		dst = append(dst, `,"doc":`...)
		dst = appendDoc(dst, row.Doc)
	}
	return append(dst, '}')
}

func appendDoc(dst []byte, doc *core.Document) []byte {
	if doc == nil {
		return append(dst, "null"...)
	}
	return doc.AppendJSON(dst)
}

// AppendAllDocsSummary appends the members that accompany the rows, without braces: "total_rows":5,"offset":0.
func AppendAllDocsSummary(dst []byte, summary core.AllDocsSummary) []byte {
	dst = append(dst, `"total_rows":`...)
	dst = strconv.AppendUint(dst, summary.TotalRows, 10)
	dst = append(dst, `,"offset":`...)
	if summary.Offset < 0 {
		dst = append(dst, "null"...)
	} else {
		dst = strconv.AppendInt(dst, summary.Offset, 10)
	}
	if summary.UpdateSeq != "" {
		dst = append(dst, `,"update_seq":`...)
		dst = core.AppendSeq(dst, summary.UpdateSeq)
	}
	return dst
}

// AppendChange appends one row of the changes feed.
func AppendChange(dst []byte, change *core.Change, includeDocs bool) []byte {
	dst = append(dst, `{"seq":`...)
	dst = appendSeqOrNull(dst, change.Seq)
	dst = append(dst, `,"id":`...)
	dst = rawjson.AppendString(dst, change.ID)
	dst = append(dst, `,"changes":[`...)
	for i, rev := range change.Revs {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"rev":`...)
		dst = core.AppendRev(dst, rev)
		dst = append(dst, '}')
	}
	dst = append(dst, ']')
	if change.Deleted {
		dst = append(dst, `,"deleted":true`...)
	}
	if includeDocs {
		dst = append(dst, `,"doc":`...)
		dst = appendDoc(dst, change.Doc)
	}
	return append(dst, '}')
}

// appendSeqOrNull appends a sequence, null when it is not known.
func appendSeqOrNull(dst []byte, seq core.Seq) []byte {
	if seq == "" {
		return append(dst, "null"...)
	}
	return core.AppendSeq(dst, seq)
}

// AppendChangesSummary appends the members that end a changes feed, without braces: "last_seq":7,"pending":0.
func AppendChangesSummary(dst []byte, summary core.ChangesSummary) []byte {
	dst = append(dst, `"last_seq":`...)
	dst = core.AppendSeq(dst, summary.LastSeq)
	dst = append(dst, `,"pending":`...)
	return strconv.AppendInt(dst, summary.Pending, 10)
}

// AppendRevsDiff appends the answer to _revs_diff.
func AppendRevsDiff(dst []byte, diffs []core.RevsDiff) []byte {
	dst = append(dst, '{')
	for i, diff := range diffs {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = rawjson.AppendString(dst, diff.ID)
		dst = append(dst, `:{"missing":`...)
		dst = core.AppendRevs(dst, diff.Missing)
		if len(diff.PossibleAncestors) > 0 {
			dst = append(dst, `,"possible_ancestors":`...)
			dst = core.AppendRevs(dst, diff.PossibleAncestors)
		}
		dst = append(dst, '}')
	}
	return append(dst, '}')
}

// AppendPurgeResult appends the answer to _purge.
func AppendPurgeResult(dst []byte, result core.PurgeResult) []byte {
	dst = append(dst, `{"purge_seq":`...)
	dst = appendSeqOrNull(dst, result.PurgeSeq)
	dst = append(dst, `,"purged":`...)
	dst = AppendDocRevs(dst, result.Purged)
	return append(dst, '}')
}
