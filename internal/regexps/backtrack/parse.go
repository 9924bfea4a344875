package backtrack

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxDepth bounds the nesting of groups, and so the recursion of what follows it.
const maxDepth = 1000

// syntax are the characters that mean something other than themselves, unless a backslash comes before them.
const syntax = `^$\.*+?()[]{}|`

// parsed is a pattern.
type parsed struct {
	root       node
	ignoreCase bool
	referenced map[int]bool // the numbers of the groups that are referred to; there is no need to remember what others matched
}

type parser struct {
	rest       string
	ignoreCase bool
	groups     int // so far
	depth      int
	referenced map[int]bool
	sets       map[string]*set // those that were read, by their text
}

func parse(pattern string, ignoreCase bool) (parsed, error) {
	p := &parser{rest: pattern, ignoreCase: ignoreCase, referenced: map[int]bool{}, sets: map[string]*set{}}
	root, err := p.alternatives()
	if err != nil {
		return parsed{}, err
	}
	if p.rest != "" {
		return parsed{}, errors.New("a ) without a group")
	}
	for number := range p.referenced {
		if number < 0 || number >= p.groups {
			return parsed{}, errors.New("a reference to a group that is not there")
		}
	}
	return parsed{root, ignoreCase, p.referenced}, nil
}

func (p *parser) accept(text string) bool {
	rest, ok := strings.CutPrefix(p.rest, text)
	p.rest = rest
	return ok
}

// take removes the next character, of which there must be one.
func (p *parser) take() rune {
	r, width := utf8.DecodeRuneInString(p.rest)
	p.rest = p.rest[width:]
	return r
}

// number removes the digits that come next.
func (p *parser) number() (n int, ok bool) {
	length := 0
	for length < len(p.rest) && p.rest[length] >= '0' && p.rest[length] <= '9' {
		length++
	}
	n, err := strconv.Atoi(p.rest[:length])
	if err != nil || n > math.MaxInt32 {
		n = math.MaxInt32 // more than any text is long
	}
	p.rest = p.rest[length:]
	return n, length > 0
}

// alternatives reads up to the end of a group, or of the pattern.
func (p *parser) alternatives() (node, error) {
	var all alternatives
	for {
		one, err := p.sequence()
		if err != nil {
			return nil, err
		}
		all = append(all, one)
		if !p.accept("|") {
			break
		}
	}
	if len(all) == 1 {
		return all[0], nil
	}
	return all, nil
}

func (p *parser) sequence() (node, error) {
	var all sequence
	for p.rest != "" && p.rest[0] != '|' && p.rest[0] != ')' {
		text, groups := p.rest, p.groups
		part, err := p.term()
		if err == nil {
			part, err = p.quantified(part, text, groups)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, part)
	}
	if len(all) == 1 {
		return all[0], nil
	}
	return all, nil
}

func (p *parser) term() (node, error) {
	switch r := p.take(); {
	case r == '(':
		return p.group()
	case r == '[':
		return p.class()
	case r == '^':
		return beginning{}, nil
	case r == '\\':
		return p.escape()
	case strings.ContainsRune(syntax, r):
		return nil, errors.New("a " + string(r) + " that nothing can be made of")
	default:
		return p.literal(r), nil
	}
}

func (p *parser) group() (node, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, errors.New("groups nest too deeply")
	}
	var wrap func(body node) node
	switch {
	case p.accept("?:"):
		wrap = func(body node) node { return body }
	case p.accept("?="):
		wrap = func(body node) node { return look{body: body} }
	case p.accept("?!"):
		wrap = func(body node) node { return look{body: body, negated: true} }
	case p.accept("?<="):
		wrap = func(body node) node { return look{body: body, behind: true} }
	case p.accept("?<!"):
		wrap = func(body node) node { return look{body: body, behind: true, negated: true} }
	case p.accept("?"):
		return nil, errors.New("a group of a kind that is not known")
	default:
		number := p.groups
		p.groups++
		wrap = func(body node) node { return group{body, number} }
	}
	body, err := p.alternatives()
	if err != nil {
		return nil, err
	}
	if !p.accept(")") {
		return nil, errors.New("a group is not closed")
	}
	p.depth--
	return wrap(body), nil
}

// quantified reads how often something is repeated, if anything comes next that says so. The text begins with what is repeated.
func (p *parser) quantified(body node, text string, groups int) (node, error) {
	repeated := repetition{body: body, from: groups, to: p.groups}
	switch {
	case p.accept("*"):
		repeated.most = -1
	case p.accept("+"):
		repeated.least, repeated.most = 1, -1
	case p.accept("?"):
		repeated.most = 1
	case p.accept("{"):
		if err := p.count(&repeated); err != nil {
			return nil, err
		}
	default:
		return body, nil
	}
	for _, assertion := range []string{"^", "(?=", "(?!", "(?<"} {
		if strings.HasPrefix(text, assertion) {
			return nil, errors.New("nothing to repeat")
		}
	}
	repeated.lazy = p.accept("?")
	return repeated, nil
}

func (p *parser) count(repeated *repetition) error {
	var ok bool
	if repeated.least, ok = p.number(); !ok {
		return errors.New("a { that nothing can be made of")
	}
	repeated.most = repeated.least
	if p.accept(",") {
		if repeated.most, ok = p.number(); !ok {
			repeated.most = -1
		} else if repeated.most < repeated.least {
			return errors.New("a repetition with a maximum below its minimum")
		}
	}
	if !p.accept("}") {
		return errors.New("a { that nothing can be made of")
	}
	return nil
}
