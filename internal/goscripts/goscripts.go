// Package goscripts plays the interpreter of design documents in tests: it knows functions by their source texts, and runs Go in their place.
package goscripts

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/gouchdb/gouchdb/core"
)

// Functions are what can be run, by source text. A map function's true stands for one row.
type Functions map[string]Function

// Function answers about a document, which is decoded JSON. query is what a filter finds in req.query.
type Function func(doc, query map[string]any) (bool, error)

var _ core.Scripts = Functions{}

func (f Functions) find(source string) (Function, error) {
	if f[source] == nil {
		return nil, core.NewError(400, "compilation_error", source)
	}
	return f[source], nil
}

// Maps finds one map function.
func (f Functions) Maps(_ context.Context, sources []string) (core.MapScripts, error) {
	return f.find(sources[0])
}

// Filter finds a filter function.
func (f Functions) Filter(_ context.Context, source string) (core.FilterScript, error) {
	return f.find(source)
}

// Reduce is not there.
func (f Functions) Reduce(context.Context, string) (core.ReduceScript, error) {
	return nil, core.ErrNotImplemented
}

// Close does nothing.
func (f Function) Close() {}

// Map makes a row of each document that the function says true to.
func (f Function) Map(_ context.Context, docs [][]byte) ([][]core.Mapped, error) {
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

// Filter asks the function about each document.
func (f Function) Filter(_ context.Context, docs [][]byte, request []byte) ([]bool, error) {
	pass := make([]bool, len(docs))
	for i := range docs {
		var err error
		if pass[i], err = f.call(docs[i], request); err != nil {
			return nil, err
		}
	}
	return pass, nil
}

func (f Function) call(doc, request []byte) (bool, error) {
	var document map[string]any
	var asked struct{ Query map[string]any }
	if err := errors.Join(json.Unmarshal(doc, &document), json.Unmarshal(request, &asked)); err != nil {
		return false, err
	}
	return f(document, asked.Query)
}
