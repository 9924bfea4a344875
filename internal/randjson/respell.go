package randjson

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Quote returns text as a JSON string, in one of the many ways of writing it.
func (g *Generator) Quote(text string) string {
	var quoted strings.Builder
	quoted.WriteByte('"')
	for _, r := range text {
		short := strings.IndexRune("\b\f\n\r\t\"\\/", r)
		switch {
		case short >= 0 && g.IntN(2) == 0:
			quoted.WriteByte('\\')
			quoted.WriteByte(`bfnrt"\/`[short])
		case r < 0x20 || r == '"' || r == '\\' || g.IntN(8) == 0:
			for _, unit := range utf16.AppendRune(nil, r) {
				digits := "000" + strconv.FormatUint(uint64(unit), 16)
				digits = digits[len(digits)-4:]
				if g.IntN(2) == 0 {
					digits = strings.ToUpper(digits)
				}
				quoted.WriteString(`\u` + digits)
			}
		default:
			quoted.WriteRune(r)
		}
	}
	quoted.WriteByte('"')
	return quoted.String()
}

// Respell returns the same value with other white space and with its strings written in other ways. Numbers, and the order
// and multitude of members, stay.
func (g *Generator) Respell(value []byte) []byte {
	var out []byte
	for i := 0; i < len(value); {
		if g.IntN(4) == 0 {
			out = append(out, " \n\t\r"[g.IntN(4)])
		}
		switch c := value[i]; {
		case c == '"':
			text, end := unquote(value, i)
			out = append(out, g.Quote(text)...)
			i = end
		case strings.IndexByte("{}[],: \n\t\r", c) >= 0:
			out = append(out, c)
			i++
		default:
			for i < len(value) && strings.IndexByte("{}[],: \n\t\r", value[i]) < 0 {
				out = append(out, value[i])
				i++
			}
		}
	}
	return out
}

// unquote reads the JSON string at position i. It is written apart from the code that it helps to test.
func unquote(value []byte, i int) (text string, end int) {
	var out []byte
	for i++; value[i] != '"'; {
		if value[i] != '\\' {
			out = append(out, value[i])
			i++
			continue
		}
		if short := strings.IndexByte(`bfnrt"\/`, value[i+1]); short >= 0 {
			out = append(out, "\b\f\n\r\t\"\\/"[short])
			i += 2
			continue
		}
		unit := func(at int) rune {
			n, _ := strconv.ParseUint(string(value[at+2:at+6]), 16, 32)
			return rune(n)
		}
		r := unit(i)
		i += 6
		if utf16.IsSurrogate(r) {
			r = utf16.DecodeRune(r, unit(i))
			i += 6
		}
		out = utf8.AppendRune(out, r)
	}
	return string(out), i + 1
}
