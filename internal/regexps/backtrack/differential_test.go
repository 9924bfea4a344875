package backtrack_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gouchdb/gouchdb/core/mango/pcre"
	"github.com/gouchdb/gouchdb/internal/regexps/backtrack"
)

// few steps are more than these patterns and texts need, and so few that no other engine takes long either.
const few = 20_000

// compare runs random patterns on random texts, here and there.
func compare(t *testing.T, g *generator, patterns int, other func(source string, ignoreCase bool) (func(text string) (bool, error), error)) {
	var compared, matched, given int
	for range patterns {
		pattern := g.pattern()
		translated, err := pcre.Translate(pattern)
		if err != nil {
			continue
		}
		here, err := backtrack.Compile(translated.Source, translated.IgnoreCase)
		there, errThere := other(translated.Source, translated.IgnoreCase)
		if (err == nil) != (errThere == nil) {
			t.Fatalf("%q as %q: %v or %v", pattern, translated.Source, err, errThere)
		}
		if err != nil {
			continue
		}
		for range 6 {
			text := g.text()
			got, err := here.MatchWithin(text, few)
			if err != nil {
				given++
				continue
			}
			want, err := there(text)
			if err != nil || got != want {
				t.Fatalf("%q as %q, %t, on %q: %t instead of %t, %v", pattern, translated.Source, translated.IgnoreCase, text, got, want, err)
			}
			compared++
			if want {
				matched++
			}
		}
	}
	t.Logf("%d compared, %d of them match, %d given up", compared, matched, given)
	assert.Greater(t, compared, patterns)
	assert.Less(t, given, compared/100)
	assert.InDelta(t, 0.5, float64(matched)/float64(compared), 0.3)
}
