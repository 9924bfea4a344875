package javascript

import (
	"reflect"
	"time"

	"github.com/dlclark/regexp2/v2"
	"github.com/dop251/goja"

	"github.com/gouchdb/gouchdb/core/rawjson"
)

func init() {
	// Matches of the expressions that Go's own package cannot do are not interrupted by the interpreter.
	regexp2.DefaultMatchTimeout = DefaultTimeout
}

var (
	floatType = reflect.TypeFor[float64]()
	intType   = reflect.TypeFor[int64]()
)

// setUp takes away what makes code of text.
var setUp = goja.MustCompile("", `(function () {
	var refuse = function () { throw new EvalError("code cannot be made of text here"); };
	[function () {}, function* () {}, async function () {}].forEach(function (f) {
		Object.defineProperty(Object.getPrototypeOf(f), "constructor", { value: refuse });
	});
	Object.defineProperty(globalThis, "Function", { value: refuse });
	delete globalThis.eval;
})()`, false)

// prepare makes the environment of functions.
func (m *machine) prepare() {
	r := m.runtime
	m.watch.deadline = time.Now().Add(m.options.Timeout)
	if _, err := r.RunProgram(setUp); err != nil {
		panic("javascript: " + err.Error()) // the program above is wrong
	}
	set := func(name string, value any) { _ = r.Set(name, value) }
	set("emit", m.emit)
	set("sum", m.sum)
	set("log", func(call goja.FunctionCall) goja.Value {
		if m.options.Log == nil {
			return goja.Undefined()
		}
		if text, ok := call.Argument(0).Export().(string); ok {
			m.options.Log(text)
		} else {
			m.options.Log(string(m.serialise(call.Argument(0))))
		}
		return goja.Undefined()
	})
	set("isArray", func(call goja.FunctionCall) goja.Value {
		object, ok := call.Argument(0).(*goja.Object)
		return r.ToValue(ok && object.ClassName() == "Array")
	})
	set("toJSON", func(call goja.FunctionCall) goja.Value { return r.ToValue(string(m.serialise(call.Argument(0)))) })
	m.boundJSON()
	m.texter, _ = goja.AssertFunction(r.Get("String"))
	// What reads a value may run code of its own, so it has to be called as a function is.
	m.taker, _ = goja.AssertFunction(r.ToValue(func(call goja.FunctionCall) goja.Value {
		m.taken = m.serialise(call.Argument(0))
		return goja.Undefined()
	}))
}

// boundJSON puts a JSON.parse in the place of the interpreter's, which would follow text of any depth.
func (m *machine) boundJSON() {
	json := m.runtime.GlobalObject().Get("JSON").ToObject(m.runtime)
	original, _ := goja.AssertFunction(json.Get("parse"))
	_ = json.Set("parse", func(call goja.FunctionCall) goja.Value {
		text := call.Argument(0).String()
		if rawjson.Validate([]byte(text)) == nil && goja.IsUndefined(call.Argument(1)) {
			value, err := m.parse([]byte(text))
			if err != nil {
				panic(m.runtime.NewTypeError(err.Error()))
			}
			return value
		}
		if nesting(text) > maxDepth {
			panic(m.runtime.NewTypeError(errDeep.Error()))
		}
		value, err := original(json, call.Arguments...)
		if err != nil {
			panic(err)
		}
		return value
	})
}
