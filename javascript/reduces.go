package javascript

import (
	"context"

	"github.com/dop251/goja"

	"github.com/gouchdb/gouchdb/core"
)

// Reduce implements core.Scripts.
func (r *Runner) Reduce(_ context.Context, source string) (core.ReduceScript, error) {
	m := r.newMachine()
	function, err := m.compile(source)
	if err != nil {
		return nil, err
	}
	return &reduce{m, function}, nil
}

type reduce struct {
	*machine
	function goja.Callable
}

// Reduce implements core.ReduceScript.
func (s *reduce) Reduce(ctx context.Context, calls []core.ReduceCall) ([]core.Reduced, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	defer s.interruptWith(ctx)()
	results := make([]core.Reduced, len(calls))
	for i, call := range calls {
		keys, err := s.parse(call.Keys)
		if err != nil {
			return nil, err
		}
		values, err := s.parse(call.Values)
		if err != nil {
			results[i].Err = err
			continue
		}
		err = s.guarded(ctx, func() error {
			value, err := s.function(goja.Undefined(), keys, values, s.runtime.ToValue(call.Rereduce))
			if err == nil {
				_, err = s.taker(goja.Undefined(), value)
				results[i].Value = s.taken
			}
			return err
		})
		switch {
		case err == nil:
		case isFatal(ctx, err):
			return nil, err
		default:
			results[i] = core.Reduced{Err: functionError(err)}
		}
	}
	return results, nil
}

// Close implements core.ReduceScript.
func (s *reduce) Close() {}

// Filter implements core.Scripts.
func (r *Runner) Filter(_ context.Context, source string) (core.FilterScript, error) {
	m := r.newMachine()
	function, err := m.compile(source)
	if err != nil {
		return nil, err
	}
	return &filter{m, function}, nil
}

type filter struct {
	*machine
	function goja.Callable
}

// Filter implements core.FilterScript.
func (s *filter) Filter(ctx context.Context, docs [][]byte, request []byte) ([]bool, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	defer s.interruptWith(ctx)()
	passed := make([]bool, len(docs))
	for i, text := range docs {
		doc, err := s.parse(text)
		if err != nil {
			return nil, core.ErrBadRequest.Because("a filter cannot be given this document").From(err)
		}
		req, err := s.parse(request)
		if err != nil {
			return nil, core.ErrBadRequest.Because("a filter cannot be given this request").From(err)
		}
		err = s.guarded(ctx, func() error {
			value, err := s.function(goja.Undefined(), doc, req)
			if err == nil {
				passed[i] = value.ToBoolean()
			}
			return err
		})
		if err != nil {
			return nil, functionError(err)
		}
	}
	return passed, nil
}

// Close implements core.FilterScript.
func (s *filter) Close() {}
