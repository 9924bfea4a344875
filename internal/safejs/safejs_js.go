//go:build js && wasm

package safejs

import (
	"errors"
	"sync/atomic"
	"syscall/js"
)

// Value is a js.Value whose methods return errors.
type Value struct {
	value js.Value
}

// Safe wraps a js.Value.
func Safe(value js.Value) Value { return Value{value} }

// Unsafe returns the js.Value.
func Unsafe(value Value) js.Value { return value.value }

// Global returns globalThis.
func Global() Value { return Value{js.Global()} }

// Null returns null.
func Null() Value { return Value{js.Null()} }

// Undefined returns undefined.
func Undefined() Value { return Value{js.Undefined()} }

// try runs what may panic, and returns the panic as an error: a js.Error for what JavaScript threw.
func try[Result any](run func() Result) (result Result, err error) {
	defer func() {
		switch problem := recover().(type) {
		case nil:
		case error:
			err = problem
		case string:
			err = errors.New(problem)
		default:
			err = errors.New("a call into JavaScript failed")
		}
	}()
	return run(), nil
}

// Call calls a method of v.
func (v Value) Call(method string, arguments ...any) (Value, error) {
	return try(func() Value { return Value{v.value.Call(method, plain(arguments)...)} })
}

// New calls v as a constructor.
func (v Value) New(arguments ...any) (Value, error) {
	return try(func() Value { return Value{v.value.New(plain(arguments)...)} })
}

// Get returns a property of v.
func (v Value) Get(property string) (Value, error) {
	return try(func() Value { return Value{v.value.Get(property)} })
}

// Set sets a property of v.
func (v Value) Set(property string, value any) error {
	_, err := try(func() struct{} {
		v.value.Set(property, plainOne(value))
		return struct{}{}
	})
	return err
}

// Index returns an element of v.
func (v Value) Index(i int) (Value, error) {
	return try(func() Value { return Value{v.value.Index(i)} })
}

// Length returns the length of v.
func (v Value) Length() (int, error) { return try(v.value.Length) }

// Float returns v as a number.
func (v Value) Float() (float64, error) { return try(v.value.Float) }

// Bool returns v, which must be true or false.
func (v Value) Bool() (bool, error) { return try(v.value.Bool) }

// String returns v, which must be a string.
func (v Value) String() (string, error) {
	if v.value.Type() != js.TypeString {
		return "", errors.New("not a string but " + v.value.Type().String())
	}
	return v.value.String(), nil
}

// IsNull reports whether v is null.
func (v Value) IsNull() bool { return v.value.IsNull() }

// IsUndefined reports whether v is undefined.
func (v Value) IsUndefined() bool { return v.value.IsUndefined() }

// Func is a Go function that JavaScript can call, until it is released.
type Func struct {
	function js.Func
}

var live atomic.Int64

// Live is how many functions have not been released.
func Live() int64 { return live.Load() }

// FuncOf makes a Go function callable. See [js.FuncOf] for what it must not do.
func FuncOf(run func(this Value, arguments []Value) any) (Func, error) {
	live.Add(1)
	return Func{js.FuncOf(func(this js.Value, arguments []js.Value) any {
		values := make([]Value, len(arguments))
		for i, argument := range arguments {
			values[i] = Value{argument}
		}
		return plainOne(run(Value{this}, values))
	})}, nil
}

// Value returns the function as JavaScript sees it.
func (f Func) Value() Value { return Value{f.function.Value} }

// Release gives back what the function takes up. It must not be called any more.
func (f Func) Release() {
	live.Add(-1)
	f.function.Release()
}

// CopyBytesToGo copies a Uint8Array.
func CopyBytesToGo(destination []byte, source Value) (int, error) {
	return try(func() int { return js.CopyBytesToGo(destination, source.value) })
}

// CopyBytesToJS copies into a Uint8Array.
func CopyBytesToJS(destination Value, source []byte) (int, error) {
	return try(func() int { return js.CopyBytesToJS(destination.value, source) })
}

func plain(values []any) []any {
	converted := make([]any, len(values))
	for i, value := range values {
		converted[i] = plainOne(value)
	}
	return converted
}

// plainOne unwraps what syscall/js does not know.
func plainOne(value any) any {
	switch value := value.(type) {
	case Value:
		return value.value
	case Func:
		return value.function
	case []any:
		return plain(value)
	case map[string]any:
		converted := make(map[string]any, len(value))
		for name, member := range value {
			converted[name] = plainOne(member)
		}
		return converted
	}
	return value
}
