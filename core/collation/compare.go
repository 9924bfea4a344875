package collation

import (
	"bytes"
	"cmp"

	"github.com/gouchdb/gouchdb/core/rawjson"
)

// Compare returns the order of two valid JSON values: negative when a comes before b, 0 when they are equal, positive when it comes after.
func Compare(a, b []byte) int {
	a, b = unique(a), unique(b)
	// Two values are walked token by token. Up to the first difference their tokens are alike, so both are always at
	// the same place of the same nesting, and the first difference decides.
	depth := 0
	for i, j := 0, 0; ; {
		fromA, toA := rawjson.NextToken(a, i)
		fromB, toB := rawjson.NextToken(b, j)
		tokenA, tokenB := a[fromA:toA], b[fromB:toB]
		if order := compareTokens(tokenA, tokenB); order != 0 || len(tokenA) == 0 {
			return order
		}
		i, j = toA, toB
		switch tokenA[0] {
		case '[', '{':
			depth++
		case ']', '}':
			depth--
		}
		if depth <= 0 {
			return 0
		}
	}
}

// unique returns value without the members that a later one of the same name supersedes.
func unique(value []byte) []byte {
	switch rawjson.KindOf(value) {
	case rawjson.Array, rawjson.Object:
		if bytes.IndexByte(value, '{') >= 0 {
			return rawjson.AppendCanonical(make([]byte, 0, len(value)), value)
		}
	}
	return value
}

// rank is the place of a token's type in the order. The end of a list comes first, since the shorter of two lists does.
func rank(token []byte) byte {
	if len(token) == 0 {
		return 0
	}
	switch token[0] {
	case ']', '}':
		return tagEnd
	case 'n':
		return tagNull
	case 'f':
		return tagFalse
	case 't':
		return tagTrue
	case '"':
		return tagString
	case '[':
		return tagArray
	case '{':
		return tagObject
	}
	return tagPositive // or negative: the numbers themselves are compared
}

func compareTokens(a, b []byte) int {
	rankA := rank(a)
	if order := cmp.Compare(rankA, rank(b)); order != 0 {
		return order
	}
	switch rankA {
	case tagPositive:
		return cmp.Compare(double(a), double(b))
	case tagString:
		return compareStrings(a, b)
	}
	return 0
}

// double returns the value of a number, as the nearest double.
func double(token []byte) float64 {
	f, _ := rawjson.Float(token) // an infinity beyond the range of a double
	return f
}

func compareStrings(a, b []byte) int {
	if bytes.IndexByte(a, '\\') < 0 && bytes.IndexByte(b, '\\') < 0 {
		return bytes.Compare(a[1:len(a)-1], b[1:len(b)-1])
	}
	var bufferA, bufferB [64]byte
	return bytes.Compare(rawjson.AppendText(bufferA[:0], a), rawjson.AppendText(bufferB[:0], b))
}
