package backtrack

import (
	"math/rand/v2"
	"slices"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"

	"github.com/gouchdb/gouchdb/internal/seeds"
)

// assertHolds checks what a set says of some characters, forward and backward, and what they begin with.
func assertHolds(t *testing.T, s *set, holds func(r rune) bool, random *rand.Rand) {
	t.Helper()
	for range 1000 {
		r := rune(random.IntN(unicode.MaxRune + 1))
		switch random.IntN(3) {
		case 0:
			r %= 0x80
		case 1:
			r %= 0x3000
		}
		if r >= 0xD800 && r <= 0xDFFF {
			continue
		}
		text := "東" + string(r) + "é"
		width := 0
		if holds(r) {
			width = len(string(r))
		}
		if s.width(text, 3) != width || s.widthBefore(text, len(text)-2) != width || s.skip(text, 3) > 3 != (width > 0) || width > 0 && !s.leads.has(text[3]) {
			t.Fatalf("%U: %d bytes forward and %d backward instead of %d", r, s.width(text, 3), s.widthBefore(text, len(text)-2), width)
		}
	}
}

func TestCategories(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(seeds.For(t), 1))
	for _, table := range unicode.Categories {
		all := tableRanges(table)
		assertHolds(t, newSet(all), func(r rune) bool { return unicode.Is(table, r) }, random)
		assertHolds(t, newSet(all.complement()), func(r rune) bool { return !unicode.Is(table, r) }, random)
	}
}

func TestRanges(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(seeds.For(t), 1))
	for range 200 {
		var all ranges
		for range random.IntN(6) {
			low := rune(random.IntN([]int{0x100, 0x3000, unicode.MaxRune}[random.IntN(3)]))
			all = append(all, low, min(unicode.MaxRune, low+rune(random.IntN(0x400))))
		}
		holds := func(r rune) bool {
			for i := 0; i < len(all); i += 2 {
				if all[i] <= r && r <= all[i+1] {
					return true
				}
			}
			return false
		}
		normal := all.normal()
		assert.True(t, slices.IsSorted(normal))
		assertHolds(t, newSet(normal), holds, random)
		assertHolds(t, newSet(normal.complement()), func(r rune) bool { return !holds(r) }, random)
		assert.Equal(t, normal, normal.complement().complement())
	}
}

// All characters that have another case are known, although only some of them are looked for.
func TestCased(t *testing.T) {
	t.Parallel()
	var all [][2]rune
	for r := range rune(unicode.MaxRune + 1) {
		begin := len(all)
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			all = append(all, [2]rune{r, other})
		}
		slices.SortFunc(all[begin:], func(a, b [2]rune) int { return int(a[1] - b[1]) })
	}
	assert.Equal(t, all, cased())
}
