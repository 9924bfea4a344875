package server

import (
	"net/http"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/core/wire"
)

// viewer returns the database as one that answers map/reduce views.
func (req *request) viewer() (core.Viewer, error) {
	if viewer, ok := capability[core.Viewer](req.db.Adapter); ok {
		return viewer, nil
	}
	return nil, core.ErrNotImplemented.Because("this database does not answer views")
}

// partOfView answers for what lies below _view of a design document.
func (req *request) partOfView(designDoc string, path []string) error {
	if len(path) == 2 && path[1] == "queries" {
		return req.methods("POST", map[string]handler{"POST": func(req *request) error { return req.viewQueries(designDoc, path[0]) }})
	}
	if len(path) != 1 {
		return req.notAllowed("GET,POST,HEAD")
	}
	return req.methods("GET,POST,HEAD", map[string]handler{
		"GET":  func(req *request) error { return req.view(designDoc, path[0], req.query) },
		"POST": func(req *request) error { return req.postView(designDoc, path[0]) },
	})
}

func (req *request) postView(designDoc, view string) error {
	text, err := req.postedObject()
	if err != nil {
		return err
	}
	switch queries := rawjson.Member(text, "queries"); rawjson.KindOf(queries) {
	case rawjson.Invalid:
	case rawjson.Array:
		return core.ErrBadRequest.Because("The `queries` parameter is no longer supported at this endpoint")
	default:
		return core.ErrBadRequest.Because("`queries` member must be an array.")
	}
	return req.view(designDoc, view, req.query.withObject(text))
}

// view streams the rows of a view.
func (req *request) view(designDoc, view string, q query) error {
	viewer, err := req.viewer()
	if err != nil {
		return err
	}
	options, err := parseViewQuery(q)
	if err != nil {
		return err
	}
	out := req.stream("application/json")
	if err := req.appendView(viewer, designDoc, view, options, out); err != nil {
		return err
	}
	out.text = append(out.text, '\n')
	return out.end()
}

// viewQueries answers several queries of a view in one answer.
func (req *request) viewQueries(designDoc, view string) error {
	viewer, err := req.viewer()
	if err != nil {
		return err
	}
	queries, err := req.postedQueries()
	if err != nil {
		return err
	}
	var parsed []core.ViewOptions
	for _, q := range queries {
		options, err := parseViewQuery(q)
		if err != nil {
			return err
		}
		parsed = append(parsed, options)
	}
	out := req.stream("application/json")
	out.text = append(out.text, `{"results":[`...)
	for i, options := range parsed {
		if i > 0 {
			out.text = append(out.text, ',')
		}
		if err := req.appendView(viewer, designDoc, view, options, out); err != nil {
			return err
		}
	}
	out.text = append(out.text, "]}\n"...)
	return out.end()
}

// appendView streams the answer to one query. The counts come last: they are known when the rows have been read.
func (req *request) appendView(viewer core.Viewer, designDoc, view string, options core.ViewOptions, out *stream) error {
	out.text = append(out.text, `{"rows":[`...)
	rows := 0
	summary, err := viewer.View(req.Context(), designDoc, view, options, func(row *core.ViewRow) error {
		if rows > 0 {
			out.text = append(out.text, ',')
		}
		rows++
		if options.Attachments && row.Doc != nil {
			if err := row.Doc.Load(req.Context()); err != nil {
				return err
			}
		}
		out.text = wire.AppendViewRow(out.text, row, options.IncludeDocs)
		return out.flushFull()
	})
	if err != nil {
		return err
	}
	if summary.UpdateSeq != "" {
		summary.UpdateSeq = req.db.sealSeq(summary.UpdateSeq)
	}
	out.text = append(out.text, ']')
	if !summary.Reduced || summary.UpdateSeq != "" {
		out.text = wire.AppendViewSummary(append(out.text, ','), summary)
	}
	out.text = append(out.text, '}')
	return nil
}

func (req *request) viewInfo(designDoc string) error {
	viewer, err := req.viewer()
	if err != nil {
		return err
	}
	text, err := viewer.ViewInfo(req.Context(), designDoc)
	if err != nil {
		return err
	}
	return req.send(http.StatusOK, append([]byte(nil), text...))
}

// viewCleanup removes what is stored for views that no design document defines any more. A database without views has nothing of the kind.
func (req *request) viewCleanup() error {
	if err := req.requireDatabaseAdmin(notCompacter); err != nil {
		return err
	}
	if err := req.requireJSON(); err != nil {
		return err
	}
	if viewer, ok := capability[core.Viewer](req.db.Adapter); ok {
		if err := viewer.ViewCleanup(req.Context()); err != nil {
			return err
		}
	}
	return req.sendOK(http.StatusAccepted)
}
