//go:build !js

package backtrack_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/internal/regexps/backtrack"
)

// The longest text that a pattern answers for is the same one each time, also when many search at once.
func TestTheBoundIsTheSameForEverybody(t *testing.T) {
	t.Parallel()
	compiled := compile(t, `^(a+)+$`)
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			matches, err := compiled.MatchString(strings.Repeat("a", 20) + "!")
			assert.NoError(t, err)
			assert.False(t, matches)
			_, err = compiled.MatchString(strings.Repeat("a", 21) + "!")
			assert.ErrorIs(t, err, backtrack.ErrTooManySteps)
		})
	}
	group.Wait()
}

// Plain patterns answer for long texts, be it that they begin everywhere or that what they repeat ends nowhere.
func TestLongTexts(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("ab东 ", 300_000)
	for pattern, want := range map[string]bool{
		`[^a]c`: false, `(?:b|东)(?!.)`: false, `.*x`: false, `.+?x`: false, `(?i)B东 Z`: false, `\d+$`: false, `\s$`: true, `(?s)^.*东 $`: true,
		`\w+x`: false, `[\p{L}]+ x`: false,
	} {
		matches, err := compile(t, pattern).MatchString(text)
		require.NoError(t, err, pattern)
		assert.Equal(t, want, matches, pattern)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	matches, err := compile(t, `^(?:[^x]|xx)*$`).MatchString(strings.Repeat("axx", 500_000))
	require.NoError(t, err)
	assert.True(t, matches)
	compiled := compile(t, `^(?:a|a)*c`)
	matches, err = compiled.MatchString(strings.Repeat("a", 100_000) + "c")
	require.NoError(t, err)
	assert.True(t, matches)
	_, err = compiled.MatchString(strings.Repeat("a", 2_000_000) + "c")
	assert.ErrorIs(t, err, backtrack.ErrTooMuchMemory)
}

// What nests is walked by recursion, so it must not nest as deeply as anybody likes.
func TestNestingIsBounded(t *testing.T) {
	t.Parallel()
	nested := func(depth int) string { return strings.Repeat("(", depth) + "a" + strings.Repeat(")*", depth) }
	compiled, err := backtrack.Compile(nested(1000), false)
	require.NoError(t, err)
	matches, err := compiled.MatchString("a")
	require.NoError(t, err)
	assert.True(t, matches)
	_, err = backtrack.Compile(nested(1001), false)
	assert.Error(t, err)
}
