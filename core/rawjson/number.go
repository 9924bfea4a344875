package rawjson

import (
	"math"
	"strconv"
)

// AppendNumber appends f as JavaScript prints it: the shortest digits that read back as f, with an exponent from 1e21 up and
// below 1e-6. Negative zero becomes 0; what JSON cannot say (NaN, infinities) becomes null.
func AppendNumber(dst []byte, f float64) []byte {
	size := math.Abs(f)
	switch {
	case f == 0:
		return append(dst, '0')
	case size < 1<<53 && f == math.Trunc(f): // most numbers are whole, and printed faster so
		return strconv.AppendInt(dst, int64(f), 10)
	case math.IsNaN(f) || math.IsInf(f, 0):
		return append(dst, "null"...)
	case size >= 1e-6 && size < 1e21:
		return strconv.AppendFloat(dst, f, 'f', -1, 64)
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
	// Go writes at least two digits of the exponent, JavaScript does not.
	if n := len(dst); n-start >= 4 && dst[n-2] == '0' && (dst[n-3] == '-' || dst[n-3] == '+') {
		dst[n-2] = dst[n-1]
		dst = dst[:n-1]
	}
	return dst
}

// Float returns the value of a number as a double; ok is false when value is not a number in the range of a double.
func Float(value []byte) (f float64, ok bool) {
	if f, ok := shortNumber(value); ok {
		return f, true
	}
	value = Trim(value)
	if len(value) == 0 || (value[0] != '-' && !isDigit(value[0])) {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(value), 64)
	return f, err == nil
}

// shortNumber reads the numbers that are most of all: few digits, perhaps with a point among them, and nothing else. Both the digits, as one whole number, and the power of ten
// that they are divided by are doubles without loss, so the quotient is the double that is nearest, as it should be.
func shortNumber(value []byte) (f float64, ok bool) {
	digits := value
	if len(value) > 0 && value[0] == '-' {
		digits = value[1:]
	}
	if len(digits) == 0 || len(digits) > 15 || digits[0] == '.' {
		return 0, false
	}
	n, unit := int64(0), int64(0) // unit is 0 before the point
	for _, c := range digits {
		switch {
		case isDigit(c):
			n, unit = 10*n+int64(c-'0'), 10*unit
		case c == '.' && unit == 0:
			unit = 1
		default:
			return 0, false
		}
	}
	if len(digits) < len(value) {
		if n == 0 {
			return 0, false // -0 is not 0
		}
		n = -n
	}
	if unit > 1 {
		return float64(n) / float64(unit), true
	}
	return float64(n), true
}
