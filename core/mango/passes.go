package mango

import (
	"bytes"
	"math/bits"

	"github.com/gouchdb/gouchdb/core/rawjson"
)

// among tells whether a value, or an element of an array, is one of the operands. An array itself never is.
func among(operands []operand, value []byte) bool {
	if rawjson.KindOf(value) == rawjson.Array {
		for element := range rawjson.Elements(value) {
			if isOneOf(operands, element) {
				return true
			}
		}
		return false
	}
	return isOneOf(operands, value)
}

func isOneOf(operands []operand, value []byte) bool {
	for i := range operands {
		if operands[i].equals(value) {
			return true
		}
	}
	return false
}

// hasAll tells whether an array has all operands as elements, or is itself the only one.
func hasAll(operands []operand, value []byte) bool {
	if rawjson.KindOf(value) != rawjson.Array || len(operands) == 0 {
		return false
	}
	if len(operands) == 1 && operands[0].equals(value) {
		return true
	}
next:
	for i := range operands {
		for element := range rawjson.Elements(value) {
			if operands[i].equals(element) {
				continue next
			}
		}
		return false
	}
	return true
}

func count(array []byte) int {
	n := 0
	for range rawjson.Elements(array) {
		n++
	}
	return n
}

func beginsWith(value, prefix []byte) bool {
	if rawjson.KindOf(value) != rawjson.String {
		return false
	}
	if bytes.IndexByte(value, '\\') < 0 {
		return bytes.HasPrefix(value[1:len(value)-1], prefix)
	}
	return bytes.HasPrefix(rawjson.AppendText(nil, value), prefix)
}

// remainder divides an integer of any size and returns what remains, with the sign of the dividend; ok is false for what is not
// written as an integer: 4.0 is none, as in CouchDB.
func remainder(value []byte, divisor int64) (rest int64, ok bool) {
	if rawjson.KindOf(value) != rawjson.Number {
		return 0, false
	}
	digits := value
	negative := value[0] == '-'
	if negative {
		digits = value[1:]
	}
	by := uint64(divisor)
	if divisor < 0 {
		by = -by
	}
	var left uint64
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		high, low := bits.Mul64(left, 10)
		low, carry := bits.Add64(low, uint64(c-'0'), 0)
		left = bits.Rem64(high+carry, low, by)
	}
	if negative {
		return -int64(left), true
	}
	return int64(left), true
}
