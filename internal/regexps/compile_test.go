package regexps_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/internal/regexps"
)

// What is expected here is expected of JavaScript's engine, when this runs in WebAssembly, and of the other one.
func TestMatches(t *testing.T) {
	t.Parallel()
	tests := []struct {
		why        string
		pattern    string
		ignoreCase bool
		yes, no    []string
	}{
		{"letters of Unicode", `^É(?!x)[\p{L}](?![\s\S])`, true, []string{"éa", "ÉÅ"}, []string{"éx", "é1"}},
		{"characters, not bytes", `^[^a](?![\s\S])`, false, []string{"é", "東", "😀"}, []string{"a", "éé", ""}},
		{"what is repeated is one character", `^😀{2}(?![\s\S])`, false, []string{"😀😀"}, []string{"😀"}},
		{"a reference", `^(a|b)(?:\1)c`, false, []string{"aac", "bbc"}, []string{"abc"}},
		{"a reference to what has matched nothing yet matches nothing", `^(?:\1)(a)(?![\s\S])`, false, []string{"a"}, []string{"aa"}},
		{"a reference to a group that was passed by matches nothing", `^(?:(a)|b)(?:\1)(?![\s\S])`, false, []string{"aa", "b"}, []string{"a", "ba"}},
		{"a reference within its group", `^(a(?:\1))b`, false, []string{"ab"}, []string{"aab"}},
		{"a group is forgotten when it is repeated", `^(?:(a)|(b)|c(?:\1)d)*(?![\s\S])`, false, []string{"abcd", "acd"}, []string{"acad"}},
		{"a reference in another case", `^([\p{L}])(?:\1)(?![\s\S])`, true, []string{"kK", "\u212Ak", "ΣΣ", "ςΣ", "ßẞ"}, []string{"kx", "k"}},
		{"going backward, the last group comes first", `(?<=^(?:\1)(a|b))c`, false, []string{"aac", "bbc"}, []string{"abc", "bc"}},
		{"going backward, in another case", `(?<=(?:\1)([\p{L}]))c`, true, []string{"\u212AKC"}, []string{"aKc"}},
		{"going backward, the last repetition takes most", `(?<=^([0-9]+)([0-9]+))x(?!(?:\1))`, false, []string{"123x23"}, []string{"123x1"}},
		{"going backward, lazily", `(?<=^(a+?)b{2,}?)x(?:\1)(?![\s\S])`, false, []string{"aabbxaa"}, []string{"aabxaa", "aabbxa"}},
		{"what was ahead is remembered", `^(?=(a+))[a-z]b(?:\1)`, false, []string{"abaa", "aba"}, []string{"abb"}},
		{"what was not ahead is forgotten", `^(?!(a)x)(?:\1)a(?![\s\S])`, false, []string{"a"}, []string{"aa", "axa"}},
		{"looking ahead is not done twice", `^(?=(a+))a*b(?:\1)(?![\s\S])`, false, []string{"aabaa"}, []string{"aaba"}},
		{"repeating nothing ends", `^(?:a*)*b`, false, []string{"b", "aab"}, []string{"aac"}},
		{"repeating nothing ends, lazily", `^(?:a*?)*?b`, false, []string{"b", "aab"}, []string{"aac"}},
		{"nothing is repeated as often as it has to be", `^(?:a?){3}b`, false, []string{"b", "aaab"}, []string{"aaaab"}},
		{"nothing is not repeated more often, not even to remember a group", `^(?:(?=(a)))?(?:\1)b`, false, []string{"b"}, []string{"ab"}},
		{"counted groups", `^(?:ab|c){2,3}(?![\s\S])`, false, []string{"abc", "cabc", "ccc"}, []string{"c", "cccc"}},
		{"counted groups, lazily", `^(?:ab|c){2,3}?(?![\s\S])`, false, []string{"abc", "cabc", "ccc"}, []string{"c", "cccc"}},
		{"never", `^(a){0}b(?:\1)`, false, []string{"b"}, []string{"ab"}},
		{"case of a set without its opposite", `^[^\P{Lu}](?![\s\S])`, true, nil, []string{"a", "A"}},
		{"case of a set and its opposite", `^[\P{Lu}](?![\s\S])`, true, []string{"a", "A", "1"}, nil},
		{"case of a range", `^[À-Þ](?![\s\S])`, true, []string{"é", "É"}, []string{"e"}},
		{"white space", `^[^\S]+(?![\s\S])`, false, []string{" \u00A0\u2003\uFEFF"}, []string{"a", "\u200B"}},
		{"what is escaped", `^\^\$\\\.\*\+\?\(\)\[\]\{\}\|\/[\-\]\^\n\r](?![\s\S])`, false, []string{`^$\.*+?()[]{}|/-`, "^$\\.*+?()[]{}|/\n"}, []string{`^$\.*+?()[]{}|/x`}},
		{"bytes that are no text", "^a\uFFFD" + `(?![\s\S])`, false, []string{"a\xff", "a\uFFFD"}, []string{"a"}},
		{"nothing", ``, false, []string{"", "a"}, nil},
		{"alternatives that are nothing", `^(?:|a|)(?![\s\S])`, false, []string{"", "a"}, []string{"b"}},
	}
	for _, test := range tests {
		compiled, err := regexps.Compile(test.pattern, test.ignoreCase)
		require.NoError(t, err, test.why)
		for _, text := range test.yes {
			matches, err := compiled.MatchString(text)
			require.NoError(t, err)
			assert.True(t, matches, "%s: %s on %q", test.why, test.pattern, text)
		}
		for _, text := range test.no {
			matches, err := compiled.MatchString(text)
			require.NoError(t, err)
			assert.False(t, matches, "%s: %s on %q", test.why, test.pattern, text)
		}
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{
		`(`, `)`, `a)`, `(a`, `[`, `[a`, `[b-a]`, `[a-\p{L}]`, `]`, `{`, `}`, `a{`, `a{,2}`, `a{2,1}`, `a{1`, `*`, `a**`, `a|*`, `^*`, `(?=a)*`, `(?!a)+`, `(?<=a)?`, `(?<!a){1}`,
		`(?>a)`, `(?a)`, `(?`, `\`, `[\`, `\1`, `(a)\2`, `\_`, `[\_]`, `[\p{Nope}]`, `[\p{L]`, `[\p]`,
	} {
		_, err := regexps.Compile(pattern, false)
		assert.Error(t, err, pattern)
	}
}
