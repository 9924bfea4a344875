package replication

import (
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/internal/order"
)

// feedFilter is what the source filters by.
func (o *Options) feedFilter() core.ChangesFilter {
	return core.ChangesFilter{
		DesignDocs: o.DesignDocs, Selector: o.Selector, View: o.View, DesignFilter: o.DesignFilter, QueryParams: o.QueryParams,
	}
}

// filtersFeed reports whether the source leaves changes out. Even a feed without rows then tells something worth noting: that these have been gone through.
func (o *Options) filtersFeed() bool {
	filter := o.feedFilter()
	return o.DocIDs != nil || !filter.IsZero()
}

// countsAll reports whether the source counts as pending what its filter leaves out.
func (o *Options) countsAll() bool { return o.DocIDs != nil || o.DesignDocs }

// choose returns the documents that the filter lets pass which is asked here.
func (r *replicator) choose(docs []*core.Document) ([]*core.Document, error) {
	if r.options.Filter == nil || len(docs) == 0 {
		return docs, nil
	}
	pass, err := r.options.Filter.Ask(r.ctx, docs)
	if err != nil {
		return nil, &stepError{"filtering documents", err}
	}
	var chosen []*core.Document
	for i, doc := range docs {
		if pass[i] {
			chosen = append(chosen, doc)
		}
	}
	return chosen, nil
}

// filterSource reads the function that the source filters by, nil when it is none. It is part of what a replication is: under the same name another
// function may let through what the first one kept back.
func (r *replicator) filterSource() (source []byte, err error) {
	name, path := r.options.DesignFilter, []string{"filters", ""}
	if r.options.View != "" {
		name, path = r.options.View, []string{"views", "", "map"}
	}
	if name == "" {
		return nil, nil
	}
	docID, name, _ := core.SplitDesignName(name)
	path[1] = name
	err = r.retry.do(r.ctx, "reading the filter of the source", func() error {
		doc, err := r.source.Get(r.ctx, docID, core.GetOptions{})
		if err != nil {
			return core.AsError(err).Of(docID)
		}
		source = doc.Body
		return nil
	})
	for _, member := range path {
		if err == nil {
			if source = rawjson.Member(source, member); source == nil {
				err = core.ErrMissing.Because("missing json key: " + member).Of(docID)
			}
		}
	}
	return source, err
}

// appendSorted appends JSON with the members of all objects in the order of their names: spelled in another order, a selector is the same.
func appendSorted(dst, value []byte) []byte {
	switch rawjson.KindOf(value) {
	case rawjson.Object:
		members := map[string][]byte{} // of those with one name the last counts
		var names []string
		for quoted, member := range rawjson.Members(value) {
			name, _ := rawjson.Text(quoted)
			if members[name] == nil {
				names = append(names, name)
			}
			members[name] = member
		}
		order.Values(names)
		dst = append(dst, '{')
		for i, name := range names {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = rawjson.AppendString(dst, name)
			dst = append(dst, ':')
			dst = appendSorted(dst, members[name])
		}
		return append(dst, '}')
	case rawjson.Array:
		dst = append(dst, '[')
		first := true
		for element := range rawjson.Elements(value) {
			if !first {
				dst = append(dst, ',')
			}
			first = false
			dst = appendSorted(dst, element)
		}
		return append(dst, ']')
	}
	return rawjson.AppendCanonical(dst, value)
}
