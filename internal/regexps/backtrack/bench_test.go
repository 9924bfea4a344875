//go:build !js

package backtrack_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/dlclark/regexp2/v2"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core/mango/pcre"
)

// BenchmarkMatch runs ordinary patterns here and in regexp2, which bounds the time of a search instead.
func BenchmarkMatch(b *testing.B) {
	var titles []string
	for i := range 100 {
		titles = append(titles, fmt.Sprintf("Entry number %d of the year", i))
	}
	long := []string{strings.Repeat("lorem ipsum dolor sit amet, ", 40)}
	for _, test := range []struct {
		name, pattern string
		texts         []string
	}{
		{"literal", `number 17`, titles},
		{"end", `17$`, titles},
		{"beginning", `^Entry`, titles},
		{"numbers", `[0-9]+ of`, titles},
		{"address", `^[a-z0-9._]+@[a-z0-9.]+\.[a-z]{2,}$`, []string{"ada.lovelace@example.org", "not an address", "bob@host"}},
		{"case", `(?i)NUMBER 17`, titles},
		{"words", `\b(?:sit|dolor|foo)\b.*consectetur`, long},
		{"anything", `.*amet.*x`, long},
		{"long literal", `consectetur`, long},
		{"long class", `[^a-z, ]`, long},
		{"letters", `^[\p{L} ]+$`, []string{"Łódź Ænima Größe", "plain words here"}},
		{"lookahead", `^(?!Entry number 1)E`, titles},
		{"reference", `(\w)\1`, long},
		{"nested", `^(?:[a-z]+[, ]*)+$`, long},
	} {
		run := func(name string, match func(text string) (bool, error)) {
			b.Run(test.name+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					for _, text := range test.texts {
						if _, err := match(text); err != nil {
							b.Fatal(err)
						}
					}
				}
			})
		}
		run("here", compile(b, test.pattern).MatchString)
		translated, err := pcre.Translate(test.pattern)
		require.NoError(b, err)
		options := regexp2.None
		if translated.IgnoreCase {
			options = regexp2.IgnoreCase
		}
		other := regexp2.MustCompile(translated.Source, regexp2.RegexOptions(options))
		other.MatchTimeout = time.Second
		run("regexp2", other.MatchString)
	}
}
