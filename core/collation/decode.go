package collation

import (
	"bytes"
	"math"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// DecodeKey appends to dst the JSON text of the first value in key, and returns what of key follows it. Numbers are printed as
// JavaScript does. It returns core.ErrCorrupt for bytes that no [AppendKey] wrote.
func DecodeKey(dst, key []byte) (json, rest []byte, err error) {
	var open []state
	rest = key
	for {
		if len(rest) == 0 {
			return dst, nil, errTruncated
		}
		tag := rest[0]
		rest = rest[1:]
		nameDue := false
		if len(open) > 0 {
			top := &open[len(open)-1]
			if tag == tagEnd {
				closing, ok := top.closing()
				if !ok {
					return dst, nil, errMalformed
				}
				dst = append(dst, closing)
				open = open[:len(open)-1]
				if len(open) == 0 {
					return dst, rest, nil
				}
				continue
			}
			nameDue = *top == firstName || *top == nextName
			if nameDue && tag != tagString {
				return dst, nil, errMalformed
			}
			dst = top.advance(dst)
		}
		switch tag {
		case tagNull:
			dst = append(dst, "null"...)
		case tagFalse:
			dst = append(dst, "false"...)
		case tagTrue:
			dst = append(dst, "true"...)
		case tagNegative, tagPositive:
			var f float64
			if f, rest, err = decodeNumber(rest, tag == tagNegative); err != nil {
				return dst, nil, err
			}
			dst = rawjson.AppendNumber(dst, f)
		case tagString:
			var text []byte
			if text, rest, err = decodeString(rest); err != nil {
				return dst, nil, err
			}
			dst = rawjson.AppendString(dst, text)
			if nameDue {
				dst = append(dst, ':')
			}
		case tagArray:
			dst = append(dst, '[')
			open = append(open, firstElement)
			continue
		case tagObject:
			dst = append(dst, '{')
			open = append(open, firstName)
			continue
		default:
			return dst, nil, errMalformed
		}
		if len(open) == 0 {
			return dst, rest, nil
		}
	}
}

var (
	errTruncated = core.ErrCorrupt.Because("an index key ends too early")
	errMalformed = core.ErrCorrupt.Because("an index key is malformed")
)

// state is what is due in an open array or object.
type state byte

const (
	firstElement state = iota
	nextElement
	firstName
	nextName
	memberValue
)

// closing returns the bracket that ends an array or object, if it can end here.
func (s state) closing() (bracket byte, ok bool) {
	switch s {
	case firstElement, nextElement:
		return ']', true
	case firstName, nextName:
		return '}', true
	}
	return 0, false
}

// advance appends what separates the value that comes from the one before, and moves to the state after it.
func (s *state) advance(dst []byte) []byte {
	switch *s {
	case firstElement:
		*s = nextElement
	case firstName:
		*s = memberValue
	case memberValue:
		*s = nextName
	case nextElement:
		dst = append(dst, ',')
	case nextName:
		*s = memberValue
		dst = append(dst, ',')
	}
	return dst
}

// DecodeString returns the text of a key that [AppendString] wrote, and what of key follows it. Text may share memory with key.
func DecodeString(key []byte) (text, rest []byte, err error) {
	if len(key) == 0 {
		return nil, nil, errTruncated
	}
	if key[0] != tagString {
		return nil, nil, errMalformed
	}
	return decodeString(key[1:])
}

// Skip returns what of key follows its first value.
func Skip(key []byte) (rest []byte, err error) {
	depth := 0
	for rest = key; len(rest) > 0; {
		tag := rest[0]
		rest = rest[1:]
		switch tag {
		case tagNull, tagFalse, tagTrue:
		case tagNegative, tagPositive:
			_, rest, err = decodeNumber(rest, tag == tagNegative)
		case tagString:
			end := bytes.IndexByte(rest, tagEnd)
			if end < 0 {
				return nil, errTruncated
			}
			rest = rest[end+1:]
		case tagArray, tagObject:
			depth++
		case tagEnd:
			depth--
			if depth < 0 {
				return nil, errMalformed
			}
		default:
			return nil, errMalformed
		}
		if err != nil {
			return nil, err
		}
		if depth == 0 {
			return rest, nil
		}
	}
	return nil, errTruncated
}

func decodeString(key []byte) (text, rest []byte, err error) {
	end := bytes.IndexByte(key, tagEnd)
	if end < 0 {
		return nil, nil, errTruncated
	}
	text, rest = key[:end], key[end+1:]
	if bytes.IndexByte(text, escape) < 0 {
		return text, rest, nil
	}
	plain := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == escape {
			i++
			if i == len(text) || text[i] > escape+1 {
				return nil, nil, errMalformed
			}
			c = text[i] - 1
		}
		plain = append(plain, c)
	}
	return plain, rest, nil
}

func decodeNumber(key []byte, negative bool) (f float64, rest []byte, err error) {
	var flip byte
	if negative {
		flip = 0xFF
	}
	var bits uint64
	for i, c := range key {
		const groups = 9 // of seven bits
		if i == groups {
			return 0, nil, errMalformed
		}
		c ^= flip
		bits |= uint64(c>>1) << (56 - 7*i)
		if c&1 == 0 {
			f = math.Float64frombits(bits)
			if math.IsInf(f, 0) || math.IsNaN(f) {
				return 0, nil, errMalformed
			}
			if negative {
				f = -f
			}
			return f, key[i+1:], nil
		}
	}
	return 0, nil, errTruncated
}
