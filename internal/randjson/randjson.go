// Package randjson makes random JSON for property tests: values of all shapes, weighted towards what goes wrong. The
// same seed gives the same values, so a test prints its seed and a failure can be had again.
package randjson

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
)

// Generator makes random JSON text. All of it is valid, in UTF-8, with numbers in the range of a double.
type Generator struct {
	*rand.Rand
	// Depth is how deep values may nest, Width how many members or elements they may have.
	Depth, Width int
	// Duplicates allows objects to have several members of one name.
	Duplicates bool
}

// New returns a generator of smallish values, with duplicate members.
func New(seed uint64) *Generator {
	return &Generator{Rand: rand.New(rand.NewPCG(seed, 0x6a736f6e)), Depth: 5, Width: 5, Duplicates: true}
}

// Value returns any JSON value.
func (g *Generator) Value() []byte { return g.value(nil, g.Depth) }

// Object returns a JSON object.
func (g *Generator) Object() []byte { return g.object(nil, g.Depth) }

// Deep returns a value nested that deep, arrays and objects mixed.
func (g *Generator) Deep(depth int) []byte {
	var text []byte
	closing := make([]byte, depth)
	for i := range closing {
		if g.IntN(2) == 0 {
			text = append(text, '[')
			closing[depth-1-i] = ']'
		} else {
			text = append(text, `{"a":`...)
			closing[depth-1-i] = '}'
		}
	}
	return append(append(text, '0'), closing...)
}

func (g *Generator) value(dst []byte, depth int) []byte {
	kinds := 10
	if depth <= 0 {
		kinds = 7
	}
	switch g.IntN(kinds) {
	case 0:
		return append(dst, []string{"null", "false", "true"}[g.IntN(3)]...)
	case 1, 2, 3:
		return append(dst, g.Number()...)
	case 4, 5, 6:
		return append(dst, g.Quote(g.Text())...)
	case 7, 8:
		return g.array(dst, depth)
	default:
		return g.object(dst, depth)
	}
}

func (g *Generator) array(dst []byte, depth int) []byte {
	dst = append(dst, '[')
	bytesOnly := g.IntN(4) == 0 // which CouchDB's revision ids treat in their own way
	for i := range g.IntN(g.Width + 1) {
		if i > 0 {
			dst = append(dst, ',')
		}
		if bytesOnly {
			dst = strconv.AppendInt(dst, int64(g.IntN(256)), 10)
		} else {
			dst = g.value(dst, depth-1)
		}
	}
	return append(dst, ']')
}

func (g *Generator) object(dst []byte, depth int) []byte {
	dst = append(dst, '{')
	width := g.IntN(g.Width + 1)
	if g.IntN(50) == 0 {
		width *= 10
	}
	used := map[string]bool{}
	first := true
	for range width {
		name := g.Text()
		if g.IntN(2) == 0 {
			name = string(rune('a' + g.IntN(3))) // names that meet
		}
		if used[name] && !g.Duplicates {
			continue
		}
		used[name] = true
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(dst, g.Quote(name)...)
		dst = append(dst, ':')
		dst = g.value(dst, depth-1)
	}
	return append(dst, '}')
}

// edges are numbers at which representations change.
var edges = []string{
	"0", "-0", "0.0", "-0.0", "1", "1.0", "1e0", "-1", "255", "256", "-255", "2147483647", "2147483648", "-2147483648", "-2147483649",
	"4294967295", "4294967296", "9007199254740991", "9007199254740992", "9007199254740993", "9223372036854775807", "9223372036854775808",
	"-9223372036854775808", "-9223372036854775809", "18446744073709551615", "18446744073709551616", "1e20", "1e21", "1e-6", "1e-7", "123456789012345680000",
	"1.7976931348623157e308", "-1.7976931348623157E+308", "2.2250738585072014e-308", "4.9406564584124654e-324", "5e-324", "1e-400", "0.1", "0.30000000000000004", "1E5",
}

// Number returns a number: one at an edge, a small one, an integer of up to 300 digits, a double of any size, or digits in any arrangement.
func (g *Generator) Number() string {
	switch g.IntN(6) {
	case 0:
		return edges[g.IntN(len(edges))]
	case 1:
		return strconv.Itoa(g.IntN(10) - 3)
	case 2:
		return strconv.FormatInt(int64(g.Uint64())>>g.IntN(64), 10)
	case 3:
		return g.sign() + string('1'+byte(g.IntN(9))) + g.digits(g.IntN(300))
	case 4:
		for {
			f := math.Float64frombits(g.Uint64())
			if !math.IsNaN(f) && !math.IsInf(f, 0) {
				return strconv.FormatFloat(f, "eg"[g.IntN(2)], -1, 64)
			}
		}
	default:
		text := g.sign() + string('1'+byte(g.IntN(9))) + g.digits(g.IntN(30))
		if g.IntN(2) == 0 {
			text += "." + g.digits(1+g.IntN(20))
		}
		if g.IntN(2) == 0 {
			text += string("eE"[g.IntN(2)]) + []string{"", "+", "-"}[g.IntN(3)] + strconv.Itoa(g.IntN(270))
		}
		return text
	}
}

func (g *Generator) sign() string { return []string{"", "-"}[g.IntN(2)] }

func (g *Generator) digits(n int) string {
	text := make([]byte, n)
	for i := range text {
		text[i] = '0' + byte(g.IntN(10))
	}
	return string(text)
}

// runes are the characters at which encodings change, and some that need escapes.
var runes = []rune{
	0, 1, 2, 8, '\t', '\n', '\f', '\r', 0x1F, ' ', '!', '"', '/', '0', '9', 'A', 'Z', '\\', '_', 'a', 'b', 'z', '~', 0x7F, 0x80, 0x85, 0xFF, 'é', 0x301,
	0x7FF, 0x800, 0x2028, 0xD7FF, 0xE000, 0xFEFF, 0xFFFD, 0xFFFE, 0xFFFF, 0x10000, '😀', 0x10FFFF,
}

// Text returns a text of a few characters of all planes.
func (g *Generator) Text() string {
	var text strings.Builder
	for range g.IntN(6) {
		switch g.IntN(4) {
		case 0:
			text.WriteRune(runes[g.IntN(len(runes))])
		case 1:
			r := rune(g.IntN(0x110000))
			if r >= 0xD800 && r < 0xE000 {
				r = 'x'
			}
			text.WriteRune(r)
		default:
			text.WriteRune(rune('a' + g.IntN(4)))
		}
	}
	return text.String()
}
