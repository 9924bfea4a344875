package mango

import (
	"bytes"
	"cmp"
	"strconv"

	"github.com/gouchdb/gouchdb/core/collation"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// operand is the argument of a comparison, read once so that comparing with it is cheap.
type operand struct {
	raw    []byte
	kind   rawjson.Kind
	number float64
	text   []byte
}

func newOperand(raw []byte) operand {
	o := operand{raw: raw, kind: rawjson.KindOf(raw)}
	switch o.kind {
	case rawjson.Number:
		o.number = number(raw)
	case rawjson.String:
		o.text = rawjson.AppendText(nil, raw)
	}
	return o
}

func newOperands(array []byte) []operand {
	operands := []operand{}
	for value := range rawjson.Elements(array) {
		operands = append(operands, newOperand(value))
	}
	return operands
}

// compare returns the order of value and the operand, which is that of package collation.
func (o *operand) compare(value []byte) int {
	// The kinds of rawjson are numbered in the order of collation.
	if kind := rawjson.KindOf(value); kind != o.kind {
		return cmp.Compare(kind, o.kind)
	}
	switch o.kind {
	case rawjson.Number:
		return cmp.Compare(number(value), o.number)
	case rawjson.String:
		if bytes.IndexByte(value, '\\') < 0 {
			return bytes.Compare(value[1:len(value)-1], o.text)
		}
		var buffer [64]byte
		return bytes.Compare(rawjson.AppendText(buffer[:0], value), o.text)
	case rawjson.Array, rawjson.Object:
		return collation.Compare(value, o.raw)
	}
	return 0
}

// equals reports whether value and the operand collate alike.
func (o *operand) equals(value []byte) bool { return o.compare(value) == 0 }

// number returns the value of a number as a double. Most are short integers, which need no conversion worth the name.
func number(token []byte) float64 {
	digits := token
	if token[0] == '-' {
		digits = token[1:]
	}
	const exact = 15 // digits that a double holds whatever they are
	if len(digits) > exact {
		return parseFloat(token)
	}
	n := 0
	for _, c := range digits {
		if c < '0' || c > '9' {
			return parseFloat(token)
		}
		n = 10*n + int(c-'0')
	}
	if len(digits) < len(token) {
		return -float64(n)
	}
	return float64(n)
}

func parseFloat(token []byte) float64 {
	f, _ := strconv.ParseFloat(string(token), 64)
	return f
}
