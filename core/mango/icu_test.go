package mango_test

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
)

// asPeopleRead orders strings as ICU's root collation does, as far as the recorded data needs: letters without accents and case, then
// accents, then case.
func asPeopleRead(a, b string) int {
	for level := range 3 {
		if order := slices.Compare(weights(a, level), weights(b, level)); order != 0 {
			return order
		}
	}
	return 0
}

var bases = map[rune]string{'é': "e1", 'á': "a1", 'ö': "o3", 'ü': "u3", 'ä': "a3", 'å': "a4", 'ç': "c6", 'ø': "o5", 'ł': "l5", 'ó': "o1", 'ź': "z1", 'ã': "a7", 'ï': "i3", 'ë': "e3"}

func weights(text string, level int) []int {
	var all []int
	for _, r := range strings.ReplaceAll(strings.ReplaceAll(text, "A\u030a", "Å"), "a\u0301", "á") {
		lower, base, accent := unicode.ToLower(r), unicode.ToLower(r), 0
		if plain, ok := bases[lower]; ok {
			base, accent = rune(plain[0]), int(plain[1]-'0')
		}
		switch level {
		case 0:
			group := 4 // other scripts
			switch {
			case unicode.IsSpace(base):
				group = 0
			case unicode.IsPunct(base):
				group = 1
			case base >= 'a' && base <= 'z':
				group = 3
			case unicode.IsDigit(base) || unicode.IsSymbol(base):
				group = 2
				if unicode.IsSymbol(base) {
					base -= 1 << 20
				}
			}
			all = append(all, group<<21+int(base))
		case 1:
			all = append(all, accent)
		default:
			all = append(all, int(lower-r)&1+cmp.Compare(lower, r)*cmp.Compare(lower, r))
		}
	}
	return all
}
