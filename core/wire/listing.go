package wire

import (
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// ParseAllDocs reads the answer to _all_docs, calling each for every row.
func ParseAllDocs(text []byte, each func(*core.AllDocsRow) error) (core.AllDocsSummary, error) {
	summary := core.AllDocsSummary{Offset: -1}
	var rows []byte
	for name, value := range rawjson.Members(text) {
		n, isInt := rawjson.Int(value)
		switch {
		case rawjson.Is(name, "rows"):
			rows = value
		case rawjson.Is(name, "total_rows") && isInt:
			summary.TotalRows = uint64(max(n, 0))
		case rawjson.Is(name, "offset") && isInt:
			summary.Offset = n
		case rawjson.Is(name, "update_seq"):
			summary.UpdateSeq = ParseSeq(value)
		}
	}
	if rawjson.KindOf(rows) != rawjson.Array {
		return summary, core.ErrNotCouchDB.Because("the answer to a listing has no rows")
	}
	for element := range rawjson.Elements(rows) {
		row, err := ParseAllDocsRow(element)
		if err != nil {
			return summary, err
		}
		if err := each(row); err != nil {
			return summary, err
		}
	}
	return summary, nil
}

// ParseAllDocsRow reads one row of _all_docs.
func ParseAllDocsRow(element []byte) (*core.AllDocsRow, error) {
	row, named := &core.AllDocsRow{}, false
	for name, value := range rawjson.Members(element) {
		switch string(rawjson.Name(name)) {
		case "key":
			row.Key, named = rawjson.Text(value)
		case "error":
			row.Missing = true
		case "value":
			if rev, err := core.ReadRev(rawjson.Member(value, "rev")); err == nil {
				row.Rev = rev
			}
			row.Deleted, _ = rawjson.Bool(rawjson.Member(value, "deleted"))
		case "doc":
			if rawjson.KindOf(value) == rawjson.Object {
				doc, err := core.ParseDocument(value)
				if err != nil {
					return nil, err
				}
				row.Doc = doc
			}
		}
	}
	if !named || row.Missing == !row.Rev.IsZero() {
		return nil, core.ErrNotCouchDB.Because("a row of a listing has no key, or neither a revision nor an error")
	}
	return row, nil
}

// ParseChange reads one row of a changes feed.
func ParseChange(element []byte) (*core.Change, error) {
	change := &core.Change{}
	seen := false
	c := rawjson.NewCursor(element)
	if !c.Open(rawjson.Object) {
		return nil, errNoChange
	}
	for c.Next() {
		switch string(rawjson.Name(c.Name())) {
		case "seq":
			change.Seq = ParseSeq(c.Value())
		case "id":
			change.ID, seen = rawjson.Text(c.Value())
		case "changes":
			if err := readChangedRevs(&c, change); err != nil {
				return nil, err
			}
		case "deleted":
			change.Deleted, _ = rawjson.Bool(c.Value())
		case "doc":
			if value := c.Value(); rawjson.KindOf(value) == rawjson.Object {
				doc, err := core.ParseDocument(value)
				if err != nil {
					return nil, err
				}
				change.Doc = doc
			}
		default:
			c.Value()
		}
	}
	if !seen {
		return nil, errNoChange
	}
	return change, nil
}

var errNoChange = core.ErrNotCouchDB.Because("a row of the changes feed has no id")

// readChangedRevs reads the revisions of a row.
func readChangedRevs(c *rawjson.Cursor, change *core.Change) error {
	if !c.Open(rawjson.Array) {
		c.Value()
		return nil
	}
	for c.Next() {
		var text []byte
		if c.Open(rawjson.Object) {
			for c.Next() {
				if name := c.Name(); rawjson.Is(name, "rev") {
					text = c.Value()
				} else {
					c.Value()
				}
			}
		} else {
			c.Value()
		}
		rev, err := core.ReadRev(text)
		if err != nil {
			return core.ErrNotCouchDB.Because("a row of the changes feed has a malformed revision")
		}
		change.Revs = append(change.Revs, rev)
	}
	return nil
}

// ParseChanges reads the answer to _changes (normal and long-poll feeds), calling each for every row.
func ParseChanges(text []byte, each func(*core.Change) error) (core.ChangesSummary, error) {
	var summary core.ChangesSummary
	var rows []byte
	for name, value := range rawjson.Members(text) {
		switch {
		case rawjson.Is(name, "results"):
			rows = value
		case rawjson.Is(name, "last_seq"):
			summary.LastSeq = ParseSeq(value)
		case rawjson.Is(name, "pending"):
			summary.Pending, _ = rawjson.Int(value)
		}
	}
	if rawjson.KindOf(rows) != rawjson.Array || summary.LastSeq == "" {
		return summary, core.ErrNotCouchDB.Because("the answer to a request for changes has no results or no last_seq")
	}
	for element := range rawjson.Elements(rows) {
		change, err := ParseChange(element)
		if err != nil {
			return summary, err
		}
		if err := each(change); err != nil {
			return summary, err
		}
	}
	return summary, nil
}
