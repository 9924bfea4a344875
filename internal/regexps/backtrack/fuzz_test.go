package backtrack_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gouchdb/gouchdb/internal/regexps/backtrack"
)

// Whatever comes in is refused or becomes a pattern, and that answers the same for a text each time, within the steps it is given.
func FuzzMatch(f *testing.F) {
	for _, pattern := range []string{
		`(?:^)(a|[^b-d\p{Lu}]{2,}?)(?:\1)*`, `(?<=(?:\1)(a))(?![\s\S])`, `(?<!x|(?=y))[\P{L}\S]+?\n?`, `((a*)*|b{3,})+?`, `(?!(?:){0,2}\/)é😀`, `(?:\r\n|[\n-\r])`, `a{99999}`,
	} {
		f.Add(pattern, true, "some text, aa BB é😀\n")
		f.Add(pattern, false, "aaa\xffb")
	}
	f.Fuzz(func(t *testing.T, pattern string, ignoreCase bool, text string) {
		compiled, err := backtrack.Compile(pattern, ignoreCase)
		if err != nil {
			return
		}
		first, firstError := compiled.MatchWithin(text, few)
		second, secondError := compiled.MatchWithin(text, few)
		assert.Equal(t, first, second)
		assert.Equal(t, firstError, secondError)
	})
}
