package docstore

import (
	"context"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/mapreduce"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// View is a view whose functions are in Go. Its rows are found again by its name and version: whoever changes a function has to change the version.
type View struct {
	Name, Version string
	// Map emits the rows of a document: keys and values as JSON. When it fails, the document has none.
	Map func(doc *core.Document, emit func(key, value []byte)) error
	// Reduce is the name of a built-in reduce function; empty: none, or ReduceFunc.
	Reduce string
	// ReduceFunc reduces values, each JSON; keys holds what was emitted as key, and the id, and is nil in a rereduce.
	ReduceFunc func(keys []ReducedKey, values [][]byte, rereduce bool) ([]byte, error)
}

// ReducedKey tells where a value that is to be reduced comes from.
type ReducedKey struct {
	Key   []byte
	DocID string
}

// goReduce stands for ReduceFunc in a definition.
const goReduce = "go"

// QueryView queries a view whose functions are in Go. Of views with the same name, version and reduce function, the functions that came first are run. It is removed by ViewCleanup when it was not queried since the database was opened.
func (db *DB) QueryView(ctx context.Context, view *View, options core.ViewOptions, each func(*core.ViewRow) error) (core.ViewSummary, error) {
	if view.Name == "" || view.Map == nil || view.Reduce != "" && view.ReduceFunc != nil {
		return core.ViewSummary{}, core.ErrBadRequest.Because("a view needs a name, a map function, and no more than one reduce function")
	}
	reduce := view.Reduce
	if view.ReduceFunc != nil {
		reduce = goReduce
	} else if reduce != "" {
		if _, err := mapreduce.NewReducer(reduce); err != nil {
			return core.ViewSummary{}, err
		}
	}
	d := &viewDefinition{name: view.Name, language: "go", native: view}
	place := d.add(view.Name+"\x00"+view.Version, reduce)
	d.views = map[string]viewPlace{view.Name: place}
	return db.query(ctx, db.views.group(d), place, options, each)
}

func (v *View) reducer() core.ReduceScript { return goReduces{v} }

// mapOne runs the map function on a document.
func (v *View) mapOne(doc *core.Document) (mapped core.Mapped) {
	var wrong error
	mapped.Err = v.Map(doc, func(key, value []byte) {
		row := core.Emitted{Key: canonical(key, &wrong), Value: canonical(value, &wrong)}
		mapped.Rows = append(mapped.Rows, row)
	})
	if mapped.Err == nil {
		mapped.Err = wrong
	}
	if mapped.Err != nil {
		mapped.Rows = nil
	}
	return mapped
}

// canonical returns JSON in canonical form; nothing is null.
func canonical(value []byte, wrong *error) []byte {
	if value == nil {
		return []byte("null")
	}
	if err := rawjson.Validate(value); err != nil {
		*wrong = core.ErrBadJSON.From(err)
		return []byte("null")
	}
	return rawjson.AppendCanonical(make([]byte, 0, len(value)), value)
}

// goReduces runs a reduce function in Go as if it were a script.
type goReduces struct{ view *View }

func (g goReduces) Reduce(ctx context.Context, calls []core.ReduceCall) ([]core.Reduced, error) {
	results := make([]core.Reduced, len(calls))
	for i, call := range calls {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		var keys []ReducedKey
		for pair := range rawjson.Elements(call.Keys) {
			var key ReducedKey
			for element := range rawjson.Elements(pair) {
				if key.Key == nil {
					key.Key = element
				} else {
					key.DocID, _ = rawjson.Text(element)
				}
			}
			keys = append(keys, key)
		}
		var values [][]byte
		for value := range rawjson.Elements(call.Values) {
			values = append(values, value)
		}
		value, err := g.view.ReduceFunc(keys, values, call.Rereduce)
		results[i] = core.Reduced{Value: canonical(value, &err), Err: err}
	}
	return results, nil
}

func (g goReduces) Close() {}
