//go:build js

package backtrack_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/internal/regexps"
	"github.com/gouchdb/gouchdb/internal/regexps/backtrack"
	"github.com/gouchdb/gouchdb/internal/seeds"
)

// What JavaScript's engine finds is found natively, and what it does not accept is not accepted.
func TestPatternsAsInJavaScript(t *testing.T) {
	t.Parallel()
	seed := seeds.For(t)
	for _, regular := range []bool{false, true} {
		g := &generator{Rand: rand.New(rand.NewPCG(seed, 2)), regular: regular}
		compare(t, g, 800, func(source string, ignoreCase bool) (func(string) (bool, error), error) {
			compiled, err := regexps.Compile(source, ignoreCase)
			if err != nil {
				return nil, err
			}
			return compiled.MatchString, nil
		})
	}
}

// Characters that differ only in case are the same ones as for JavaScript.
func TestCaseAsInJavaScript(t *testing.T) {
	t.Parallel()
	for _, pair := range backtrack.Cased() {
		there, err := regexps.Compile(string(pair[0]), true)
		require.NoError(t, err)
		matches, err := there.MatchString(string(pair[1]))
		require.NoError(t, err)
		assert.True(t, matches, "%U and %U", pair[0], pair[1])
	}
}
