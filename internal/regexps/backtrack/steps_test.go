package backtrack_test

import (
	"sort"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core/mango/pcre"
	"github.com/gouchdb/gouchdb/internal/regexps/backtrack"
)

func compile(t testing.TB, pattern string) *backtrack.Regexp {
	translated, err := pcre.Translate(pattern)
	require.NoError(t, err)
	compiled, err := backtrack.Compile(translated.Source, translated.IgnoreCase)
	require.NoError(t, err, "%s as %s", pattern, translated.Source)
	return compiled
}

// A number of steps is enough or it is not, each time and on each machine. These numbers may change with the program, but only when somebody changes it.
func TestStepsAreCounted(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		pattern, text string
		steps         int
		want          bool
	}{
		{`b`, strings.Repeat("a", 1000), 0, false}, // there is no b to begin with
		{`ab`, "xxab", 2, true},
		{`a*b`, strings.Repeat("a", 1000), 2001, false},
		{`^(a+)+$`, strings.Repeat("a", 10) + "!", 5628, false},
		{`^(a+)+$`, strings.Repeat("a", 11) + "!", 11260, false},
		{`(?i)(\w)\1`, "abcdefGg", 36, true},
	} {
		compiled := compile(t, test.pattern)
		least := sort.Search(1_000_000, func(steps int) bool {
			got, err := compiled.MatchWithin(test.text, steps)
			if err != nil {
				assert.ErrorIs(t, err, backtrack.ErrTooManySteps)
				return false
			}
			assert.Equal(t, test.want, got, test.pattern)
			return true
		})
		assert.Equal(t, test.steps, least, "%s on %q", test.pattern, test.text)
	}
}
