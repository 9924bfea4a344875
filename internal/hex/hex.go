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

// Decode returns the bytes that text stands for; ok is false when it is not pairs of digits.
func Decode(text string) (data []byte, ok bool) {
	if len(text)%2 != 0 {
		return nil, false
	}
	data = make([]byte, len(text)/2)
	for i := range data {
		high, low := digit(text[2*i]), digit(text[2*i+1])
		if high|low > 15 {
			return nil, false
		}
		data[i] = high<<4 | low
	}
	return data, true
}

// digit returns the value of a digit, 16 or more for another character.
func digit(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	}
	return 16
}
