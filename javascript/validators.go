package javascript

import (
	"context"
	"errors"
	"strings"

	"github.com/dop251/goja"

	"github.com/gouchdb/gouchdb/core"
)

var _ core.Validators = (*Runner)(nil)

// refusal finds in what was thrown the kind of refusal, and its reason as text. What is thrown otherwise is a failure, which refuses as well.
var refusal = goja.MustCompile("", `(function (hasOwn, text) {
	return function (thrown) {
		if (typeof thrown !== "object" || thrown === null) return "";
		var kind = hasOwn.call(thrown, "forbidden") ? "forbidden" : hasOwn.call(thrown, "unauthorized") ? "unauthorized" : "";
		if (kind === "") return "";
		var reason = thrown[kind];
		return kind + ":" + (typeof reason === "string" ? reason : text(reason));
	};
})(Object.prototype.hasOwnProperty, toJSON)`, false)

// Validator implements core.Validators.
func (r *Runner) Validator(_ context.Context, source string) (core.ValidatorScript, error) {
	m := r.newMachine()
	refusal, err := m.runtime.RunProgram(refusal)
	if err != nil {
		return nil, core.ErrInternal.From(err)
	}
	v := &validator{machine: m}
	v.refusal, _ = goja.AssertFunction(refusal)
	v.function, err = m.compile(source)
	return v, err
}

type validator struct {
	*machine
	function, refusal goja.Callable
}

// Validate implements core.ValidatorScript.
func (v *validator) Validate(ctx context.Context, call core.ValidatorCall) error {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	defer v.interruptWith(ctx)()
	var arguments []goja.Value
	for _, text := range [][]byte{call.NewDoc, call.OldDoc, call.UserCtx, call.SecObj} {
		value, err := v.parse(text)
		if err != nil {
			return core.ErrForbidden.Because("validate_doc_update cannot be given this document: " + err.Error())
		}
		arguments = append(arguments, value)
	}
	return functionError(v.guarded(ctx, func() error {
		_, err := v.function(goja.Undefined(), arguments...)
		var exception *goja.Exception
		if !errors.As(err, &exception) {
			return err
		}
		refused, failed := v.refusal(goja.Undefined(), exception.Value())
		if failed != nil {
			return failed
		}
		kind, reason, _ := strings.Cut(refused.String(), ":")
		switch kind {
		case "forbidden":
			return core.ErrForbidden.Because(reason)
		case "unauthorized":
			return core.ErrUnauthorized.Because(reason)
		}
		return err
	}))
}
