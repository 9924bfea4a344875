package backtrack

import (
	"slices"
	"sync"
	"unicode"
)

// canonical returns one of the characters that differ from r only in case, the same one for all of them.
func canonical(r rune) rune {
	least := r
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		least = min(least, other)
	}
	return least
}

// cases returns r and the characters that differ from it only in case.
func cases(r rune) ranges {
	all := ranges{r, r}
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		all = append(all, other, other)
	}
	return all.normal()
}

// cased are all pairs of characters that differ only in case, in order. One of those that differ from each other is always in Unicode's ranges.
var cased = sync.OnceValue(func() [][2]rune {
	var pairs [][2]rune
	for _, some := range unicode.CaseRanges {
		for r := rune(some.Lo); r <= rune(some.Hi); r++ {
			for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
				pairs = append(pairs, [2]rune{r, other}, [2]rune{other, r})
			}
		}
	}
	slices.SortFunc(pairs, func(a, b [2]rune) int { return slices.Compare(a[:], b[:]) })
	return slices.Compact(pairs)
})

// folded returns the ranges, which must be normal, with all characters that differ from one of them only in case.
func (all ranges) folded() ranges {
	more := slices.Clone(all)
	i := 0
	for _, pair := range cased() {
		for i < len(all) && all[i+1] < pair[0] {
			i += 2
		}
		if i < len(all) && all[i] <= pair[0] && !all.contains(pair[1]) {
			more = append(more, pair[1], pair[1])
		}
	}
	return more.normal()
}
