package collation

import (
	"bytes"
	"math"

	"github.com/gouchdb/gouchdb/core/rawjson"
)

// AppendKey appends the key of a valid JSON value. The keys of two values compare, with [bytes.Compare], as [Compare] says of the values.
func AppendKey(dst, value []byte) []byte {
	value = unique(value)
	depth := 0
	for i := 0; ; {
		start, end := rawjson.NextToken(value, i)
		if start == end {
			return dst
		}
		token := value[start:end]
		i = end
		switch tag := rank(token); tag {
		case tagString:
			dst = append(dst, tagString)
			begin := len(dst)
			dst = endString(rawjson.AppendText(dst, token), begin)
		case tagPositive:
			dst = AppendNumber(dst, double(token))
		case tagArray, tagObject:
			depth++
			dst = append(dst, tag)
		case tagEnd:
			depth--
			dst = append(dst, tagEnd)
		default:
			dst = append(dst, tag)
		}
		if depth <= 0 {
			return dst
		}
	}
}

// AppendString appends the key of a string: of the JSON string that says s, when s is UTF-8.
func AppendString[S string | []byte](dst []byte, s S) []byte {
	dst = append(dst, tagString)
	begin := len(dst)
	return endString(append(dst, s...), begin)
}

// endString ends the string that stands in dst from position begin.
func endString(dst []byte, begin int) []byte {
	text := dst[begin:]
	if bytes.IndexByte(text, 0) >= 0 || bytes.IndexByte(text, escape) >= 0 {
		text = bytes.Clone(text)
		dst = dst[:begin]
		for _, c := range text {
			if c <= escape {
				dst = append(dst, escape)
				c++
			}
			dst = append(dst, c)
		}
	}
	return append(dst, tagEnd)
}

// AppendNumber appends the key of a number, which is the same for -0 and 0. An infinity counts as the largest double; f must not be NaN.
//
// The bits of a positive double order as its value does. They are written seven to a byte, the highest first, and the
// lowest bit of each byte tells whether any bit that follows is set: so trailing zeros, of which the common numbers have many, are
// left out, and 1 takes three bytes. All bytes of a negative number are complemented, which turns the order round.
func AppendNumber(dst []byte, f float64) []byte {
	var flip byte
	if f < 0 {
		f = -f
		flip = 0xFF
		dst = append(dst, tagNegative)
	} else {
		dst = append(dst, tagPositive)
	}
	rest := math.Float64bits(min(max(f, 0), math.MaxFloat64)) << 1 // the sign is in the tag
	for {
		group := byte(rest>>57) << 1
		rest <<= 7
		if rest == 0 {
			return append(dst, group^flip)
		}
		dst = append(dst, (group|1)^flip)
	}
}
