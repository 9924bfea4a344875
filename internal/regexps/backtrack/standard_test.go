//go:build !js

package backtrack_test

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/gouchdb/gouchdb/internal/seeds"
)

// Patterns without lookarounds and references match the same texts in any engine, and so in Go's own, which does not backtrack.
func TestRegularPatternsAsInGo(t *testing.T) {
	t.Parallel()
	seed := seeds.For(t)
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 1)), regular: true}
	compare(t, g, 1_500, func(source string, ignoreCase bool) (func(string) (bool, error), error) {
		source = strings.ReplaceAll(source, `(?![\s\S])`, `\z`)
		if ignoreCase {
			source = "(?i)" + source
		}
		compiled, err := regexp.Compile(source)
		if err != nil {
			return nil, err
		}
		return func(text string) (bool, error) { return compiled.MatchString(text), nil }, nil
	})
}
