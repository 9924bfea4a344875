package mango

import (
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// parser turns JSON text in canonical form into conditions, pushing the paths of nested objects down to the tests.
type parser struct {
	engine Engine
}

// tooDeep bounds the nesting of selectors, because conditions are walked by recursion, and each level is scanned once more.
const tooDeep = 100

// isEmpty reports whether an object in canonical form has no members.
func isEmpty(object []byte) bool { return len(object) == 2 }

// condition reads what stands at a path: an object of conditions, or a value that is to be equal.
func (p *parser) condition(value []byte, at string, depth int) (condition, error) {
	if depth > tooDeep {
		return nil, core.ErrBadRequest.Because("the selector is nested too deeply")
	}
	if rawjson.KindOf(value) != rawjson.Object || isEmpty(value) {
		return p.test(opEq, value, at, depth)
	}
	var all allOf
	for name, value := range rawjson.Members(value) {
		text, _ := rawjson.Text(name)
		each, err := p.member(text, value, at, depth)
		if err != nil {
			return nil, err
		}
		all = append(all, each)
	}
	if len(all) == 1 {
		return all[0], nil
	}
	return all, nil
}

// member reads one member of an object of conditions: an operator with its argument, or a field with its conditions.
func (p *parser) member(name string, value []byte, at string, depth int) (condition, error) {
	if name == "" || name[0] != '$' {
		return p.condition(value, joinPaths(at, name), depth+1)
	}
	switch name {
	case "$and":
		all, err := p.conditions(name, value, at, depth)
		return allOf(all), err
	case "$or":
		all, err := p.conditions(name, value, at, depth)
		return anyOf(all), err
	case "$nor":
		all, err := p.conditions(name, value, at, depth)
		return noneOf(all), err
	case "$not":
		if rawjson.KindOf(value) != rawjson.Object {
			return nil, badArgument(name, value)
		}
		negated, err := p.condition(value, at, depth+1)
		return notOf{negated}, err
	}
	return p.test(operator(name), value, at, depth)
}

func (p *parser) conditions(name string, value []byte, at string, depth int) ([]condition, error) {
	if rawjson.KindOf(value) != rawjson.Array {
		return nil, badArgument(name, value)
	}
	all := []condition{}
	for element := range rawjson.Elements(value) {
		each, err := p.condition(element, at, depth+1)
		if err != nil {
			return nil, err
		}
		all = append(all, each)
	}
	return all, nil
}

// test reads the argument of an operator.
func (p *parser) test(op operator, argument []byte, at string, depth int) (condition, error) {
	t := &test{operator: op, argument: argument, slot: -1}
	var err error
	kind := rawjson.KindOf(argument)
	ok := true
	switch op {
	case opEq, opNe, opLt, opLte, opGt, opGte:
		t.operand = newOperand(argument)
	case opIn, opNin, opAll:
		ok = kind == rawjson.Array
		t.operands = newOperands(argument)
	case opExists:
		t.exists, ok = rawjson.Bool(argument)
	case opType:
		var name string
		name, ok = rawjson.Text(argument)
		t.kind = typeNames[name]
	case opMod:
		ok = t.setModulus(argument)
	case opSize:
		var n int64
		n, ok = rawjson.Int(argument)
		ok = ok && n >= 0
		t.size = int(n)
	case opRegex, opBeginsWith:
		if kind != rawjson.String {
			return nil, invalidOperator(string(op)) // CouchDB's answer to any other argument
		}
		t.operand = newOperand(argument)
		if op == opRegex {
			t.pattern, err = compileRegexp(string(t.operand.text), p.engine)
		}
	case opElemMatch, opAllMatch, opKeyMapMatch:
		if ok = kind == rawjson.Object; ok {
			t.inner, err = p.condition(argument, "", depth+1)
		}
	case "$text":
		if at != "" {
			return nil, fail("bad_field", "Invalid field normalization on selector: $text stands for all fields, not for "+at)
		}
		return nil, fail("invalid_operator", "Invalid operator: $text needs a full-text index, which this database does not have")
	default:
		return nil, invalidOperator(string(op))
	}
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, badArgument(string(op), argument)
	}
	t.path, err = parsePath(at)
	return t, err
}

func (t *test) setModulus(argument []byte) bool {
	var numbers []int64
	if rawjson.KindOf(argument) != rawjson.Array {
		return false
	}
	for element := range rawjson.Elements(argument) {
		n, ok := rawjson.Int(element)
		if !ok {
			return false
		}
		numbers = append(numbers, n)
	}
	if len(numbers) != 2 || numbers[0] == 0 {
		return false
	}
	t.divisor, t.rest = numbers[0], numbers[1]
	return true
}
