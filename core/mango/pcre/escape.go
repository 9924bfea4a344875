package pcre

import (
	"errors"
	"strconv"
	"unicode/utf8"
)

// escape reads what follows a backslash outside of a class.
func (t *translator) escape() error {
	if len(t.rest) == 0 {
		return errors.New("a backslash at the end")
	}
	if set, negated, ok, err := t.set(); ok || err != nil {
		t.emit("[" + caret(negated) + set + "]")
		return err
	}
	switch r := t.rest[0]; r {
	case 'b':
		return t.replace(boundary)
	case 'B':
		return t.replace(inside)
	case 'A':
		return t.replace("(?:^)")
	case 'z':
		return t.replace("(?:" + end + ")")
	case 'Z':
		return t.replace("(?:" + lastLine + ")")
	case 'R':
		return t.replace(`(?:\r\n|[\n-\r])`)
	case 'Q':
		t.take()
		for len(t.rest) > 0 && !t.accept(`\E`) {
			t.literal(t.take())
		}
		return nil
	case 'E':
		t.take()
		return nil
	case 'k', 'g':
		return t.longReference()
	case '1', '2', '3', '4', '5', '6', '7', '8', '9':
		n := t.digits(3, 10)
		t.backreference(n)
		return nil
	}
	r, err := t.character()
	t.literal(r)
	return err
}

func (t *translator) replace(text string) error {
	t.take()
	t.emit(text)
	return nil
}

func (t *translator) backreference(n int) {
	t.begun = true
	t.highest = max(t.highest, n)
	t.emit(`(?:\` + strconv.Itoa(n) + ")") // in a group, because a digit may follow
}

// longReference reads \k<name>, \k{name}, \k'name', \g{2}, \g{-1}, \g2 and \g{name}.
func (t *translator) longReference() error {
	byNumber := t.take() == 'g'
	if byNumber && len(t.rest) > 0 && isDigit(t.rest[0]) {
		t.backreference(t.digits(3, 10))
		return nil
	}
	closing := map[rune]rune{'{': '}', '<': '>', '\'': '\''}[t.take()]
	if closing == 0 || byNumber && closing != '}' {
		return errors.New("a reference of a kind that is not supported")
	}
	name, ok := t.until(closing)
	if n, err := strconv.Atoi(name); byNumber && err == nil {
		if n < 0 {
			n += t.groups + 1
		}
		if n <= 0 {
			return errors.New("a reference to a group that is not there")
		}
		t.backreference(n)
		return nil
	}
	return t.reference(name, ok)
}

// digits reads up to most digits.
func (t *translator) digits(most, base int) int {
	n := 0
	for i := 0; i < most && len(t.rest) > 0; i++ {
		digit, err := strconv.ParseUint(string(t.rest[0]), base, 8)
		if err != nil {
			break
		}
		n = n*base + int(digit)
		t.take()
	}
	return n
}

// character reads an escape that stands for one character.
func (t *translator) character() (rune, error) {
	switch r := t.take(); r {
	case 't':
		return '\t', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 'f':
		return '\f', nil
	case 'a':
		return 7, nil
	case 'e':
		return 27, nil
	case '0':
		return rune(t.digits(2, 8)), nil
	case 'x':
		if !t.accept("{") {
			return rune(t.digits(2, 16)), nil
		}
		text, _ := t.until('}')
		n, err := strconv.ParseUint(text, 16, 32)
		if err != nil || n > utf8.MaxRune || !utf8.ValidRune(rune(n)) {
			return 0, errors.New("a character that is not there")
		}
		return rune(n), nil
	case 'c':
		if r := t.take(); r >= '@' && r < 0x7F {
			if r >= 'a' && r <= 'z' {
				r -= 'a' - 'A'
			}
			return r ^ 0x40, nil
		}
		return 0, errors.New("a bad control character")
	default:
		if l := lowered(r); r == 0 || isDigit(r) || l >= 'a' && l <= 'z' {
			return 0, errors.New(`\` + string(r) + " is not supported")
		}
		return r, nil
	}
}
