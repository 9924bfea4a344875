package server

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// staticName is the first part of the paths of static files. No database can be called so.
const staticName = "_app"

// root welcomes programs, and sends browsers to the application when there is one.
func (req *request) root() error {
	return req.methods("GET,HEAD", map[string]handler{"GET": func(req *request) error {
		if req.server.options.Static != nil && req.asksFor("text/html") {
			req.answer.Header().Set("Location", "/"+staticName+"/")
			req.answer.WriteHeader(http.StatusSeeOther)
			return nil
		}
		text := []byte(`{"couchdb":"Welcome","version":`)
		text = rawjson.AppendString(text, req.server.options.Version)
		text = append(text, `,"uuid":`...)
		text = rawjson.AppendString(text, req.server.options.UUID)
		return req.send(http.StatusOK, append(text, `,"features":[],"vendor":{"name":"GouchDB"}}`...))
	}})
}

// static serves the files of the application.
func (req *request) static(escaped string) error {
	if escaped == "/"+staticName {
		req.answer.Header().Set("Location", escaped+"/")
		req.answer.WriteHeader(http.StatusMovedPermanently)
		return nil
	}
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		return req.notAllowed("GET,HEAD")
	}
	req.answer.Header().Set("Cache-Control", "no-cache")
	http.StripPrefix("/"+staticName, http.FileServer(req.server.options.Static)).ServeHTTP(req.answer, req.Request)
	return nil
}

func (req *request) notFoundText() error {
	req.answer.Header().Set("Content-Type", "text/plain")
	req.answer.WriteHeader(http.StatusNotFound)
	_, err := req.answer.Write([]byte("Not found."))
	return err
}

func (req *request) up() error {
	select {
	case <-req.server.draining:
		return req.send(http.StatusNotFound, []byte(`{"status":"nolb"}`))
	default:
		return req.send(http.StatusOK, []byte(`{"status":"ok","seeds":{}}`))
	}
}

func (req *request) uuids() error {
	count := 1
	if value, ok := req.query.get("count"); ok {
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 {
			return core.ErrBadRequest.Because("count must be a positive integer")
		}
		if n > 1000 {
			return core.ErrBadRequest.Because("count parameter too large")
		}
		count = n
	}
	uuids := make([]string, count)
	for i := range uuids {
		uuids[i] = newUUID()
	}
	req.answer.Header().Set("Cache-Control", "no-cache")
	text := rawjson.AppendQuoted([]byte(`{"uuids":`), uuids)
	return req.send(http.StatusOK, append(text, '}'))
}

// allDBs lists the databases' names, within a range of them if one is given.
func (req *request) allDBs() error {
	names, err := req.databaseNames()
	if err != nil {
		return err
	}
	return req.send(http.StatusOK, rawjson.AppendQuoted(nil, names))
}

// databaseNames returns the names that the request's options ask for.
func (req *request) databaseNames() ([]string, error) {
	if err := req.requireServerAdmin(); err != nil {
		return nil, err
	}
	bounds, err := parseAllDocsQuery(req.query)
	if err != nil {
		return nil, err
	}
	names, err := req.server.pool.names(req.Context())
	if err != nil {
		return nil, err
	}
	if bounds.options.Descending {
		slices.Reverse(names)
	}
	names = slices.DeleteFunc(names, func(name string) bool { return !bounds.contains(name) })
	names = names[min(bounds.options.Skip, len(names)):]
	if limit := bounds.options.Limit; limit == core.NoRows {
		names = nil
	} else if limit > 0 {
		names = names[:min(limit, len(names))]
	}
	return names, nil
}

// dbsInfo answers for several databases at once.
func (req *request) dbsInfo() error {
	if err := req.requireServerAdmin(); err != nil {
		return err
	}
	var names []string
	if req.Method == http.MethodPost {
		text, err := req.postedObject()
		if err != nil {
			return err
		}
		keys := rawjson.Member(text, "keys")
		if keys == nil {
			return core.ErrBadRequest.Because("`keys` member must exist.")
		}
		var ok bool
		if names, ok = rawjson.Texts(keys); !ok {
			return core.ErrBadRequest.Because("`keys` must be an array of strings.")
		}
		if len(names) > 100 {
			return core.ErrBadRequest.Because("`keys` holds more than 100 names")
		}
	} else {
		var err error
		if names, err = req.databaseNames(); err != nil {
			return err
		}
	}
	text := []byte{'['}
	for i, name := range names {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(text, `{"key":`...)
		text = rawjson.AppendString(text, name)
		db, release, err := req.server.pool.acquire(req.Context(), name)
		if err != nil {
			text = append(text, `,"error":"not_found"}`...)
			continue
		}
		info, err := db.Info(req.Context())
		release()
		if err != nil {
			return err
		}
		text = append(text, `,"info":`...)
		text = append(db.appendInfo(text, info), '}')
	}
	return req.send(http.StatusOK, append(text, ']'))
}

func isPositive(text string) bool {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	return err == nil && n > 0
}
