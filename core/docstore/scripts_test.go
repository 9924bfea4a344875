package docstore_test

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/gouchdb/gouchdb/core"
)

// goFunctions plays the interpreter: it knows a few functions by their source, and runs Go in their place. True from a map function is a row.
var goFunctions = functions{
	"function (d) { return !!d.upd; }": func(doc, _ map[string]any) (bool, error) { return doc["upd"] != nil, nil },
	"min": func(doc, query map[string]any) (bool, error) {
		n, _ := doc["n"].(float64)
		return n >= query["min"].(float64), nil
	},
	"even": func(doc, _ map[string]any) (bool, error) {
		n, is := doc["n"].(float64)
		return is && int(n)%2 == 0, nil
	},
	"fail": func(map[string]any, map[string]any) (bool, error) { return false, errFunction },
}

var errFunction = errors.New("the function threw")

type functions map[string]func(doc, query map[string]any) (bool, error)

func (f functions) find(source string) (function, error) {
	if f[source] == nil {
		return nil, core.NewError(400, "compilation_error", source)
	}
	return f[source], nil
}

func (f functions) Maps(_ context.Context, sources []string) (core.MapScripts, error) {
	return f.find(sources[0])
}

func (f functions) Filter(_ context.Context, source string) (core.FilterScript, error) {
	return f.find(source)
}

func (f functions) Reduce(context.Context, string) (core.ReduceScript, error) {
	return nil, core.ErrNotImplemented
}

type function func(doc, query map[string]any) (bool, error)

func (f function) Close() {}

func (f function) Map(_ context.Context, docs [][]byte) ([][]core.Mapped, error) {
	mapped := make([][]core.Mapped, len(docs))
	for i := range docs {
		pass, err := f.call(docs[i], []byte(`{}`))
		mapped[i] = []core.Mapped{{Err: err}}
		if pass {
			mapped[i][0].Rows = []core.Emitted{{}}
		}
	}
	return mapped, nil
}

func (f function) Filter(_ context.Context, docs [][]byte, request []byte) ([]bool, error) {
	pass := make([]bool, len(docs))
	for i := range docs {
		var err error
		if pass[i], err = f.call(docs[i], request); err != nil {
			return nil, err
		}
	}
	return pass, nil
}

func (f function) call(doc, request []byte) (bool, error) {
	var document map[string]any
	var asked struct{ Query map[string]any }
	if err := errors.Join(json.Unmarshal(doc, &document), json.Unmarshal(request, &asked)); err != nil {
		return false, err
	}
	return f(document, asked.Query)
}
