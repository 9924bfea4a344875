package pcre

import (
	"errors"
	"strings"
	"unicode"
)

// ranges are pairs of first and last characters, ascending.
type ranges []rune

// named are the sets that have a name, in classes as [:name:]. Letters and case are Unicode's and not among them.
var named = map[string]ranges{
	"digit":  {'0', '9'},
	"space":  {'\t', '\r', ' ', ' '},
	"blank":  {'\t', '\t', ' ', ' '},
	"word":   {'0', '9', 'A', 'Z', '_', '_', 'a', 'z'},
	"xdigit": {'0', '9', 'A', 'F', 'a', 'f'},
	"punct":  {'!', '/', ':', '@', '[', '`', '{', '~'},
	"cntrl":  {0, 0x1F, 0x7F, 0x7F},
	"graph":  {'!', '~'},
	"print":  {' ', '~'},
	"ascii":  {0, 0x7F},
}

// letters are the named sets that Unicode defines.
var letters = map[string]string{"alpha": `\p{L}`, "upper": `\p{Lu}`, "lower": `\p{Ll}`, "alnum": `\p{L}\p{N}`}

// shorthands are the escapes that stand for a set; the capital stands for all other characters.
var shorthands = map[rune]ranges{
	'd': named["digit"], 's': named["space"], 'w': named["word"], 'h': {'\t', '\t', ' ', ' ', 0xA0, 0xA0},
	'v': {'\n', '\r', 0x85, 0x85, 0x2028, 0x2029},
}

// Complement returns the characters that are not in ranges. These are pairs of first and last characters, ascending, and none begins where the one before has ended.
func Complement(all []rune) []rune {
	var others []rune
	from := rune(0)
	for i := 0; i < len(all); i += 2 {
		if all[i] > from {
			others = append(others, from, all[i]-1)
		}
		from = all[i+1] + 1
	}
	if from <= unicode.MaxRune {
		others = append(others, from, unicode.MaxRune)
	}
	return others
}

// String returns the ranges as they are written inside a class.
func (all ranges) String() string {
	var text strings.Builder
	for i := 0; i < len(all); i += 2 {
		writeMember(&text, all[i])
		if all[i+1] > all[i] {
			text.WriteByte('-')
			writeMember(&text, all[i+1])
		}
	}
	return text.String()
}

func writeMember(text *strings.Builder, r rune) {
	if r < 0x80 && strings.ContainsRune(`\]^-[/|{}()$.*+?`, r) {
		text.WriteByte('\\')
	}
	text.WriteRune(r)
}

func caret(negated bool) string {
	if negated {
		return "^"
	}
	return ""
}

// set reads an escape that stands for a set of characters, and returns how the set is written inside a class.
func (t *translator) set() (text string, negated, ok bool, err error) {
	r := t.rest[0]
	switch r {
	case 'p', 'P':
		t.take()
		category := string(t.take())
		if category == "{" {
			if category, ok = t.until('}'); !ok {
				return "", false, false, errors.New("a category is not closed")
			}
		}
		negated = r == 'P'
		if strings.HasPrefix(category, "^") {
			category, negated = category[1:], !negated
		}
		if !isCategory(category) {
			return "", false, false, errors.New(`\p{` + category + "} is not supported")
		}
		return `\p{` + category + "}", negated, true, nil
	case 'N':
		t.take()
		return "\n", true, true, nil
	}
	if all, found := shorthands[lowered(r)]; found {
		t.take()
		return all.String(), r != lowered(r), true, nil
	}
	return "", false, false, nil
}

// categories are the general categories of Unicode. Package unicode has them too, with all their characters, which would be 20 KB more for a page to load.
const categories = " C Cc Cf Cn Co Cs L LC Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps S Sc Sk Sm So Z Zl Zp Zs "

func isCategory(name string) bool {
	return name != "" && !strings.Contains(name, " ") && strings.Contains(categories, " "+name+" ")
}

func lowered(r rune) rune {
	if isUpper(r) {
		return r - 'A' + 'a'
	}
	return r
}

func isUpper(r rune) bool { return r >= 'A' && r <= 'Z' }
func isDigit(r rune) bool { return r >= '0' && r <= '9' }

// class reads what follows an opening bracket.
func (t *translator) class() error {
	negated := t.accept("^")
	var text strings.Builder
	for first := true; first || !t.accept("]"); first = false {
		if len(t.rest) == 0 {
			return errors.New("a class is not closed")
		}
		set, from, err := t.classMember()
		if err != nil {
			return err
		}
		if set != "" {
			text.WriteString(set)
			continue
		}
		writeMember(&text, from)
		if len(t.rest) < 2 || t.rest[0] != '-' || t.rest[1] == ']' {
			continue
		}
		t.take()
		set, to, err := t.classMember()
		switch {
		case err != nil:
			return err
		case set != "": // as in [a-\d], where the dash is a dash
			writeMember(&text, '-')
			text.WriteString(set)
		case to < from:
			return errors.New("a range in a class ends before it begins")
		default:
			text.WriteByte('-')
			writeMember(&text, to)
		}
	}
	t.emit("[" + caret(negated) + text.String() + "]")
	return nil
}

// classMember reads a character, or a set of them.
func (t *translator) classMember() (set string, r rune, err error) {
	if t.accept("[:") {
		name, ok := t.until(':')
		if !ok || !t.accept("]") {
			return "", 0, errors.New("a named class is not closed")
		}
		set, err = namedClass(name)
		return set, 0, err
	}
	if r = t.take(); r != '\\' {
		return "", r, nil
	}
	if len(t.rest) == 0 {
		return "", 0, errors.New("a backslash at the end")
	}
	if t.accept("b") {
		return "", '\b', nil
	}
	lower := lowered(t.rest[0])
	set, negated, ok, err := t.set()
	switch {
	case err != nil || ok && !negated:
		return set, 0, err
	case ok && lower == 'p':
		return `\P` + set[2:], 0, nil
	case ok && lower == 'n':
		return ranges(Complement([]rune{'\n', '\n'})).String(), 0, nil
	case ok:
		return ranges(Complement(shorthands[lower])).String(), 0, nil
	}
	if t.rest[0] >= '1' && t.rest[0] <= '7' {
		return "", rune(t.digits(3, 8)), nil
	}
	r, err = t.character()
	return "", r, err
}

func namedClass(name string) (string, error) {
	name, negated := strings.CutPrefix(name, "^")
	if all, ok := named[name]; ok {
		if negated {
			all = Complement(all)
		}
		return all.String(), nil
	}
	if set, ok := letters[name]; ok && !negated {
		return set, nil
	} else if ok && name != "alnum" {
		return `\P` + set[2:], nil
	}
	return "", errors.New("[:" + name + ":] is not supported")
}
