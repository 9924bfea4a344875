package revid

import (
	"bytes"
	"encoding/binary"
	"math"
	"strconv"
)

// number encodes a number as CouchDB reads it: an integer of any size when it is written without point and exponent, else a double.
func (e *encoder) number(token []byte) bool {
	hasPoint, exponent := false, -1
	for i, c := range token {
		switch {
		case c == '.':
			hasPoint = true
		case c|0x20 == 'e':
			exponent = i
		case c != '-' && c != '+' && (c < '0' || c > '9'):
			return false
		}
	}
	switch {
	case exponent >= 0 && !hasPoint:
		f, ok := exponentFloat(token, exponent)
		e.float(f)
		return ok
	case hasPoint:
		f, err := strconv.ParseFloat(string(token), 64)
		e.float(f)
		return err == nil
	}
	negative := token[0] == '-'
	digits := bytes.TrimPrefix(token, []byte("-"))
	if len(digits) == 0 {
		return false
	}
	if len(digits) <= 18 {
		var n uint64
		for _, c := range digits {
			n = n*10 + uint64(c-'0')
		}
		e.int(n, negative && n != 0)
		return true
	}
	var m magnitude
	if !m.parse(digits) {
		return false
	}
	start := e.big(negative)
	for i, limb := range m.limbs[:m.n] {
		e.buf = binary.LittleEndian.AppendUint32(e.buf, limb)
		if i == m.n-1 {
			e.buf = bytes.TrimRight(e.buf, "\x00")
		}
	}
	e.endBig(start)
	return true
}

// exponentFloat reads a number without a point and with an exponent, whose letter stands at position exponent.
//
// CouchDB's JSON parser reads such a number right when it has less than 32 characters and does not underflow. Otherwise it
// multiplies: integer times power of ten, both rounded. That makes 0 of 5e-324, because the power alone is 0, and may be off in the
// last digit elsewhere. The id depends on it, so it is done the same way here.
func exponentFloat(token []byte, exponent int) (f float64, ok bool) {
	f, err := strconv.ParseFloat(string(token), 64)
	if err != nil {
		return 0, false
	}
	digits := bytes.TrimPrefix(token[:exponent], []byte("-"))
	const smallestNormal = 0x1p-1022
	underflows := math.Abs(f) < smallestNormal && !bytes.Equal(digits, []byte("0"))
	if len(token) < 32 && !underflows {
		return f, true
	}
	power, err := strconv.ParseFloat("1e"+string(token[exponent+1:]), 64)
	var m magnitude
	if err != nil || !m.parse(digits) {
		return f, true // here CouchDB refuses the document
	}
	product := m.float() * power
	if math.IsInf(product, 0) {
		return f, true // here too
	}
	if token[0] == '-' && m.n > 0 {
		product = -product
	}
	return product, true
}

// magnitude is an integer below 2^1056: more than any number that fits a double's range. Its limbs stand lowest first.
type magnitude struct {
	limbs [33]uint32
	n     int // limbs in use, the highest of which is not 0
}

// parse reads decimal digits, nine at a time. It reports false when there are too many.
func (m *magnitude) parse(digits []byte) bool {
	for len(digits) > 0 {
		size := (len(digits)-1)%9 + 1
		factor, carry := uint64(1), uint64(0)
		for _, c := range digits[:size] {
			factor *= 10
			carry = carry*10 + uint64(c-'0')
		}
		digits = digits[size:]
		for i := range m.limbs[:m.n] {
			carry += uint64(m.limbs[i]) * factor
			m.limbs[i] = uint32(carry)
			carry >>= 32
		}
		if carry > 0 {
			if m.n == len(m.limbs) {
				return false
			}
			m.limbs[m.n] = uint32(carry)
			m.n++
		}
	}
	return true
}

// float converts as Erlang does: 64 bits at a time, rounding at each step.
func (m *magnitude) float() float64 {
	var f float64
	for i := (m.n - 1) / 2; i >= 0; i-- {
		limb := uint64(m.limbs[2*i])
		if 2*i+1 < len(m.limbs) {
			limb |= uint64(m.limbs[2*i+1]) << 32
		}
		f = f*0x1p64 + float64(limb)
	}
	return f
}
