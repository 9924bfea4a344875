package wire

import (
	"strconv"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// AppendViewRow appends one row of a view, or one group. includeDocs tells whether documents were asked for, so that a missing one shows as null.
func AppendViewRow(dst []byte, row *core.ViewRow, includeDocs bool) []byte {
	dst = append(dst, '{')
	if row.ID != "" {
		dst = append(dst, `"id":`...)
		dst = rawjson.AppendString(dst, row.ID)
		dst = append(dst, ',')
	}
	dst = append(dst, `"key":`...)
	dst = append(dst, row.Key...)
	dst = append(dst, `,"value":`...)
	dst = append(dst, row.Value...)
	if includeDocs && row.ID != "" {
		dst = append(dst, `,"doc":`...)
		dst = appendDoc(dst, row.Doc)
	}
	return append(dst, '}')
}

// ParseViewRow reads one row of a view.
func ParseViewRow(element []byte) (*core.ViewRow, error) {
	row := &core.ViewRow{}
	for name, value := range rawjson.Members(element) {
		switch string(rawjson.Name(name)) {
		case "id":
			row.ID, _ = rawjson.Text(value)
		case "key":
			row.Key = append([]byte(nil), value...)
		case "value":
			row.Value = append([]byte(nil), value...)
		case "doc":
			if rawjson.KindOf(value) == rawjson.Object {
				doc, err := core.ParseDocument(value)
				if err != nil {
					return nil, err
				}
				row.Doc = doc
			}
		case "error":
			return nil, rowFailure(element, value)
		}
	}
	if row.Key == nil || row.Value == nil {
		return nil, core.ErrNotCouchDB.Because("a row of a view has no key or no value")
	}
	return row, nil
}

// rowFailure is what CouchDB puts in the place of a row when it has sent others already.
func rowFailure(element, name []byte) error {
	text, _ := rawjson.Text(name)
	return core.NewError(500, text, reason(element))
}

// AppendViewSummary appends the members that accompany the rows, without braces. Groups have none but the sequence, if any, so nothing may be appended.
func AppendViewSummary(dst []byte, summary core.ViewSummary) []byte {
	comma := ""
	if !summary.Reduced {
		dst = append(dst, `"total_rows":`...)
		dst = strconv.AppendUint(dst, summary.TotalRows, 10)
		dst = append(dst, `,"offset":`...)
		dst = strconv.AppendInt(dst, summary.Offset, 10)
		comma = ","
	}
	if summary.UpdateSeq != "" {
		dst = append(append(dst, comma...), `"update_seq":`...)
		dst = core.AppendSeq(dst, summary.UpdateSeq)
	}
	return dst
}

// ParseViewSummary reads the answer to a query of a view without its rows.
func ParseViewSummary(text []byte) (core.ViewSummary, error) {
	summary := core.ViewSummary{Reduced: true}
	if rawjson.KindOf(rawjson.Member(text, "rows")) != rawjson.Array {
		return summary, core.ErrNotCouchDB.Because("the answer to a query of a view has no rows")
	}
	if total, ok := rawjson.Int(rawjson.Member(text, "total_rows")); ok {
		summary.Reduced, summary.TotalRows = false, uint64(max(total, 0))
		summary.Offset, _ = rawjson.Int(rawjson.Member(text, "offset"))
	}
	summary.UpdateSeq = ParseSeq(rawjson.Member(text, "update_seq"))
	return summary, nil
}
