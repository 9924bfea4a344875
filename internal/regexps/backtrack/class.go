package backtrack

import (
	"errors"
	"slices"
	"strings"
	"unicode"
)

// spaces are the characters of \s.
var spaces = ranges{'\t', '\r', ' ', ' ', 0xA0, 0xA0, 0x1680, 0x1680, 0x2000, 0x200A, 0x2028, 0x2029, 0x202F, 0x202F, 0x205F, 0x205F, 0x3000, 0x3000, 0xFEFF, 0xFEFF}

var (
	errEscape = errors.New("a backslash before something that is not known")
	errClass  = errors.New("a class is not closed")
)

// literal is a character that stands for itself.
func (p *parser) literal(r rune) node {
	if p.ignoreCase && unicode.SimpleFold(r) != r {
		return character{p.set(string(r), func() ranges { return cases(r) })}
	}
	return literal(r)
}

// set returns the set with a text, which is made when it is met for the first time.
func (p *parser) set(text string, members func() ranges) *set {
	if p.sets[text] == nil {
		p.sets[text] = newSet(members())
	}
	return p.sets[text]
}

// escape reads what follows a backslash outside of a class.
func (p *parser) escape() (node, error) {
	if n, ok := p.number(); ok {
		p.referenced[n-1] = true
		return reference(n - 1), nil
	}
	r, err := p.escaped()
	if err != nil {
		return nil, err
	}
	return p.literal(r), nil
}

// escaped reads a character that a backslash came before.
func (p *parser) escaped() (rune, error) {
	if p.rest == "" {
		return 0, errEscape
	}
	switch r := p.take(); {
	case r == 'n':
		return '\n', nil
	case r == 'r':
		return '\r', nil
	case r == '/', r == '-', strings.ContainsRune(syntax, r):
		return r, nil
	default:
		return 0, errEscape
	}
}

// class reads what follows an opening bracket.
func (p *parser) class() (node, error) {
	before := p.rest
	negated := p.accept("^")
	var members ranges
	seen := map[string]bool{} // the named sets among the members, which are large
	for !p.accept("]") {
		low, named, err := p.member(seen)
		if err != nil {
			return nil, err
		}
		if named != nil {
			members = append(members, named...)
			continue
		}
		high := low
		if p.accept("-") {
			if high, named, err = p.member(seen); err != nil {
				return nil, err
			}
			if named != nil || high < low {
				return nil, errors.New("a range in a class that is none")
			}
		}
		members = append(members, low, high)
	}
	text := "[" + before[:len(before)-len(p.rest)]
	return character{p.set(text, func() ranges {
		all := members.normal()
		if p.ignoreCase {
			all = all.folded()
		}
		if negated {
			all = all.complement()
		}
		return all
	})}, nil
}

// member reads a character of a class, or a named set, which is not nil even if it was among the members before.
func (p *parser) member(seen map[string]bool) (r rune, named ranges, err error) {
	if p.rest == "" {
		return 0, nil, errClass
	}
	if r = p.take(); r != '\\' {
		return r, nil, nil
	}
	before := p.rest
	switch {
	case p.accept("s"):
		named = slices.Clone(spaces)
	case p.accept("S"):
		named = spaces.complement()
	case p.accept("p{"), p.accept("P{"):
		name, rest, ok := strings.Cut(p.rest, "}")
		table := unicode.Categories[name]
		if !ok || table == nil {
			return 0, nil, errors.New("a category that is not known")
		}
		p.rest = rest
		if seen[before[:1]+name] {
			return 0, ranges{}, nil
		}
		seen[before[:1]+name] = true
		if named = tableRanges(table); before[0] == 'P' {
			named = named.complement()
		}
	default:
		r, err = p.escaped()
	}
	return r, named, err
}
