package server

import (
	"net/http"
	"strconv"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/core/wire"
)

// finder returns the database as one that answers Mango queries.
func (req *request) finder() (core.Finder, error) {
	if finder, ok := capability[core.Finder](req.db.Adapter); ok {
		return finder, nil
	}
	return nil, core.ErrNotImplemented.Because("this database does not answer Mango queries")
}

// find streams what a selector matches. What comes after the documents is known when they have been read.
func (req *request) find() error {
	body, err := req.postedObject()
	if err != nil {
		return err
	}
	finder, err := req.finder()
	if err != nil {
		return err
	}
	out := req.stream("application/json")
	out.text = append(out.text, `{"docs":[`...)
	rows := 0
	summary, err := finder.Find(req.Context(), body, func(doc []byte) error {
		if rows > 0 {
			out.text = append(out.text, ',')
		}
		rows++
		out.text = append(out.text, doc...)
		return out.flushFull()
	})
	if err != nil {
		return err
	}
	out.text = wire.AppendFindSummary(append(out.text, "],"...), summary)
	out.text = append(out.text, "}\n"...)
	return out.end()
}

func (req *request) explain() error {
	body, err := req.postedObject()
	if err != nil {
		return err
	}
	finder, err := req.finder()
	if err != nil {
		return err
	}
	text, err := finder.Explain(req.Context(), body)
	if err != nil {
		return err
	}
	return req.send(http.StatusOK, req.named(text))
}

// named puts the name under which clients know the database into the description of a query.
func (req *request) named(text []byte) []byte {
	named := []byte{'{'}
	for name, value := range rawjson.Members(text) {
		if len(named) > 1 {
			named = append(named, ',')
		}
		named = append(append(named, name...), ':')
		if rawjson.Is(name, "dbname") {
			named = rawjson.AppendString(named, req.db.name)
		} else {
			named = append(named, value...)
		}
	}
	return append(named, '}')
}

// createIndex writes a design document, which is an administrator's to do.
func (req *request) createIndex() error {
	body, err := req.postedObject()
	if err != nil {
		return err
	}
	finder, err := req.indexer()
	if err != nil {
		return err
	}
	created, err := finder.CreateIndex(req.Context(), body)
	if err != nil {
		return err
	}
	return req.send(http.StatusOK, wire.AppendCreatedIndex(nil, created))
}

// indexer is finder for who wants to change indexes.
func (req *request) indexer() (core.Finder, error) {
	if err := req.requireDatabaseAdmin(notDatabaseAdmin); err != nil {
		return nil, err
	}
	return req.finder()
}

func (req *request) listIndexes() error {
	finder, err := req.finder()
	if err != nil {
		return err
	}
	skip, err := req.indexParameter("skip", 0, 0)
	if err != nil {
		return err
	}
	indexes, err := finder.Indexes(req.Context())
	if err != nil {
		return err
	}
	total := len(indexes)
	limit, err := req.indexParameter("limit", 1, total)
	if err != nil {
		return err
	}
	page := indexes[min(skip, total):]
	return req.send(http.StatusOK, wire.AppendIndexes(nil, page[:min(limit, len(page))], total))
}

func (req *request) indexParameter(name string, least, otherwise int) (int, error) {
	text, given := req.query.get(name)
	if !given {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least {
		return 0, core.NewError(http.StatusBadRequest, "invalid_list_index_params", "`limit` must be 1 or greater, `skip` 0 or greater")
	}
	return n, nil
}

// partOfIndex answers for what lies below _index: one index, by its design document, with or without _design/, its type and its name.
func (req *request) partOfIndex(path []string) error {
	if len(path) == 1 && path[0] == "_bulk_delete" {
		return req.methods("POST", map[string]handler{"POST": (*request).bulkDeleteIndexes})
	}
	if req.Method != http.MethodDelete {
		return req.notAllowed("DELETE")
	}
	if len(path) == 4 && path[0] == "_design" {
		path = path[1:]
	}
	if len(path) != 3 || path[1] != "json" {
		return core.ErrMissing
	}
	finder, err := req.indexer()
	if err != nil {
		return err
	}
	if err := finder.DeleteIndex(req.Context(), path[0], path[2]); err != nil {
		return err
	}
	return req.sendOK(http.StatusOK)
}

// bulkDeleteIndexes deletes all indexes of some design documents.
func (req *request) bulkDeleteIndexes() error {
	body, err := req.postedObject()
	if err != nil {
		return err
	}
	list := rawjson.Member(body, "docids")
	if list == nil {
		return core.NewError(http.StatusBadRequest, "missing_required_key", "Missing required key: docids")
	}
	designDocs, ok := rawjson.Texts(list)
	if !ok {
		return core.ErrBadRequest.Because("`docids` must be an array of strings")
	}
	finder, err := req.indexer()
	if err != nil {
		return err
	}
	indexes, err := finder.Indexes(req.Context())
	if err != nil {
		return err
	}
	var done, failed []byte
	for _, designDoc := range designDocs {
		err := deleteIndexes(req, finder, indexes, designDoc)
		switch {
		case err == nil:
			done = rawjson.AppendString(append(comma(done), `{"id":`...), designDoc)
			done = append(done, `,"ok":true}`...)
		case req.Context().Err() != nil:
			return err
		default:
			failed = rawjson.AppendString(append(comma(failed), `{"id":`...), designDoc)
			failed = rawjson.AppendString(append(failed, `,"error":`...), core.AsError(err).Name)
			failed = append(failed, '}')
		}
	}
	text := append(append([]byte(`{"success":[`), done...), `],"fail":[`...)
	return req.send(http.StatusOK, append(append(text, failed...), "]}"...))
}

func deleteIndexes(req *request, finder core.Finder, indexes []core.IndexDescription, designDoc string) error {
	var err error = core.ErrMissing
	for _, index := range indexes {
		if index.DesignDoc != "" && (index.DesignDoc == designDoc || index.DesignDoc == core.DesignPrefix+designDoc) {
			if err = finder.DeleteIndex(req.Context(), index.DesignDoc, index.Name); err != nil {
				return err
			}
		}
	}
	return err
}

func comma(list []byte) []byte {
	if len(list) > 0 {
		return append(list, ',')
	}
	return list
}
