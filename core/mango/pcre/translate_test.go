package pcre_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core/mango/pcre"
	"github.com/gouchdb/gouchdb/internal/regexps"
)

// What a pattern matches in Perl, and so in CouchDB.
func TestMatches(t *testing.T) {
	t.Parallel()
	tests := []struct {
		pattern string
		yes, no []string
	}{
		{`a.c`, []string{"abc", "xaécx", "a😀c", "a\rc"}, []string{"ac", "a\nc"}},
		{`(?s)a.c`, []string{"a\nc"}, []string{"ac"}},
		{`^b`, []string{"b", "ba"}, []string{"ab", "a\nb"}},
		{`(?m)^b`, []string{"b", "a\nb"}, []string{"ab"}},
		{`b$`, []string{"ab", "ab\n"}, []string{"ab\n\n", "b\na"}},
		{`(?m)b$`, []string{"ab", "b\na"}, []string{"ba"}},
		{`\Ab\z`, []string{"b"}, []string{"b\n", "ab"}},
		{`b\Z`, []string{"b\n"}, []string{"b\n\n"}},
		{`(?i)éA`, []string{"Éa", "éA"}, []string{"ea"}},
		{`(?is)^A.B$`, []string{"a\nb"}, []string{"ab"}},
		{`(?x) a b # comment`, []string{"ab"}, []string{"a b"}},
		{`(?x) a\ b[ ]`, []string{"a b "}, []string{"ab"}},
		{`a(?#nothing)b`, []string{"ab"}, []string{"a"}},
		{`\d\D`, []string{"1a", "1٣"}, []string{"٣٣", "11"}},
		{`^\w+$`, []string{"aZ_9"}, []string{"é", "a b"}},
		{`\W`, []string{"é", "-"}, []string{"aZ_9"}},
		{`^\s$`, []string{" ", "\t", "\v", "\r"}, []string{"\u00a0", "a"}},
		{`^\S$`, []string{"a", "\u00a0"}, []string{" "}},
		{`^[\S\d]$`, []string{"a", "1", "😀"}, []string{" "}},
		{`^[^\S]$`, []string{" "}, []string{"a"}},
		{`^[\D]$`, []string{"a", "٣"}, []string{"1"}},
		{`^[\W]$`, []string{"é", "^"}, []string{"_"}},
		{`^\h\H\v\V\N$`, []string{"\ta\nab"}, []string{"aaaaa"}},
		{`^\R$`, []string{"\r\n", "\n"}, []string{"a"}},
		{`\bfoo\b`, []string{"a foo b", "foo", "éfooé"}, []string{"foobar"}},
		{`\Boo`, []string{"foo"}, []string{"oo"}},
		{`^[[:alpha:]]$`, []string{"a", "é", "東"}, []string{"1"}},
		{`^[[:^alpha:]]$`, []string{"1"}, []string{"é"}},
		{`^[[:upper:][:digit:]-]$`, []string{"É", "7", "-"}, []string{"é"}},
		{`^[[:punct:]]+$`, []string{"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"}, []string{"a"}},
		{`^[[:^space:]]$`, []string{"a", "😀"}, []string{" "}},
		{`^[[:xdigit:][:blank:]]$`, []string{"f", "\t"}, []string{"g", "\n"}},
		{`^[[:alnum:]_]$`, []string{"ß", "1", "_"}, []string{"-"}},
		{`^[]a]$`, []string{"]", "a"}, []string{"b"}},
		{`^[^]a]$`, []string{"b"}, []string{"]", "a"}},
		{`^[a\-z]$`, []string{"-", "z"}, []string{"b"}},
		{`^[a-]$`, []string{"-"}, []string{"b"}},
		{`^[\d-z]$`, []string{"-", "1", "z"}, []string{"a"}},
		{`^[a-\d]$`, []string{"-", "1", "a"}, []string{"b"}},
		{`^[a-z-[]$`, []string{"[", "b"}, []string{"A"}},
		{`^[\x41-\x{43}\101]$`, []string{"B", "A"}, []string{"D"}},
		{`^[\b\n]$`, []string{"\b", "\n"}, []string{"b"}},
		{`^\p{Lu}\pL\P{L}\p{^L}$`, []string{"Éé11"}, []string{"éé11"}},
		{`^[\p{Lu}\P{L}]$`, []string{"É", "1"}, []string{"é"}},
		{`^(?<x>a|b)\k<x>\1\g{1}\g1\g{-1}\k{x}(?P=x)$`, []string{"aaaaaaaa"}, []string{"aaaaaaab"}},
		{`^(?P<y>.)(?'z'.)\2\1$`, []string{"abba"}, []string{"abab"}},
		{`^(a)(?<n>b)(c)\3\2$`, []string{"abccb"}, []string{"abcbc"}},
		{`(a)\10`, []string{"aa0"}, nil},
		{`(?<=a)b(?=c)(?!cd)(?<!xab)`, []string{"abc"}, []string{"abcd", "xabc", "bc"}},
		{`a{2}b{1,}c{0,1}d{,2}`, []string{"aabd{,2}"}, []string{"aab"}},
		{`a{x`, []string{"a{x"}, []string{"aa"}},
		{`}]`, []string{"}]"}, []string{"}"}},
		{`a+?b*?c??`, []string{"a"}, []string{"b"}},
		{`\Qa.b\E+`, []string{"a.bbb"}, []string{"axb"}},
		{`\Qa.b`, []string{"a.b"}, []string{"axb"}},
		{`\t\n\r\f\a\e\0\cA\x7f`, []string{"\t\n\r\f\a\x1b\x00\x01\x7f"}, []string{"t"}},
		{`\-\_\<\é\/`, []string{"-_<é/"}, []string{"-"}},
		{`(?:a|b)(?m:^c|d)`, []string{"ad", "bd"}, []string{"ac"}},
		{`a(?s).(?-s).`, []string{"a\nb"}, []string{"ab\n"}},
		{`(a(?s).)\n.`, []string{"a\n\nb"}, []string{"a\n\n\n"}},
		{``, []string{"", "x"}, nil},
		{`😀`, []string{"a😀"}, []string{"a"}},
		{`/`, []string{"a/b"}, []string{"a"}},
	}
	for _, test := range tests {
		translated, err := pcre.Translate(test.pattern)
		if test.pattern == `(a)\10` {
			require.Error(t, err, "a reference to group 10")
			continue
		}
		require.NoError(t, err, test.pattern)
		compiled, err := regexps.Compile(translated.Source, translated.IgnoreCase)
		require.NoError(t, err, "%s as %s", test.pattern, translated.Source)
		for _, text := range test.yes {
			matches, err := compiled.MatchString(text)
			require.NoError(t, err)
			assert.True(t, matches, "%s as %s on %q", test.pattern, translated.Source, text)
		}
		for _, text := range test.no {
			matches, err := compiled.MatchString(text)
			require.NoError(t, err)
			assert.False(t, matches, "%s as %s on %q", test.pattern, translated.Source, text)
		}
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{
		`(`, `)`, `(a`, `a)`, `[`, `[a`, `[z-a]`, `[[:nope:]]`, `[[:alpha]`, `*`, `a**`, `|+`, `\`, `[\`, `a++`, `a*+`, `(?>a)`, `(?|a)`, `(?R)`, `(?1)`,
		`(?(1)a)`, `(*UTF8)a`, `(?<1`, `(?<>a)`, `(?<a>x)(?<a>y)`, `\k<a>`, `\k`, `\g<1>`, `\2(a)`, `\g{-2}`, `\g{0}`, `\p{Greek}`, `\p{L`, `\pX`, `\y`, `\x{110000}`, `\x{D800}`,
		`\c`, `a(?i)b`, `(?i)a(?-i)b`, `(?i:a)`, `(?#`, `(?z)`, `(?i`, `[[:^alnum:]]`, `\K`, `\G`, `\X`, `\C`,
	} {
		_, err := pcre.Translate(pattern)
		assert.Error(t, err, pattern)
	}
}

// What is not too long and does not nest too deeply for this package is not for an engine either.
func TestLimits(t *testing.T) {
	t.Parallel()
	nested := func(depth int) string { return strings.Repeat("(", depth) + `\b` + strings.Repeat(")", depth) }
	for _, pattern := range []string{nested(250), strings.Repeat("a", 1<<16)} {
		translated, err := pcre.Translate(pattern)
		require.NoError(t, err)
		_, err = regexps.Compile(translated.Source, false)
		require.NoError(t, err)
	}
	for _, pattern := range []string{nested(251), strings.Repeat("a", 1<<16+1)} {
		_, err := pcre.Translate(pattern)
		assert.Error(t, err)
	}
}

// Whatever comes in is refused or becomes a pattern that the engine accepts, apart from lookarounds that are repeated and the like.
func FuzzTranslate(f *testing.F) {
	for _, pattern := range []string{`(?i)^a[^b-\d]{2,}?\bx$`, `(?<n>a)\k<n>`, `[[:upper:]]\Q*\E`, `(?x) a # b`, `(?=a)*`, `a{9999}`} {
		f.Add(pattern, "some text")
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if !utf8.ValidString(pattern) {
			return
		}
		translated, err := pcre.Translate(pattern)
		if err != nil {
			return
		}
		compiled, err := regexps.Compile(translated.Source, translated.IgnoreCase)
		if err != nil {
			return
		}
		_, _ = compiled.MatchString(text)
	})
}
