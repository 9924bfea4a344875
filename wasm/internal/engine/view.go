package engine

import (
	"context"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/core/wire"
)

// viewer returns a database as one that answers views.
func viewer(db core.Adapter) (core.Viewer, error) {
	viewer, ok := db.(core.Viewer)
	if !ok {
		return nil, core.ErrNotImplemented.Because("this database does not answer views")
	}
	return viewer, nil
}

// queryView answers a query of a view of a design document, or of functions that no design document has.
func queryView(ctx context.Context, db core.Adapter, r *request) ([]byte, error) {
	contents := r.contents()
	options := r.viewOptions()
	options.Attachments = contents.wanted && options.IncludeDocs
	options.Passing = true
	designDoc, view := r.string("ddoc"), r.string("view")
	functions := functions{r.string("map"), r.string("reduce_function"), r.bool("transient")}
	if r.err != nil {
		return nil, r.err
	}
	if functions.mapSource != "" {
		// What is stored for a function is removed in the end.
		if err := kv.MayWait(ctx); err != nil {
			return nil, err
		}
	}
	rows := r.call.rows("rows", contents.binary)
	each := func(row *core.ViewRow) error {
		return contents.showing(ctx, &row.Doc, func() {
			rows.next(rowSize(row.Doc))
			rows.text = wire.AppendViewRow(rows.text, row, options.IncludeDocs)
		})
	}
	var summary core.ViewSummary
	var err error
	if functions.mapSource == "" {
		summary, err = designView(ctx, db, designDoc, view, options, each)
	} else {
		summary, err = functions.query(ctx, db, options, each)
	}
	if err != nil {
		return nil, err
	}
	dst := append(rows.text, ']')
	if !summary.Reduced || summary.UpdateSeq != "" {
		dst = wire.AppendViewSummary(append(dst, ','), summary)
	}
	return contents.answer(append(dst, '}')), nil
}

func designView(ctx context.Context, db core.Adapter, designDoc, view string, options core.ViewOptions, each func(*core.ViewRow) error) (core.ViewSummary, error) {
	viewer, err := viewer(db)
	if err != nil {
		return core.ViewSummary{}, err
	}
	return viewer.View(ctx, designDoc, view, options, each)
}

// functions are a view that no design document has. Nothing remains of one that is transient.
type functions struct {
	mapSource, reduceSource string
	transient               bool
}

func (f functions) query(ctx context.Context, db core.Adapter, options core.ViewOptions, each func(*core.ViewRow) error) (core.ViewSummary, error) {
	viewer, ok := db.(core.TemporaryViewer)
	if !ok {
		return core.ViewSummary{}, core.ErrNotImplemented.Because("this database runs no functions but those of design documents")
	}
	if f.transient {
		options.Update = core.UpdateBefore // there is nothing yet
		// Whatever becomes of the query.
		defer func() { _ = viewer.DropTemporaryView(context.WithoutCancel(ctx), f.mapSource, f.reduceSource) }()
	}
	return viewer.TemporaryView(ctx, f.mapSource, f.reduceSource, options, each)
}

// viewOptions reads the options of a query, which are PouchDB's.
func (r *request) viewOptions() core.ViewOptions {
	skip, _ := r.count("skip")
	level, _ := r.count("group_level")
	options := core.ViewOptions{
		Key:           r.json("key"),
		StartKey:      r.json("startkey"),
		EndKey:        r.json("endkey"),
		StartKeyDocID: r.string("startkey_docid"),
		EndKeyDocID:   r.string("endkey_docid"),
		ExclusiveEnd:  !r.boolOr("inclusive_end", true),
		Descending:    r.bool("descending"),
		Skip:          skip,
		Limit:         r.limit("limit"),
		Group:         r.bool("group"),
		GroupLevel:    level,
		IncludeDocs:   r.bool("include_docs"),
		Conflicts:     r.bool("conflicts"),
		UpdateSeq:     r.bool("update_seq"),
	}
	if r.value("reduce") != nil {
		reduce := r.bool("reduce")
		options.Reduce = &reduce
	}
	if keys := r.json("keys"); keys != nil {
		if rawjson.KindOf(keys) != rawjson.Array {
			r.refuse("keys", "an array")
		}
		options.Keys = [][]byte{}
		for key := range rawjson.Elements(keys) {
			options.Keys = append(options.Keys, key)
		}
	}
	switch update := r.string("update"); update {
	case "", "true":
	case "false":
		options.Update = core.UpdateNever
	case "lazy":
		options.Update = core.UpdateAfter
	default:
		r.refuse("update", "\"true\", \"false\" or \"lazy\"")
	}
	return options
}

// json returns an option of any type, null included; nil when it is not given.
func (o *options) json(name string) []byte { return rawjson.Member(o.text, name) }

func viewCleanup(ctx context.Context, db core.Adapter, _ *request) ([]byte, error) {
	viewer, err := viewer(db)
	if err != nil {
		return nil, err
	}
	return ok, viewer.ViewCleanup(ctx)
}

// viewInfo describes the views of a design document.
func viewInfo(ctx context.Context, db core.Adapter, r *request) ([]byte, error) {
	designDoc := r.string("ddoc")
	if r.err != nil {
		return nil, r.err
	}
	viewer, err := viewer(db)
	if err != nil {
		return nil, err
	}
	return viewer.ViewInfo(ctx, designDoc)
}
