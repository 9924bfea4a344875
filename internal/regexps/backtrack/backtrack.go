// Package backtrack matches regular expressions in the syntax of package pcre and with the meaning that JavaScript gives them under its flag u, so that
// a query finds the same documents natively and in a browser. It backtracks, because lookarounds and references to groups need that, but it
// counts its steps and gives up after a number of them: the same pattern on the same text always gives the same answer or the same
// error, however busy the machine is.
//
// A pattern is parsed into nodes (parse.go), these are compiled to instructions (compile.go), and a machine runs the instructions at one place of the text
// after the other (search.go), with a stack of its own for what is still to be tried (machine.go). Nothing recurses with the length of a text.
package backtrack

import (
	"errors"
	"sync"
	"unicode/utf8"
)

// What a search may take. A step is an instruction, or a character that is repeated: ten million of them take about a tenth of a second.
const (
	maxSteps     = 10_000_000 // as many as Erlang's engine may take, and so CouchDB's
	stepsPerByte = 10         // in addition, so that no text is too long for a plain pattern
	bulkPerStep  = 16         // bytes that are compared, or entries that are moved, in one go

	maxText   = 1 << 27 // bytes; steps and places fit into 32 bits
	maxStack  = 1 << 21 // entries of 12 bytes
	keptStack = 1 << 12 // entries that are kept for the next search
)

// What a search fails with when it is given up.
var (
	ErrTooManySteps  = errors.New("it took too many steps")
	ErrTooMuchMemory = errors.New("it took too much memory")
)

// Regexp is a compiled pattern. It may be used by many goroutines at once.
type Regexp struct {
	program  []instruction
	start    start
	machines sync.Pool
}

// Compile compiles a pattern. Whether case counts is decided by simple case folding, as Unicode defines it.
func Compile(pattern string, ignoreCase bool) (*Regexp, error) {
	parsed, err := parse(pattern, ignoreCase)
	if err != nil {
		return nil, err
	}
	program, registers := compile(parsed)
	return &Regexp{
		program:  program,
		start:    newStart(parsed.root, program),
		machines: sync.Pool{New: func() any { return &machine{program: program, registers: make([]int32, registers)} }},
	}, nil
}

// MatchString tells whether the pattern matches anywhere in text. It fails with [ErrTooManySteps] or [ErrTooMuchMemory].
func (x *Regexp) MatchString(text string) (bool, error) {
	return x.match(text, maxSteps+stepsPerByte*len(text))
}

func (x *Regexp) match(text string, steps int) (bool, error) {
	if len(text) > maxText {
		return false, ErrTooMuchMemory
	}
	if !utf8.ValidString(text) {
		text = string([]rune(text)) // every byte that is wrong becomes U+FFFD
	}
	pos, found := x.start.next(text, 0)
	if !found {
		return false, nil
	}
	m := x.machines.Get().(*machine)
	m.prepare(text, steps)
	matches, err := x.search(m, pos)
	m.release()
	x.machines.Put(m)
	return matches, err
}
