package server

import (
	"errors"
	"net/http"
	"strings"

	"github.com/gouchdb/gouchdb/core"
)

// route sends a request to its handler, by its path. It is the table of contents of the server.
func (req *request) route(escaped string) error {
	path := req.path
	if len(path) == 0 {
		return req.root()
	}
	switch path[0] {
	case "_up":
		return req.methods("GET,HEAD", map[string]handler{"GET": (*request).up})
	case "_all_dbs":
		return req.methods("GET,HEAD", map[string]handler{"GET": (*request).allDBs})
	case "_dbs_info":
		return req.methods("GET,HEAD,POST", map[string]handler{"GET": (*request).dbsInfo, "POST": (*request).dbsInfo})
	case "_active_tasks":
		return req.methods("GET,HEAD", map[string]handler{"GET": (*request).activeTasks})
	case "_uuids":
		return req.methods("GET", map[string]handler{"GET": (*request).uuids})
	case "_session":
		return req.session()
	case "_cluster_setup", "_db_updates", "_membership", "_node", "_nodes", "_replicate", "_reshard", "_scheduler", "_search_analyze":
		if err := req.requireServerAdmin(); err != nil {
			return err
		}
		return core.ErrNotImplemented.Because(path[0] + " is not implemented")
	case "favicon.ico":
		return req.notFoundText()
	case staticName:
		if req.server.options.Static != nil {
			return req.static(escaped)
		}
	}
	if len(path) == 1 {
		switch req.Method {
		case http.MethodPut:
			return req.createDatabase()
		case http.MethodDelete:
			return req.deleteDatabase()
		}
	}
	db, release, err := req.server.pool.acquire(req.Context(), path[0])
	if err != nil {
		return err
	}
	defer release()
	req.db = db
	if err := req.requireMember(); err != nil {
		return err
	}
	return req.routeDatabase()
}

func (req *request) routeDatabase() error {
	path := req.path[1:]
	if len(path) == 0 {
		return req.methods("DELETE,GET,HEAD,POST", map[string]handler{"GET": (*request).databaseInfo, "POST": (*request).postDocument})
	}
	if handle, allow := databaseHandlers(path); handle != nil {
		return req.methods(allow, handle)
	}
	switch path[0] {
	case "_index":
		return req.partOfIndex(path[1:])
	case "_search_analyze", "_nouveau_analyze", "_partition", "_shards", "_sync_shards", "_purged_infos":
		return core.ErrNotImplemented.Because(path[0] + " is not implemented")
	case "_temp_view":
		return core.NewError(http.StatusGone, "gone", "Temporary views are not supported in CouchDB")
	}
	return req.routeDocument()
}

// databaseHandlers returns the handlers of a path below a database that is not a document's.
func databaseHandlers(path []string) (map[string]handler, string) {
	post := func(handle handler) (map[string]handler, string) {
		return map[string]handler{"POST": handle}, "POST"
	}
	if len(path) == 2 {
		switch listing := listings[path[0]]; {
		case listing != nil && path[1] == "queries":
			return post(listing.queries)
		case path[0] == "_compact":
			return post((*request).compactViews)
		}
		return nil, ""
	}
	if len(path) > 2 {
		return nil, ""
	}
	if listing := listings[path[0]]; listing != nil {
		return map[string]handler{"GET": listing.get, "POST": listing.post}, "GET,HEAD,POST"
	}
	switch path[0] {
	case "_find":
		return post((*request).find)
	case "_explain":
		return post((*request).explain)
	case "_index":
		return map[string]handler{"GET": (*request).listIndexes, "POST": (*request).createIndex}, "GET,POST"
	case "_bulk_docs":
		return post((*request).bulkDocs)
	case "_bulk_get":
		return post((*request).bulkGet)
	case "_changes":
		return map[string]handler{"GET": (*request).getChanges, "POST": (*request).postChanges}, "GET,POST,HEAD"
	case "_revs_diff":
		return post((*request).revsDiff)
	case "_missing_revs":
		return post((*request).missingRevs)
	case "_ensure_full_commit":
		return post((*request).ensureFullCommit)
	case "_compact":
		return post((*request).compact)
	case "_view_cleanup":
		return post((*request).viewCleanup)
	case "_purge":
		return post((*request).purge)
	case "_security":
		return map[string]handler{"GET": (*request).getSecurity, "PUT": (*request).putSecurity}, "PUT,GET"
	case "_revs_limit":
		return map[string]handler{"GET": (*request).getRevsLimit, "PUT": (*request).putRevsLimit}, "PUT,GET"
	case "_purged_infos_limit":
		return map[string]handler{"GET": (*request).getPurgedInfosLimit, "PUT": (*request).putPurgedInfosLimit}, "PUT,GET"
	}
	return nil, ""
}

