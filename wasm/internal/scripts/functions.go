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
	a, err := m.ask(ctx, m.begin().documents(docs))
	if err != nil {
		return nil, err
	}
	mapped := make([][]core.Mapped, len(docs))
	all := make([]core.Mapped, len(docs)*m.count)
	rows := make([]core.Emitted, 0, len(docs)) // of all documents: most have one
	for i := range mapped {
		mapped[i], all = all[:m.count], all[m.count:]
		a.next()
		a.Open(rawjson.Array)
		for j := range mapped[i] {
			a.next()
			rows = a.mapped(&mapped[i][j], rows)
		}
		if a.Next() {
			a.wrong = true
		}
	}
	return mapped, a.end()
}

// mapped reads what one function made of one document. The rows are appended to others.
func (a *answer) mapped(m *core.Mapped, rows []core.Emitted) []core.Emitted {
	if !a.Open(rawjson.Array) {
		m.Err = thrown(a.Value())
		return rows
	}
	first := len(rows)
	for a.Next() {
		key := a.Value()
		a.next()
		rows = append(rows, core.Emitted{Key: key, Value: a.Value()})
	}
	m.Rows = rows[first:len(rows):len(rows)]
	return rows
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
	r := f.begin()
	text := append(r.text, '[')
	for i, call := range calls {
		if i > 0 {
			text = append(text, ',')
		}
		keys := call.Keys
		if keys == nil {
			keys = []byte("null")
		}
		text = append(append(text, '['), keys...)
		text = append(append(text, ','), call.Values...)
		text = rawjson.AppendBool(append(text, ','), call.Rereduce)
		text = append(text, ']')
	}
	r.text = append(text, ']')
	a, err := f.ask(ctx, r)
	if err != nil {
		return nil, err
	}
	reduced := make([]core.Reduced, len(calls))
	for i := range reduced {
		a.next()
		if !a.Open(rawjson.Array) {
			reduced[i].Err = thrown(a.Value())
			continue
		}
		a.next()
		reduced[i].Value = a.Value()
		a.Next()
	}
	return reduced, a.end()
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
	r := f.begin().documents(docs)
	r.text = append(append(r.text, ','), request...)
	a, err := f.ask(ctx, r)
	if err != nil {
		return nil, err
	}
	passes := make([]bool, len(docs))
	for i := range passes {
		a.next()
		passes[i], _ = rawjson.Bool(a.Value())
	}
	return passes, a.end()
}
