package scripts

import (
	"context"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// Maps compiles map functions.
func (r runner) Maps(ctx context.Context, sources []string) (core.MapScripts, error) {
	f, err := r.compile(ctx, "map", sources)
	return maps{f, len(sources)}, err
}

type maps struct {
	function
	count int
}

func (maps) Close() {}

// Map runs the functions on documents.
func (m maps) Map(ctx context.Context, docs [][]byte) ([][]core.Mapped, error) {
	results, err := m.run(ctx, len(docs), appendArray(make([]byte, 0, sizeOf(docs)), docs))
	if err != nil {
		return nil, err
	}
	all := make([]core.Mapped, len(docs)*m.count)
	mapped := make([][]core.Mapped, len(docs))
	for i, result := range results {
		mapped[i], all = all[:m.count:m.count], all[m.count:]
		n := 0
		for element := range rawjson.Elements(result) {
			if n < m.count {
				mapped[i][n] = readMapped(element)
			}
			n++
		}
	}
	return mapped, nil
}

func readMapped(element []byte) core.Mapped {
	if err := thrown(element); err != nil {
		return core.Mapped{Err: err}
	}
	var rows []core.Emitted
	var key []byte
	for value := range rawjson.Elements(element) {
		if key == nil {
			key = value
			continue
		}
		rows = append(rows, core.Emitted{Key: key, Value: value})
		key = nil
	}
	return core.Mapped{Rows: rows}
}

// Reduce compiles a reduce function.
func (r runner) Reduce(ctx context.Context, source string) (core.ReduceScript, error) {
	f, err := r.compile(ctx, "reduce", []string{source})
	return reduce{f}, err
}

type reduce struct{ function }

func (reduce) Close() {}

// Reduce runs the function once for each call.
func (f reduce) Reduce(ctx context.Context, calls []core.ReduceCall) ([]core.Reduced, error) {
	rest := []byte{'['}
	for i, call := range calls {
		if i > 0 {
			rest = append(rest, ',')
		}
		keys := call.Keys
		if keys == nil {
			keys = []byte("null")
		}
		rest = append(append(rest, '['), keys...)
		rest = append(append(rest, ','), call.Values...)
		rest = rawjson.AppendBool(append(rest, ','), call.Rereduce)
		rest = append(rest, ']')
	}
	results, err := f.run(ctx, len(calls), append(rest, ']'))
	if err != nil {
		return nil, err
	}
	reduced := make([]core.Reduced, len(calls))
	for i, result := range results {
		if reduced[i].Err = thrown(result); reduced[i].Err == nil {
			for value := range rawjson.Elements(result) {
				reduced[i].Value = value
			}
		}
	}
	return reduced, nil
}

// Filter compiles a filter of the changes feed.
func (r runner) Filter(ctx context.Context, source string) (core.FilterScript, error) {
	f, err := r.compile(ctx, "filter", []string{source})
	return filter{f}, err
}

type filter struct{ function }

func (filter) Close() {}

// Filter asks the function about each document.
func (f filter) Filter(ctx context.Context, docs [][]byte, request []byte) ([]bool, error) {
	rest := appendArray(make([]byte, 0, sizeOf(docs)+len(request)+1), docs)
	results, err := f.run(ctx, len(docs), append(append(rest, ','), request...))
	if err != nil {
		return nil, err
	}
	passes := make([]bool, len(docs))
	for i, result := range results {
		passes[i], _ = rawjson.Bool(result)
	}
	return passes, nil
}
