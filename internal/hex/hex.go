// Package hex writes bytes as lower-case hexadecimal digits and reads them in any case. encoding/hex does the same and brings fmt along, which is
// more than a page should load for it.
package hex

const digits = "0123456789abcdef"

// Encode returns two digits for each byte.
func Encode[S string | []byte](data S) string {
	text := make([]byte, 2*len(data))
	for i := range len(data) {
		text[2*i], text[2*i+1] = digits[data[i]>>4], digits[data[i]&15]
	}
	return string(text)
}

// AppendDecode appends the bytes that text stands for; ok is false when it is not pairs of digits.
func AppendDecode(dst, text []byte) (data []byte, ok bool) {
	if len(text)%2 != 0 {
		return dst, false
	}
	for i := 0; i < len(text); i += 2 {
		high, low := text[i], text[i+1]
		a, b := value(high), value(low)
		// A digit is what prints its value, but for the case, which bit 5 tells of letters.
		if digits[a] != high|high>>1&0x20 || digits[b] != low|low>>1&0x20 {
			return dst, false
		}
		dst = append(dst, a<<4|b)
	}
	return dst, true
}

// value returns the value of a digit, some value below 16 for another character.
func value(c byte) byte { return (c&15 + 9*(c>>6)) & 15 }
