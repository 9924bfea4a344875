package pcre

import "errors"

// group reads what follows an opening parenthesis.
func (t *translator) group() error {
	switch {
	case t.accept("?#"):
		if _, ok := t.until(')'); !ok {
			return errors.New("a comment is not closed")
		}
		return nil
	case t.accept("?:"):
		t.begin("(?:")
	case t.accept("?="):
		t.begin("(?=")
	case t.accept("?!"):
		t.begin("(?!")
	case t.accept("?<="):
		t.begin("(?<=")
	case t.accept("?<!"):
		t.begin("(?<!")
	case t.accept("?P<"), t.accept("?<"):
		return t.named('>')
	case t.accept("?'"):
		return t.named('\'')
	case t.accept("?P="):
		return t.reference(t.until(')'))
	case t.accept("?"):
		return t.setFlags()
	case t.accept("*"):
		return errors.New("verbs such as (*UTF8) are not supported")
	default:
		t.groups++
		t.begin("(")
	}
	return nil
}

func (t *translator) begin(text string) {
	t.begun = true
	t.open = append(t.open, t.flags)
	t.out.WriteString(text)
	t.atom = false
}

func (t *translator) named(delimiter rune) error {
	name, ok := t.until(delimiter)
	if !ok || name == "" || t.names[name] != 0 {
		return errors.New("a group with a bad name")
	}
	t.groups++
	t.names[name] = t.groups
	t.begin("(")
	return nil
}

// reference writes a reference to a named group that came before.
func (t *translator) reference(name string, ok bool) error {
	if !ok || t.names[name] == 0 {
		return errors.New("a reference to a group that is not there")
	}
	t.backreference(t.names[name])
	return nil
}

// setFlags reads (?i) and (?i: with any of the flags that are known.
func (t *translator) setFlags() error {
	changed := t.flags
	on := true
	for {
		switch t.take() {
		case 'i':
			changed.ignoreCase = on
		case 'm':
			changed.lines = on
		case 's':
			changed.dotAll = on
		case 'x':
			changed.extended = on
		case '-':
			on = false
		case ')':
			if err := t.checkCase(changed); err != nil {
				return err
			}
			t.flags = changed
			return nil
		case ':':
			t.begin("(?:")
			if err := t.checkCase(changed); err != nil {
				return err
			}
			t.flags = changed
			return nil
		case '>':
			return errors.New("atomic groups are not supported")
		default:
			return errors.New("a group of a kind that is not supported")
		}
	}
}

// checkCase refuses what JavaScript cannot express: it knows case-insensitivity only of a whole pattern.
func (t *translator) checkCase(changed flags) error {
	if changed.ignoreCase != t.flags.ignoreCase && t.begun {
		return errors.New("(?i) is only supported at the beginning of a pattern")
	}
	return nil
}
