package backtrack_test

import (
	"math/rand/v2"
	"strconv"
	"strings"
)

// characters are those of patterns and texts: few, so that they meet, with those that case folding has something to say about.
var characters = strings.Split("a a a b b c A B 1 _ - \n é É s ſ S k \u212A ß ẞ σ ς Σ ǆ ǅ ʼ 東 😀", " ")

// generator makes patterns of Perl's kind. Not all that it makes is accepted.
type generator struct {
	*rand.Rand
	regular bool // patterns without lookarounds and references
	groups  int
}

// text makes a text. When there are lookarounds it has no characters beyond U+FFFF: V8 then also finds matches of nothing in the middle of these.
func (g *generator) text() string {
	var text strings.Builder
	for range g.IntN(11) {
		if r := g.one(characters...); g.regular || r < "\uFFFF" {
			text.WriteString(r)
		}
	}
	return text.String()
}

func (g *generator) one(of ...string) string { return of[g.IntN(len(of))] }

func (g *generator) pattern() string {
	g.groups = 0
	flags := g.one("", "", "(?i)", "(?i)", "(?is)", "(?m)")
	if g.regular && flags == "(?m)" {
		flags = "(?s)"
	}
	return flags + g.alternatives(3)
}

func (g *generator) alternatives(depth int) string {
	var all []string
	for range 1 + g.IntN(8)/6 + g.IntN(8)/7 {
		all = append(all, g.sequence(depth))
	}
	return strings.Join(all, "|")
}

func (g *generator) sequence(depth int) string {
	var text strings.Builder
	for range g.IntN(4) + depth/3 {
		text.WriteString(g.atom(depth) + g.quantifier())
	}
	return text.String()
}

func (g *generator) quantifier() string {
	if g.IntN(2) == 0 {
		return ""
	}
	return g.one("*", "+", "?", "{0}", "{1}", "{2}", "{1,}", "{2,}", "{0,2}", "{1,3}") + g.one("", "", "?")
}

func (g *generator) atom(depth int) string {
	choice := g.IntN(20)
	if depth == 0 {
		choice %= 12
	}
	switch {
	case choice < 7:
		return g.literal()
	case choice < 9:
		return g.one(".", `\d`, `\w`, `\s`, `\D`, `\W`, `\S`, `\N`, `\pL`, `\p{Lu}`)
	case choice < 10:
		return g.class()
	case choice < 11:
		if g.regular {
			return g.one("^", `\z`)
		}
		return g.one("^", `\A`, `\z`, `\Z`, "$", `\b`, `\B`)
	case choice < 12:
		if g.regular {
			return g.literal()
		}
		return `\g{` + strconv.Itoa(g.IntN(g.groups+1)+1) + "}"
	case choice < 15:
		g.groups++
		return "(" + g.alternatives(depth-1) + ")"
	case choice < 17 || g.regular:
		return "(?:" + g.alternatives(depth-1) + ")"
	default:
		return g.one("(?=", "(?!", "(?<=", "(?<!") + g.alternatives(depth-1) + ")"
	}
}

func (g *generator) literal() string {
	if r := g.one(characters...); r != "_" {
		return `\Q` + r + `\E`
	}
	return "_"
}

func (g *generator) class() string {
	var text strings.Builder
	text.WriteString("[" + g.one("", "^"))
	for range 1 + g.IntN(3) {
		member := g.one("a", "b", "s", "K", "É", "ß", "σ", "😀", "a-c", "A-Z", "à-þ", `\d`, `\W`, `\s`, `\S`, `\pL`, `\p{Lt}`, "[:alpha:]", `\n`, `\-`, `\P{Lu}`, "[:^upper:]")
		if g.regular && strings.ContainsAny(member, "P^") {
			member = "ς" // Go's own package folds the case of these in another way
		}
		text.WriteString(member)
	}
	return text.String() + "]"
}