// routeDocument finds out which document, or part of one, the path names. A slash in an id may be escaped or not where it follows _design or _local.
func (req *request) routeDocument() error {
	path := req.path[1:]
	docID, parts := path[0], path[1:]
	switch {
	case docID == "_local":
		switch {
		case len(parts) == 0:
			return core.ErrBadRequest.Because("Invalid _local document id.")
		case len(parts) > 1:
			return core.ErrBadRequest.Because("_local documents do not accept attachments.")
		}
		docID, parts = core.LocalPrefix+parts[0], nil
	case docID == "_design" && len(parts) > 0:
		docID, parts = core.DesignPrefix+parts[0], parts[1:]
	case strings.HasPrefix(docID, core.DesignPrefix) && len(parts) == 0 && req.Method != "COPY":
		name := strings.TrimPrefix(docID, core.DesignPrefix)
		req.answer.Header().Set("Location", req.absolute("/"+escapeSegment(req.db.name)+"/_design/"+escapeSegment(name)))
		req.answer.WriteHeader(http.StatusMovedPermanently)
		return nil
	}
	if err := allowDocID(docID); err != nil {
		return err
	}
	if len(parts) > 0 {
		return req.partOfDocument(docID, parts)
	}
	with := func(handle func(*request, string) error) handler {
		return func(req *request) error { return handle(req, docID) }
	}
	return req.methods("DELETE,GET,HEAD,POST,PUT,COPY", map[string]handler{
		"GET": with((*request).getDocument), "PUT": with((*request).putDocument), "DELETE": with((*request).deleteDocument),
		"COPY": with((*request).copyDocument), "POST": (*request).postForm,
	})
}

// partOfDocument answers for what lies below a document: attachments, and the functions of design documents.
func (req *request) partOfDocument(docID string, parts []string) error {
	if core.IsDesignID(docID) {
		switch parts[0] {
		case "_view":
			return req.partOfView(docID, parts[1:])
		case "_info":
			return req.methods("GET", map[string]handler{"GET": func(req *request) error { return req.viewInfo(docID) }})
		case "_show", "_list", "_update", "_rewrite", "_search", "_search_info", "_search_disk_size", "_nouveau", "_nouveau_info":
			return core.ErrNotImplemented.Because(parts[0] + " of a design document is not implemented")
		}
	}
	return req.attachment(docID, strings.Join(parts, "/"))
}

// postForm answers as CouchDB does to a form that does not come from one of its own pages.
func (req *request) postForm() error {
	return core.ErrBadRequest.Because("Referer header required.")
}

func (req *request) createDatabase() error {
	if err := req.requireServerAdmin(); err != nil {
		return err
	}
	if err := validateName(req.path[0]); err != nil {
		return err
	}
	for _, name := range []string{"q", "n"} {
		if value, ok := req.query.get(name); ok && !isPositive(value) {
			return core.ErrBadRequest.Because("The `" + name + "` value should be a positive integer.")
		}
	}
	if _, ok := req.query.get("placement"); ok {
		return core.ErrBadRequest.Because("`placement` has no meaning here: there is one node")
	}
	if _, ok := req.query.get("engine"); ok {
		return core.ErrBadRequest.Because("invalid_engine_extension")
	}
	if value, ok := req.query.get("partitioned"); ok && value != "false" {
		if value != "true" {
			return core.ErrBadRequest.Because("Invalid `partitioned` parameter")
		}
		return core.ErrNotImplemented.Because("partitioned databases are not implemented")
	}
	db, release, err := req.server.pool.create(req.Context(), req.path[0])
	if err != nil {
		return err
	}
	defer release()
	req.db = db
	req.location("")
	return req.sendOK(http.StatusCreated)
}

func (req *request) deleteDatabase() error {
	if err := req.requireServerAdmin(); err != nil {
		return err
	}
	if _, found := req.query.get("rev"); found {
		return core.ErrBadRequest.Because("You tried to DELETE a database with a ?=rev parameter. Did you mean to DELETE a document instead?")
	}
	err := req.server.pool.delete(req.Context(), req.path[0])
	if errors.Is(err, core.ErrClosed) {
		err = core.ErrNoDatabase
	}
	if err != nil {
		return err
	}
	return req.sendOK(http.StatusOK)
}
