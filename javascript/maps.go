package javascript

import (
	"context"
	"strconv"

	"github.com/dop251/goja"

	"github.com/gouchdb/gouchdb/core"
)

// Maps implements core.Scripts.
func (r *Runner) Maps(_ context.Context, sources []string) (core.MapScripts, error) {
	maps := &maps{machine: r.newMachine()}
	for _, source := range sources {
		function, err := maps.compile(source)
		if err != nil {
			return nil, err
		}
		maps.functions = append(maps.functions, function)
	}
	return maps, nil
}

type maps struct {
	*machine
	functions []goja.Callable
}

// Map implements core.MapScripts.
func (s *maps) Map(ctx context.Context, docs [][]byte) ([][]core.Mapped, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	defer s.interruptWith(ctx)()
	results := make([][]core.Mapped, len(docs))
	for i, text := range docs {
		mapped, err := s.document(ctx, text)
		if err != nil {
			return nil, err
		}
		results[i] = mapped
	}
	return results, nil
}

// document runs all functions on a document. Each has its own, because it may change it: making one more costs a fifth of what freezing it would.
func (s *maps) document(ctx context.Context, text []byte) ([]core.Mapped, error) {
	mapped := make([]core.Mapped, len(s.functions))
	for i, function := range s.functions {
		doc, err := s.parse(text)
		if err != nil {
			mapped[i].Err = err
			continue
		}
		s.emitted = nil
		err = s.guarded(ctx, func() error {
			_, err := function(goja.Undefined(), doc)
			return err
		})
		switch {
		case err == nil:
			mapped[i].Rows = s.emitted
		case isFatal(ctx, err):
			return nil, err
		default:
			mapped[i].Err = functionError(err)
		}
	}
	return mapped, nil
}

// Close implements core.MapScripts. The interpreter is garbage when nobody uses it.
func (s *maps) Close() {}

// emit takes a row.
func (m *machine) emit(call goja.FunctionCall) goja.Value {
	row := core.Emitted{Key: m.serialise(call.Argument(0)), Value: m.serialise(call.Argument(1))}
	m.emitted = append(m.emitted, row)
	return goja.Undefined()
}

// sum is CouchDB's, which adds the elements of an array.
func (m *machine) sum(call goja.FunctionCall) goja.Value {
	array := call.Argument(0).ToObject(m.runtime)
	var total goja.Value = m.runtime.ToValue(0)
	length := array.Get("length").ToInteger()
	for i := range length {
		m.notLate(int(i))
		element := array.Get(strconv.FormatInt(i, 10))
		if element == nil {
			element = goja.Undefined()
		}
		if isNumber(total) && isNumber(element) {
			total = m.runtime.ToValue(total.ToFloat() + element.ToFloat())
		} else {
			total = m.runtime.ToValue(total.String() + element.String())
		}
	}
	return total
}
