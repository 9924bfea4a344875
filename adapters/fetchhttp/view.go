package fetchhttp

import (
	"context"
	"strconv"
	"strings"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/core/wire"
)

var _ core.Viewer = (*DB)(nil)

// View hands over the rows of a view of the server, as they arrive.
func (db *DB) View(ctx context.Context, designDoc, view string, options core.ViewOptions, each func(*core.ViewRow) error) (core.ViewSummary, error) {
	path, err := designPath(designDoc)
	if err != nil {
		return core.ViewSummary{}, err
	}
	if view == "" || hasNoURL(view) {
		return core.ViewSummary{}, core.ErrMissing.Because("missing_named_view")
	}
	c := viewCall(options)
	c.path, c.quiet = path+"/_view/"+escape(view), building
	rest, err := db.stream(ctx, c, "rows", func(text []byte) error {
		row, err := wire.ParseViewRow(text)
		if err != nil {
			return err
		}
		return each(row)
	})
	if err != nil {
		return core.ViewSummary{}, err
	}
	return wire.ParseViewSummary(rest)
}

// designPath returns the path of a design document that is named with or without "_design/".
func designPath(designDoc string) (string, error) {
	name := strings.TrimPrefix(designDoc, core.DesignPrefix)
	if name == "" || hasNoURL(name) {
		return "", core.ErrMissing.Of(designDoc)
	}
	return docPath(core.DesignPrefix + name)
}

// viewCall is the request for a query of a view: a GET, which caches understand, unless its URL would get long. A list of keys goes into a body
// always, since CouchDB takes one in a URL that holds a single key for something else.
func viewCall(options core.ViewOptions) call {
	c := call{method: "GET"}
	switch options.Update { // which CouchDB looks for in the URL only
	case core.UpdateBefore:
	case core.UpdateNever:
		c.query = c.query.with("update", "false")
	case core.UpdateAfter:
		c.query = c.query.with("update", "lazy")
	}
	inURL := c.query
	if options.Keys == nil {
		for _, p := range viewParameters(options) {
			value := string(p.value)
			if p.isText {
				value, _ = rawjson.Text(p.value)
			}
			c.query = c.query.with(p.name, value)
		}
		if len(c.query) <= maxQuery {
			return c
		}
	}
	c.method, c.query, c.body = "POST", inURL, []byte{'{'}
	for _, p := range viewParameters(options) {
		if len(c.body) > 1 {
			c.body = append(c.body, ',')
		}
		c.body = append(rawjson.AppendString(c.body, p.name), ':')
		c.body = append(c.body, p.value...)
	}
	c.body = append(c.body, '}')
	return c
}

// viewParameter is an option of a query as JSON; one that isText stands in a URL without quotes.
type viewParameter struct {
	name   string
	value  []byte
	isText bool
}

func viewParameters(options core.ViewOptions) []viewParameter {
	var list []viewParameter
	json := func(name string, value []byte) {
		if value != nil {
			list = append(list, viewParameter{name: name, value: value})
		}
	}
	text := func(name, value string) {
		if value != "" {
			list = append(list, viewParameter{name: name, value: rawjson.AppendString(nil, value), isText: true})
		}
	}
	number := func(name string, n int) { json(name, strconv.AppendInt(nil, int64(n), 10)) }
	flag := func(name string, on bool) {
		if on {
			json(name, []byte("true"))
		}
	}
	json("startkey", options.StartKey)
	json("endkey", options.EndKey)
	json("key", options.Key)
	if options.Keys != nil {
		json("keys", appendArray(nil, options.Keys))
	}
	text("startkey_docid", options.StartKeyDocID)
	text("endkey_docid", options.EndKeyDocID)
	if options.ExclusiveEnd {
		json("inclusive_end", []byte("false"))
	}
	flag("descending", options.Descending)
	if options.Skip > 0 {
		number("skip", options.Skip)
	}
	if options.Limit != 0 {
		number("limit", max(options.Limit, 0)) // NoRows is CouchDB's 0
	}
	if options.Reduce != nil {
		json("reduce", rawjson.AppendBool(nil, *options.Reduce))
	}
	flag("group", options.Group)
	if options.GroupLevel > 0 && !options.Group {
		number("group_level", options.GroupLevel)
	}
	flag("include_docs", options.IncludeDocs)
	flag("conflicts", options.Conflicts)
	flag("attachments", options.Attachments)
	flag("update_seq", options.UpdateSeq)
	return list
}

func appendArray(dst []byte, values [][]byte) []byte {
	dst = append(dst, '[')
	for i, value := range values {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, value...)
	}
	return append(dst, ']')
}

// ViewInfo describes the views of a design document as the server does.
func (db *DB) ViewInfo(ctx context.Context, designDoc string) ([]byte, error) {
	path, err := designPath(designDoc)
	if err != nil {
		return nil, err
	}
	return db.ask(ctx, call{method: "GET", path: path + "/_info"})
}

// ViewCleanup makes the server remove what it stores for views that no design document defines any more.
func (db *DB) ViewCleanup(ctx context.Context) error {
	_, err := db.ask(ctx, call{method: "POST", path: "/_view_cleanup", body: []byte("{}")})
	return notImplemented(err)
}
