package wire

import (
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// ParseBulkGetResults reads the answer to _bulk_get. The results share no memory with text.
func ParseBulkGetResults(text []byte) ([]core.BulkGetResult, error) {
	var results []core.BulkGetResult
	c := rawjson.NewCursor(text)
	if c.Open(rawjson.Object) {
		for c.Next() {
			if !rawjson.Is(c.Name(), "results") {
				c.Value()
				continue
			}
			var err error
			if results, err = readBulkGetResults(&c); err != nil {
				return nil, err
			}
		}
	}
	if results == nil {
		return nil, core.ErrNotCouchDB.Because("the answer to a bulk get has no results")
	}
	return results, nil
}

// readBulkGetResults reads the rows that begin here. It returns nil for what is not an array.
func readBulkGetResults(c *rawjson.Cursor) ([]core.BulkGetResult, error) {
	if !c.Open(rawjson.Array) {
		c.Value()
		return nil, nil
	}
	results := []core.BulkGetResult{}
	var bodies core.Bodies
	for c.Next() {
		result, err := readBulkGetResult(c, &bodies)
		if err != nil {
			return nil, err
		}
		results = append(results, result)
	}
	return results, nil
}

// ParseBulkGetResult reads one row of such an answer. The result shares no memory with it.
func ParseBulkGetResult(row []byte, bodies *core.Bodies) (core.BulkGetResult, error) {
	c := rawjson.NewCursor(row)
	return readBulkGetResult(&c, bodies)
}

func readBulkGetResult(c *rawjson.Cursor, bodies *core.Bodies) (result core.BulkGetResult, err error) {
	if !c.Open(rawjson.Object) {
		c.Value()
		return result, nil
	}
	for c.Next() {
		switch name := c.Name(); {
		case rawjson.Is(name, "id"):
			result.ID, _ = rawjson.Text(c.Value())
		case rawjson.Is(name, "docs") && c.Open(rawjson.Array):
			result.Docs = nil
			for c.Next() {
				doc, err := readBulkGetDoc(c, bodies)
				if err != nil {
					return result, err
				}
				result.Docs = append(result.Docs, doc)
			}
		default:
			c.Value()
		}
	}
	for i := range result.Docs { // the id may have come last
		if doc := &result.Docs[i]; doc.Err != nil {
			doc.Err = doc.Err.Of(result.ID)
		}
	}
	return result, nil
}

// readBulkGetDoc reads one document, or why it cannot be had. A document that is malformed is a failure of its own and does not take the others with it.
func readBulkGetDoc(c *rawjson.Cursor, bodies *core.Bodies) (result core.BulkGetDoc, err error) {
	before := *c
	found := false
	if !c.Open(rawjson.Object) {
		return parseBulkGetFailure(c.Value())
	}
	for c.Next() {
		if !rawjson.Is(c.Name(), "ok") {
			c.Value()
			continue
		}
		found = true
		start := c.At
		doc, end, err := core.ReadDocument(c.Text, start, bodies)
		if end < 0 {
			return result, err
		}
		c.At = end
		if err == nil {
			result = core.BulkGetDoc{Rev: doc.Rev, Doc: doc}
			continue
		}
		result = core.BulkGetDoc{Err: core.AsError(err)}
		result.Rev, _ = core.ReadRev(rawjson.Member(c.Text[start:end], "_rev"))
	}
	if !found {
		return parseBulkGetFailure(before.Value())
	}
	return result, nil
}

func parseBulkGetFailure(element []byte) (core.BulkGetDoc, error) {
	failure := rawjson.Member(element, "error")
	if rawjson.KindOf(failure) == rawjson.String {
		failure = element // express-pouchdb has one level less
	}
	if missing, ok := pouchMissing(element); ok {
		return core.BulkGetDoc{Rev: missing, Err: core.ErrMissing}, nil
	}
	name, ok := rawjson.Text(rawjson.Member(failure, "error"))
	if !ok {
		return core.BulkGetDoc{}, core.ErrNotCouchDB.Because("a row of a bulk get is neither a document nor an error")
	}
	result := core.BulkGetDoc{Err: core.NewError(statusOf(failure, name), name, reason(failure))}
	result.Rev, _ = core.ReadRev(rawjson.Member(failure, "rev"))
	return result, nil
}

// pouchMissing recognises what express-pouchdb answers in a bulk get for what is not there: {"missing":rev} for a revision, {} for a document.
func pouchMissing(element []byte) (rev core.Rev, ok bool) {
	if value := rawjson.Member(element, "missing"); value != nil {
		rev, err := core.ReadRev(value)
		return rev, err == nil
	}
	return core.Rev{}, rawjson.KindOf(element) == rawjson.Object && len(rawjson.AppendCompact(nil, element)) == len("{}")
}
