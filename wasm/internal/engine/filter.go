package engine

import (
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// feedFilter reads which documents a feed is about, other than by their ids.
func (o *options) feedFilter() core.ChangesFilter {
	return core.ChangesFilter{
		DesignDocs:   o.bool("design_docs"),
		Selector:     o.object("selector"),
		View:         o.string("view"),
		DesignFilter: o.string("design_filter"),
		QueryParams:  o.object("query_params"),
	}
}

// object returns an option that is an object as text, nil when it is not given.
func (o *options) object(name string) []byte {
	value := o.value(name)
	if value != nil && rawjson.KindOf(value) != rawjson.Object {
		o.refuse(name, "an object")
	}
	return value
}
