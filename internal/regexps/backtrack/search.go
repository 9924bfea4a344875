package backtrack

import (
	"math"
	"strings"
	"unicode/utf8"
)

// maxPrefix is how much of a literal beginning is searched for; more would only make searching slower.
const maxPrefix = 64

// start tells where in a text a match can begin.
type start struct {
	atBeginning bool     // nowhere but where the text begins
	prefix      string   // what all matches begin with
	bytes       *byteSet // what all matches begin with, unless that is nil
	run         *set     // all matches begin with any number of characters of this set
}

func newStart(root node, program []instruction) start {
	var s start
	first := &program[0]
	switch {
	case atBeginning(root):
		s.atBeginning = true
	case first.op == opText:
		s.prefix = first.text[:min(len(first.text), maxPrefix)]
	default:
		if bytes, empty := root.first(); !empty {
			s.bytes = &bytes
		}
		if (first.op == opRun || first.op == opLazyRun) && first.most == math.MaxInt32 {
			s.run = first.set
		}
	}
	return s
}

// atBeginning tells whether a node matches only where the text begins.
func atBeginning(n node) bool {
	switch n := n.(type) {
	case beginning:
		return true
	case sequence:
		return len(n) > 0 && atBeginning(n[0])
	case alternatives:
		for _, part := range n {
			if !atBeginning(part) {
				return false
			}
		}
		return true
	case group:
		return atBeginning(n.body)
	}
	return false
}

// search runs the program at pos and then at one place after the other, until it matches.
func (x *Regexp) search(m *machine, pos int) (bool, error) {
	for {
		if matched, err := m.run(pos); matched || err != nil || x.start.atBeginning {
			return matched, err
		}
		if x.start.run != nil {
			// From here the rest of the pattern was tried after each of the characters that the set goes on with. Beginning at a later one of them would try the
			// same again.
			pos = x.start.run.skip(m.text, pos)
		}
		if pos == len(m.text) {
			return false, nil
		}
		_, width := utf8.DecodeRuneInString(m.text[pos:])
		var found bool
		if pos, found = x.start.next(m.text, pos+width); !found {
			return false, nil
		}
	}
}

// next returns the first place, from pos on, where a match can begin.
func (s *start) next(text string, pos int) (int, bool) {
	switch {
	case s.prefix != "":
		at := strings.Index(text[pos:], s.prefix)
		return pos + at, at >= 0
	case s.bytes != nil:
		for pos < len(text) && !s.bytes.has(text[pos]) {
			pos++
		}
		return pos, pos < len(text)
	}
	return pos, true
}
