//go:build js && wasm

package safejs

import (
	"errors"
	"syscall/js"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWhatJavaScriptThrowsIsAnError(t *testing.T) {
	json, err := Global().Get("JSON")
	require.NoError(t, err)
	_, err = json.Call("parse", "{")
	var thrown js.Error
	require.True(t, errors.As(err, &thrown), "%v", err)
	assert.Equal(t, "SyntaxError", thrown.Get("name").String())
}

func TestMisuseIsAnError(t *testing.T) {
	for name, call := range map[string]func() error{
		"a method of undefined": func() error { _, err := Undefined().Call("x"); return err },
		"a missing method":      func() error { _, err := Global().Call("thereIsNoSuchThing"); return err },
		"property of null":      func() error { _, err := Null().Get("x"); return err },
		"set on null":           func() error { return Null().Set("x", 1) },
		"new of no constructor": func() error { _, err := Global().New(); return err },
		"length of undefined":   func() error { _, err := Undefined().Length(); return err },
		"float of a string":     func() error { _, err := Safe(js.ValueOf("x")).Float(); return err },
		"bool of a string":      func() error { _, err := Safe(js.ValueOf("x")).Bool(); return err },
		"string of a number":    func() error { _, err := Safe(js.ValueOf(1)).String(); return err },
		"index of undefined":    func() error { _, err := Undefined().Index(0); return err },
		"an impossible value":   func() error { return Global().Set("x", struct{}{}) },
		"bytes of no array":     func() error { _, err := CopyBytesToGo(nil, Global()); return err },
		"bytes into no array":   func() error { _, err := CopyBytesToJS(Global(), nil); return err },
	} {
		assert.Error(t, call(), name)
	}
}

func TestValuesGoInAndOut(t *testing.T) {
	function, err := FuncOf(func(_ Value, arguments []Value) any { return []any{arguments[1], arguments[0]} })
	require.NoError(t, err)
	assert.Equal(t, int64(1), Live())
	defer func() {
		function.Release()
		assert.Zero(t, Live())
	}()
	holder, err := Global().Get("Object")
	require.NoError(t, err)
	object, err := holder.New()
	require.NoError(t, err)
	require.NoError(t, object.Set("swap", function))
	swapped, err := object.Call("swap", map[string]any{"a": []any{Null()}}, "b")
	require.NoError(t, err)
	first, err := swapped.Index(0)
	require.NoError(t, err)
	text, err := first.String()
	require.NoError(t, err)
	assert.Equal(t, "b", text)
	assert.True(t, Undefined().IsUndefined() && Null().IsNull() && !Null().IsUndefined())
	assert.Equal(t, function.function.Value, Unsafe(function.Value()))

	bytes, err := Global().Get("Uint8Array")
	require.NoError(t, err)
	array, err := bytes.New(3)
	require.NoError(t, err)
	n, err := CopyBytesToJS(array, []byte("abc"))
	require.NoError(t, err)
	assert.Equal(t, 3, n)
	back := make([]byte, 3)
	_, err = CopyBytesToGo(back, array)
	require.NoError(t, err)
	assert.Equal(t, "abc", string(back))
	length, err := array.Length()
	require.NoError(t, err)
	assert.Equal(t, 3, length)
	number, err := Safe(js.ValueOf(1.5)).Float()
	require.NoError(t, err)
	assert.InDelta(t, 1.5, number, 0)
}
