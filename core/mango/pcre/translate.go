// Package pcre translates the patterns of CouchDB's $regex, which are Perl's, into the syntax that JavaScript's RegExp (with its
// flag u) can run, and the engine of package backtrack, so that one query finds the same documents natively and in browsers.
//
// What Perl spells alike but reads differently (\s, \b, the dot, $ before a final line end) is spelled out, by as few means as possible; named groups become
// numbered ones; what JavaScript cannot do is refused: atomic groups, possessive quantifiers, recursion, conditions,
// and case-insensitivity of a part of the pattern. Patterns are matched against characters, where CouchDB matches bytes. What a group has matched
// is what it has matched for JavaScript: nothing, and not even that, when it was passed by in the last repetition of what it is in.
package pcre

import (
	"errors"
	"strconv"
	"strings"
)

// Pattern is a translated pattern.
type Pattern struct {
	Source     string
	IgnoreCase bool
}

// No engine has to follow patterns that are longer, or nest more deeply.
const (
	maxLength  = 1 << 16
	maxNesting = 250
)

// Translate translates a pattern, which must be UTF-8. It finds most mistakes; the engine finds the rest.
func Translate(pattern string) (Pattern, error) {
	if len(pattern) > maxLength {
		return Pattern{}, errors.New("a pattern that is too long")
	}
	t := translator{rest: []rune(pattern), names: map[string]int{}}
	for len(t.rest) > 0 {
		if err := t.next(); err != nil {
			return Pattern{}, err
		}
		if len(t.open) > maxNesting {
			return Pattern{}, errors.New("groups nest too deeply")
		}
	}
	if len(t.open) > 0 {
		return Pattern{}, errors.New("a group is not closed")
	}
	if t.highest > t.groups {
		return Pattern{}, errors.New("a reference to a group that is not there")
	}
	return Pattern{Source: t.out.String(), IgnoreCase: t.flags.ignoreCase}, nil
}

type flags struct {
	ignoreCase bool // i: only for the whole pattern
	lines      bool // m: ^ and $ also match at line ends
	dotAll     bool // s: the dot also matches a line end
	extended   bool // x: white space and comments mean nothing
}

type translator struct {
	rest    []rune
	out     strings.Builder
	flags   flags
	open    []flags // of the groups that are open: the flags outside of them
	groups  int     // capturing groups so far
	names   map[string]int
	highest int  // group referred to
	atom    bool // there is something for a quantifier to repeat
	begun   bool // something other than flags has been read
}

// What the engines do not have or do not agree on.
const (
	end      = `(?![\s\S])`
	lastLine = `(?=\n?(?![\s\S]))`
	word     = "[A-Za-z0-9_]"
	boundary = "(?:(?<=" + word + ")(?!" + word + ")|(?<!" + word + ")(?=" + word + "))"
	inside   = "(?:(?<=" + word + ")(?=" + word + ")|(?<!" + word + ")(?!" + word + "))"
)

func (t *translator) emit(text string) {
	t.out.WriteString(text)
	t.atom = true
}

func (t *translator) literal(r rune) {
	if r < 0x80 && strings.ContainsRune(`^$\.*+?()[]{}|/`, r) {
		t.out.WriteByte('\\')
	}
	t.out.WriteRune(r)
	t.atom = true
}

// take removes the next character, 0 at the end.
func (t *translator) take() rune {
	if len(t.rest) == 0 {
		return 0
	}
	r := t.rest[0]
	t.rest = t.rest[1:]
	return r
}

// accept removes text if it comes next.
func (t *translator) accept(text string) bool {
	runes := []rune(text)
	if len(t.rest) < len(runes) || string(t.rest[:len(runes)]) != text {
		return false
	}
	t.rest = t.rest[len(runes):]
	return true
}

// until removes and returns what comes before a delimiter, and the delimiter.
func (t *translator) until(delimiter rune) (string, bool) {
	for i, r := range t.rest {
		if r == delimiter {
			text := string(t.rest[:i])
			t.rest = t.rest[i+1:]
			return text, true
		}
	}
	return "", false
}

func (t *translator) next() error {
	r := t.take()
	if r == '(' {
		return t.group()
	}
	t.begun = true
	switch r {
	case ')':
		if len(t.open) == 0 {
			return errors.New("a ) without a group")
		}
		t.flags = t.open[len(t.open)-1]
		t.open = t.open[:len(t.open)-1]
		t.emit(")")
	case '|':
		t.out.WriteByte('|')
		t.atom = false
	case '.':
		if t.flags.dotAll {
			t.emit(`[\s\S]`)
		} else {
			t.emit(`[^\n]`)
		}
	case '^':
		if t.flags.lines {
			t.emit(`(?:^|(?<=\n))`)
		} else {
			t.emit("(?:^)")
		}
	case '$':
		if t.flags.lines {
			t.emit(`(?:(?=\n)|` + end + ")")
		} else {
			t.emit("(?:" + lastLine + ")")
		}
	case '*', '+', '?':
		return t.quantifier(string(r))
	case '{':
		if count, ok := t.repetition(); ok {
			return t.quantifier(count)
		}
		t.literal(r)
	case '[':
		return t.class()
	case '\\':
		return t.escape()
	case ' ', '\t', '\n', '\v', '\f', '\r', '#':
		if !t.flags.extended {
			t.literal(r)
		} else if r == '#' {
			if _, ok := t.until('\n'); !ok {
				t.rest = nil
			}
		}
	default:
		t.literal(r)
	}
	return nil
}

func (t *translator) quantifier(text string) error {
	if !t.atom {
		return errors.New("nothing to repeat")
	}
	t.out.WriteString(text)
	t.atom = false
	if t.accept("+") {
		return errors.New("possessive quantifiers are not supported")
	}
	if t.accept("?") {
		t.out.WriteByte('?')
	}
	return nil
}

// repetition reads what follows a brace, if it is a count: {2}, {2,} or {2,3}.
func (t *translator) repetition() (count string, ok bool) {
	rest := t.rest
	inner, ok := t.until('}')
	if ok {
		least, most, ranged := strings.Cut(inner, ",")
		low, err := strconv.ParseUint(least, 10, 16)
		high := low
		if err == nil && ranged && most != "" {
			high, err = strconv.ParseUint(most, 10, 16)
		}
		if err == nil && high >= low {
			return "{" + inner + "}", true
		}
	}
	t.rest = rest
	return "", false
}
