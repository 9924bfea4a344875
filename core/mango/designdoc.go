package mango

import (
	"strings"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// IndexesOf returns the indexes that a design document defines, in the order in which they stand there; none for one of another language.
// An index that cannot be understood is left out, and its error is among errs: the others can be used.
func IndexesOf(doc *core.Document, engine Engine) (indexes []*Index, errs []error) {
	if !rawjson.Is(member(doc.Body, "language"), "query") {
		return nil, nil
	}
	for quoted, view := range rawjson.Members(member(doc.Body, "views")) {
		x := &Index{DesignDoc: doc.ID}
		x.Name, _ = rawjson.Text(quoted)
		definition := member(member(view, "options"), "def")
		if definition == nil {
			errs = append(errs, core.ErrDocValidation.Of(doc.ID).Because("the index "+x.Name+" has no definition"))
		} else if err := x.define(definition, engine); err != nil {
			errs = append(errs, core.AsError(err).Of(doc.ID))
		} else {
			indexes = append(indexes, x)
		}
	}
	return indexes, errs
}

// AddTo returns the body of the design document with the index in it, in place of one of the same name. An empty body stands for a
// design document that is not there. Changed is false when the index is in it already.
//
// It returns CouchDB's invalid_design_doc when the design document is there for something else.
func (x *Index) AddTo(body []byte, engine Engine) (changed bool, newBody []byte, err error) {
	if len(body) == 0 {
		return true, appendDesignDoc(nil, nil, x.Name, x.appendView(nil)), nil
	}
	if !rawjson.Is(member(body, "language"), "query") {
		return false, nil, fail("invalid_design_doc", "the design document is written in another language than \"query\"")
	}
	existing, _ := IndexesOf(&core.Document{ID: x.DesignDoc, Body: body}, engine)
	for _, other := range existing {
		if other.Name == x.Name && other.Same(x) {
			return false, body, nil
		}
	}
	return true, appendDesignDoc(nil, body, x.Name, x.appendView(nil)), nil
}

// RemoveFrom returns the body of a design document without an index. Found is false when it is not in there; empty is true when
// nothing remains and the design document can be deleted.
func RemoveFrom(body []byte, name string) (newBody []byte, found, empty bool) {
	if !rawjson.Is(member(body, "language"), "query") {
		return body, false, false
	}
	empty = true
	for quoted := range rawjson.Members(member(body, "views")) {
		if rawjson.Is(quoted, name) {
			found = true
		} else {
			empty = false
		}
	}
	if !found {
		return body, false, false
	}
	return appendDesignDoc(nil, body, name, nil), true, empty
}

// appendDesignDoc writes a design document's body with one view set, or removed when it is nil.
func appendDesignDoc(dst, body []byte, name string, view []byte) []byte {
	dst = append(dst, `{"language":"query","views":{`...)
	start := len(dst)
	write := func(name string, value []byte) {
		if len(dst) > start {
			dst = append(dst, ',')
		}
		dst = rawjson.AppendString(dst, name)
		dst = append(dst, ':')
		dst = append(dst, value...)
	}
	due := view != nil
	for quoted, value := range rawjson.Members(member(body, "views")) {
		other, _ := rawjson.Text(quoted)
		switch {
		case other != name:
			write(other, value)
		case due:
			write(name, view)
			due = false
		}
	}
	if due {
		write(name, view)
	}
	dst = append(dst, '}')
	start = 0
	for quoted, value := range rawjson.Members(body) {
		if other, _ := rawjson.Text(quoted); other != "language" && other != "views" {
			write(other, value)
		}
	}
	return append(dst, '}')
}

// appendView writes the index as CouchDB keeps it in a design document.
func (x *Index) appendView(dst []byte) []byte {
	dst = append(dst, `{"map":{"fields":`...)
	dst = appendFieldObject(dst, x.Fields)
	dst = append(dst, `,"partial_filter_selector":`...)
	if x.Filter != nil {
		dst = x.Filter.AppendJSON(dst)
	} else {
		dst = append(dst, "{}"...)
	}
	dst = append(dst, `},"reduce":"_count","options":{"def":{"fields":[`...)
	for i, field := range x.Fields {
		if i > 0 {
			dst = append(dst, ',')
		}
		if field.Descending {
			dst = appendFieldObject(dst, x.Fields[i:i+1])
		} else {
			dst = rawjson.AppendString(dst, field.Name)
		}
	}
	dst = append(dst, ']')
	if x.Filter != nil {
		dst = append(dst, `,"partial_filter_selector":`...)
		dst = append(dst, x.filterText...)
	}
	return append(dst, "}}}"...)
}

// IsQuery reports whether a document is a design document that defines indexes.
func IsQuery(doc *core.Document) bool {
	return strings.HasPrefix(doc.ID, designPrefix) && rawjson.Is(member(doc.Body, "language"), "query")
}
