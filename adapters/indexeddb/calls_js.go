//go:build js && wasm

package indexeddb

import (
	"context"
	"sync"

	"github.com/gouchdb/gouchdb/internal/safejs"
)

// calls makes a series of calls into JavaScript and remembers the first that failed; the ones after it do nothing.
type calls struct {
	err error
}

func (c *calls) call(object safejs.Value, method string, arguments ...any) safejs.Value {
	if c.err != nil {
		return safejs.Undefined()
	}
	result, err := object.Call(method, arguments...)
	c.err = err
	return result
}

func (c *calls) get(object safejs.Value, property string) safejs.Value {
	if c.err != nil {
		return safejs.Undefined()
	}
	result, err := object.Get(property)
	c.err = err
	return result
}

func (c *calls) set(object safejs.Value, property string, value any) {
	if c.err == nil {
		c.err = object.Set(property, value)
	}
}

func (c *calls) construct(class string, arguments ...any) safejs.Value {
	constructor := c.get(safejs.Global(), class)
	if c.err != nil {
		return safejs.Undefined()
	}
	result, err := constructor.New(arguments...)
	c.err = err
	return result
}

func (c *calls) text(object safejs.Value, property string) string {
	value := c.get(object, property)
	if c.err != nil {
		return ""
	}
	text, err := value.String()
	c.err = err
	return text
}

// uint8Array is the class, which every write needs.
var uint8Array = sync.OnceValues(func() (safejs.Value, error) { return safejs.Global().Get("Uint8Array") })

// bytesToJS makes a Uint8Array.
func (c *calls) bytesToJS(data []byte) safejs.Value {
	if c.err != nil {
		return safejs.Undefined()
	}
	class, err := uint8Array()
	if err != nil {
		c.err = err
		return safejs.Undefined()
	}
	array, err := class.New(len(data))
	if err == nil {
		_, err = safejs.CopyBytesToJS(array, data)
	}
	c.err = err
	return array
}

// bytesToGo copies a Uint8Array.
func (c *calls) bytesToGo(array safejs.Value) []byte {
	length := c.length(array)
	if c.err != nil {
		return nil
	}
	data := make([]byte, length)
	_, c.err = safejs.CopyBytesToGo(data, array)
	return data
}

func (c *calls) length(array safejs.Value) int {
	if c.err != nil {
		return 0
	}
	length, err := array.Length()
	c.err = err
	return length
}

func (c *calls) index(array safejs.Value, i int) safejs.Value {
	if c.err != nil {
		return safejs.Undefined()
	}
	element, err := array.Index(i)
	c.err = err
	return element
}

// number reads a record's number, which IndexedDB keeps as a double.
func (c *calls) number(value safejs.Value) uint64 {
	if c.err != nil {
		return 0
	}
	number, err := value.Float()
	c.err = err
	return uint64(number)
}

// isNothing reports whether value is null or undefined.
func isNothing(value safejs.Value) bool {
	return value.IsNull() || value.IsUndefined()
}

// has reports whether an object has a property that is not undefined.
func (c *calls) has(object safejs.Value, property string) bool {
	return !isNothing(c.get(object, property)) && c.err == nil
}

// settled waits for a promise and returns what it was fulfilled or rejected with, or undefined when ctx has ended before.
func (c *calls) settled(ctx context.Context, promise safejs.Value) safejs.Value {
	if c.err != nil {
		return safejs.Undefined()
	}
	outcome := make(chan safejs.Value, 1)
	var settle safejs.Func
	settle, c.err = safejs.FuncOf(func(_ safejs.Value, arguments []safejs.Value) any {
		settle.Release()
		outcome <- arguments[0]
		return nil
	})
	c.call(promise, "then", settle, settle)
	select {
	case value := <-outcome:
		return value
	case <-ctx.Done():
		return safejs.Undefined()
	}
}
