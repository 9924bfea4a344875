package javascript

import (
	"errors"
	"math"
	"strconv"
	"time"

	"github.com/dop251/goja"

	"github.com/gouchdb/gouchdb/core/rawjson"
)

// maxDepth is how deep values may be nested that go into an interpreter or come out of it: the ways recurse.
const maxDepth = 1000

var (
	errDeep = errors.New("the value is nested too deeply")
	errLate = errors.New("timeout")
	errBig  = errors.New("a BigInt has no JSON")
	// errLong is for results that no database would take.
	errLong = errors.New("the value is too long")
)

// maxResult bounds one key or value.
const maxResult = 64 << 20

// parse makes a value of JSON.
func (m *machine) parse(text []byte) (goja.Value, error) {
	p := parser{machine: m, text: text}
	value := p.value(0)
	if p.deep {
		return nil, errDeep
	}
	return value, nil
}

type parser struct {
	*machine
	text []byte
	at   int
	deep bool
}

func (p *parser) next() []byte {
	start, end := rawjson.NextToken(p.text, p.at)
	p.at = end
	return p.text[start:end]
}

func (p *parser) value(depth int) goja.Value { return p.of(p.next(), depth) }

// of makes a value that begins with a token.
func (p *parser) of(token []byte, depth int) goja.Value {
	if p.deep = p.deep || depth > maxDepth || len(token) == 0; p.deep {
		return goja.Null()
	}
	switch token[0] {
	case 'n':
		return goja.Null()
	case 't', 'f':
		return p.runtime.ToValue(token[0] == 't')
	case '"':
		text, _ := rawjson.Text(token)
		return p.runtime.ToValue(text)
	case '[':
		var elements []any
		for token = p.next(); len(token) > 0 && token[0] != ']' && !p.deep; token = p.next() {
			elements = append(elements, p.of(token, depth+1))
		}
		return p.runtime.NewArray(elements...)
	case '{':
		object := p.runtime.NewObject()
		for token = p.next(); len(token) > 0 && token[0] != '}' && !p.deep; token = p.next() {
			name, _ := rawjson.Text(token)
			// To set it could run code: a function may have given all objects a setter of that name.
			_ = object.DefineDataProperty(name, p.value(depth+1), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE)
		}
		return object
	}
	f, _ := rawjson.Float(token)
	return p.runtime.ToValue(f)
}

// serialise returns JSON as JSON.stringify would, or throws. What has none is null.
func (m *machine) serialise(value goja.Value) []byte {
	text, err := m.result(value)
	if err != nil {
		var interrupted *goja.InterruptedError
		if errors.Is(err, errLate) || errors.As(err, &interrupted) {
			m.interrupt()
		}
		panic(m.runtime.NewTypeError(err.Error()))
	}
	return text
}

func (m *machine) result(value goja.Value) ([]byte, error) {
	p := printer{machine: m}
	if !p.value("", value, 0) {
		p.text = append(p.text[:0], "null"...)
	}
	return p.text, p.err
}

type printer struct {
	*machine
	text  []byte
	count int
	err   error
}

func isNumber(value goja.Value) bool {
	switch value.ExportType() {
	case floatType, intType:
		return true
	}
	return false
}

// value appends a value. It reports false, and appends nothing, for one that JSON has not.
func (p *printer) value(name string, value goja.Value, depth int) bool {
	if p.count++; p.count%1024 == 0 && time.Now().After(p.watch.deadline) {
		p.err = errLate
	}
	switch {
	case depth > maxDepth:
		p.err = errDeep
	case len(p.text) > maxResult:
		p.err = errLong
	}
	if p.err != nil || value == nil || goja.IsUndefined(value) {
		return false
	}
	if goja.IsNull(value) {
		p.text = append(p.text, "null"...)
		return true
	}
	if object, ok := value.(*goja.Object); ok {
		return p.object(name, object, depth)
	}
	if _, isSymbol := value.(*goja.Symbol); isSymbol {
		return false
	}
	switch exported := value.Export().(type) {
	case bool:
		p.text = rawjson.AppendBool(p.text, exported)
	case int64:
		p.text = strconv.AppendInt(p.text, exported, 10)
	case float64:
		if math.IsInf(exported, 0) || math.IsNaN(exported) {
			p.text = append(p.text, "null"...)
		} else {
			p.text = rawjson.AppendNumber(p.text, exported)
		}
	case string:
		p.text = rawjson.AppendString(p.text, exported)
	default: // big integers, for which JSON.stringify throws
		p.err = errBig
		return false
	}
	return true
}

func (p *printer) object(name string, object *goja.Object, depth int) bool {
	if toJSON, ok := goja.AssertFunction(object.Get("toJSON")); ok {
		value, err := toJSON(object, p.runtime.ToValue(name))
		if err != nil {
			p.err = err
			return false
		}
		replaced, ok := value.(*goja.Object)
		if !ok {
			return p.value(name, value, depth+1)
		}
		object = replaced
	}
	if _, isFunction := goja.AssertFunction(object); isFunction {
		return false
	}
	switch object.ClassName() {
	case "Number":
		return p.value(name, p.runtime.ToValue(object.ToFloat()), depth+1)
	case "String":
		return p.value(name, p.runtime.ToValue(object.String()), depth+1)
	case "Boolean":
		boxed, _ := object.Export().(bool)
		return p.value(name, p.runtime.ToValue(boxed), depth+1)
	case "Array":
		p.text = append(p.text, '[')
		length := object.Get("length").ToInteger()
		for i := range length {
			if i > 0 {
				p.text = append(p.text, ',')
			}
			index := strconv.FormatInt(i, 10)
			if !p.value(index, object.Get(index), depth+1) {
				p.text = append(p.text, "null"...)
			}
			if p.err != nil {
				return false
			}
		}
		p.text = append(p.text, ']')
		return true
	}
	p.text = append(p.text, '{')
	first := true
	for _, key := range object.Keys() {
		length := len(p.text)
		if !first {
			p.text = append(p.text, ',')
		}
		p.text = append(rawjson.AppendString(p.text, key), ':')
		if p.value(key, object.Get(key), depth+1) {
			first = false
		} else {
			p.text = p.text[:length]
		}
		if p.err != nil {
			return false
		}
	}
	p.text = append(p.text, '}')
	return true
}

// notLate throws when a loop in Go, which cannot be interrupted, takes too long.
func (m *machine) notLate(count int) {
	if count%1024 == 1023 && time.Now().After(m.watch.deadline) {
		m.interrupt()
		panic(m.runtime.NewTypeError(errLate.Error()))
	}
}

// interrupt ends the function that is running, also when it catches what is thrown.
func (m *machine) interrupt() {
	m.late = true
	m.runtime.Interrupt("timeout")
}
