package core

import (
	"context"
	"strconv"
	"strings"

	"github.com/gouchdb/gouchdb/core/rawjson"
)

// ChangesFilter says which documents a feed shows. The zero value shows all of them. At most one of DesignDocs, Selector, View and DesignFilter is
// set, and none together with [ChangesOptions].DocIDs: CouchDB knows one filter at a time. Predicate may come in addition.
//
// As in CouchDB, a filter judges the winner, deleted or not, and with AllLeaves each leaf by itself: then only the leaves that pass are shown.
type ChangesFilter struct {
	// DesignDocs shows design documents only.
	DesignDocs bool
	// Selector is a Mango selector, as JSON. Unlike a find it sees design documents, and deleted ones.
	Selector []byte
	// View, as "ddoc/view", shows what the view's map function emits something for.
	View string
	// DesignFilter, as "ddoc/filter", is a filter function in a design document. QueryParams is what it finds in req.query: a JSON object, nil for an empty one.
	DesignFilter string
	QueryParams  []byte
	// Predicate answers for a batch of documents, which it must not modify. An error ends the reading.
	Predicate Predicate
}

// Predicate answers for each of some documents whether it is wanted.
type Predicate func(ctx context.Context, docs []*Document) ([]bool, error)

// Kinds of filters that exclude each other, as error texts name them.
func (f *ChangesFilter) given() []string {
	var names []string
	if f.DesignDocs {
		names = append(names, "DesignDocs")
	}
	if f.Selector != nil {
		names = append(names, "Selector")
	}
	if f.View != "" {
		names = append(names, "View")
	}
	if f.DesignFilter != "" {
		names = append(names, "DesignFilter")
	}
	return names
}

// IsZero reports whether all documents are shown.
func (f *ChangesFilter) IsZero() bool { return f.Predicate == nil && len(f.given()) == 0 }

// CheckFilter returns an ErrBadRequest, with CouchDB's reason where it has one, for filters that cannot be, alone or together.
func (o *ChangesOptions) CheckFilter() error {
	f := &o.Filter
	names := f.given()
	if o.DocIDs != nil {
		names = append(names, "DocIDs")
	}
	if len(names) > 1 {
		return ErrBadRequest.Because("a feed has one filter, not both " + names[0] + " and " + names[1])
	}
	if f.View != "" {
		if _, _, ok := SplitDesignName(f.View); !ok {
			return ErrBadRequest.Because("`view` must be of the form `designname/viewname`")
		}
	}
	if f.DesignFilter != "" {
		if _, _, ok := SplitDesignName(f.DesignFilter); !ok {
			return ErrBadRequest.Because("`filter` must be of the form `designname/filtername`")
		}
	}
	if f.QueryParams != nil && (rawjson.KindOf(f.QueryParams) != rawjson.Object || rawjson.Validate(f.QueryParams) != nil) {
		return ErrBadRequest.Because("the query parameters of a filter must be a JSON object")
	}
	return nil
}

// SplitDesignName takes "ddoc/name" apart, the form in which filters and views of design documents are named. The design document may come with its prefix.
func SplitDesignName(text string) (designDoc, name string, ok bool) {
	text = strings.TrimPrefix(text, DesignPrefix)
	designDoc, name, ok = strings.Cut(text, "/")
	return DesignPrefix + designDoc, name, ok && designDoc != "" && name != "" && !strings.Contains(name, "/")
}

// Ask asks the predicate about some documents, and returns an error also when it answers for another number of them.
func (p Predicate) Ask(ctx context.Context, docs []*Document) ([]bool, error) {
	pass, err := p(ctx, docs)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err == nil && len(pass) != len(docs) {
		err = ErrBadRequest.Because("the filter gives " + strconv.Itoa(len(pass)) + " answers for " + strconv.Itoa(len(docs)) + " documents")
	}
	return pass, err
}
