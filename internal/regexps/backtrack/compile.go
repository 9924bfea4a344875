package backtrack

import (
	"maps"
	"math"
	"slices"
)

// compiler turns nodes into instructions. Within what is looked for behind a place, everything goes backward: the last node of a sequence comes first.
type compiler struct {
	program    []instruction
	registers  int32
	groups     map[int]int32 // the first of three registers of each group that is referred to: where its match begins and ends, where it was entered
	backward   bool
	ignoreCase bool
}

func compile(pattern parsed) (program []instruction, registers int32) {
	c := &compiler{groups: map[int]int32{}, ignoreCase: pattern.ignoreCase}
	for _, number := range slices.Sorted(maps.Keys(pattern.referenced)) {
		c.groups[number] = int32(3 * len(c.groups))
	}
	c.registers = int32(3 * len(c.groups))
	c.node(pattern.root)
	c.emit(instruction{op: opMatched})
	for i := range c.program {
		if in := &c.program[i]; in.op == opRun || in.op == opLazyRun {
			in.next = c.program[i+1].first()
		}
	}
	return c.program, c.registers
}

func (c *compiler) emit(in instruction) (at int32) {
	c.program = append(c.program, in)
	return int32(len(c.program) - 1)
}

func (c *compiler) here() int32 { return int32(len(c.program)) }

func (c *compiler) newRegister() int32 {
	c.registers++
	return c.registers - 1
}

// either returns one of two operations, as what is compiled goes forward or backward.
func (c *compiler) either(forward, backward operation) operation {
	if c.backward {
		return backward
	}
	return forward
}

// firstOf returns what the text must go on with for a node to match; nil if that is not known.
func (c *compiler) firstOf(n node) *byteSet {
	if c.backward {
		return nil
	}
	bytes, empty := n.first()
	if empty {
		return nil
	}
	return &bytes
}

func (c *compiler) node(n node) {
	switch n := n.(type) {
	case literal:
		c.text([]rune{rune(n)})
	case character:
		c.emit(instruction{op: c.either(opSet, opSetBefore), set: n.set})
	case sequence:
		c.sequence(n)
	case alternatives:
		c.alternatives(n)
	case beginning:
		c.emit(instruction{op: opBeginning})
	case group:
		c.group(n)
	case reference:
		c.emit(instruction{op: c.either(opReference, opReferenceBefore), register: c.groups[int(n)], ignoreCase: c.ignoreCase})
	case look:
		c.look(n)
	case repetition:
		c.repetition(n)
	}
}

// text matches characters, which are in the order in which they are matched.
func (c *compiler) text(characters []rune) {
	if c.backward {
		slices.Reverse(characters)
	}
	c.emit(instruction{op: c.either(opText, opTextBefore), text: string(characters)})
}

func (c *compiler) sequence(n sequence) {
	if c.backward {
		n = slices.Clone(n)
		slices.Reverse(n)
	}
	var characters []rune // literals that follow each other
	for _, part := range n {
		if r, ok := part.(literal); ok {
			characters = append(characters, rune(r))
			continue
		}
		if len(characters) > 0 {
			c.text(characters)
			characters = nil
		}
		c.node(part)
	}
	if len(characters) > 0 {
		c.text(characters)
	}
}

func (c *compiler) alternatives(n alternatives) {
	var jumps []int32
	for i, part := range n {
		if i == len(n)-1 {
			c.node(part)
			break
		}
		try := c.emit(instruction{op: opTry, next: c.firstOf(part)})
		if i == len(n)-2 {
			c.program[try].other = c.firstOf(n[i+1])
		}
		c.node(part)
		jumps = append(jumps, c.emit(instruction{op: opJump}))
		c.program[try].target = c.here()
	}
	for _, jump := range jumps {
		c.program[jump].target = c.here()
	}
}

func (c *compiler) group(n group) {
	register, referenced := c.groups[n.number]
	if !referenced {
		c.node(n.body)
		return
	}
	c.emit(instruction{op: opMark, register: register + 2})
	c.node(n.body)
	c.emit(instruction{op: opCapture, register: register})
}

func (c *compiler) look(n look) {
	if single := setOf(n.body); single != nil {
		op := opPeek
		if n.behind {
			op = opPeekBefore
		}
		c.emit(instruction{op: op, set: single, negated: n.negated})
		return
	}
	register := c.newRegister() // and another one
	c.newRegister()
	begin := c.emit(instruction{op: opLook, register: register, negated: n.negated})
	outer := c.backward
	c.backward = n.behind
	c.node(n.body)
	c.backward = outer
	if n.negated {
		c.emit(instruction{op: opUnwanted, register: register})
	} else {
		c.emit(instruction{op: opFound, register: register})
	}
	c.program[begin].target = c.here()
}

func (c *compiler) repetition(n repetition) {
	if n.most < 0 || n.most > math.MaxInt32 {
		n.most = math.MaxInt32
	}
	if n.most == 0 {
		return
	}
	if set := setOf(n.body); set != nil && !c.backward {
		op := opRun
		if n.lazy {
			op = opLazyRun
		}
		c.emit(instruction{op: op, set: set, least: int32(n.least), most: int32(n.most)})
		return
	}
	first := c.firstOf(n.body)
	_, empty := n.body.first()
	if empty || n.least > 1 || n.most > 1 && n.most < math.MaxInt32 {
		c.counted(n, first, empty)
	} else {
		c.plain(n, first)
	}
}

// setOf returns the set of a node that is one character.
func setOf(n node) *set {
	switch n := n.(type) {
	case character:
		return n.set
	case literal:
		return newSet(ranges{rune(n), rune(n)})
	}
	return nil
}

// plain compiles ?, * and + of what cannot match nothing.
func (c *compiler) plain(n repetition, first *byteSet) {
	if n.least == 1 && n.most == 1 {
		c.node(n.body)
		return
	}
	if n.least == 1 { // +
		begin := c.here()
		c.forget(n)
		c.node(n.body)
		if n.lazy {
			c.emit(instruction{op: opTry, target: begin, other: first})
		} else {
			c.emit(instruction{op: opTryTarget, target: begin, other: first})
		}
		return
	}
	try := c.emit(instruction{op: opTry, next: first})
	if n.lazy {
		c.program[try].op = opTryTarget
	}
	c.forget(n)
	c.node(n.body)
	if n.most > 1 {
		c.emit(instruction{op: opJump, target: try})
	}
	c.program[try].target = c.here()
}

// counted compiles a repetition that needs a counter, or that has to end when its body has matched nothing, because it would not end otherwise.
func (c *compiler) counted(n repetition, first *byteSet, canBeEmpty bool) {
	repeat := instruction{op: opRepeat, register: -1, least: int32(n.least), most: int32(n.most), lazy: n.lazy, next: first}
	if n.least > 0 || n.most < math.MaxInt32 {
		repeat.register = c.newRegister()
		c.emit(instruction{op: opZero, register: repeat.register})
	}
	begin := c.emit(repeat)
	mark := int32(-1)
	if canBeEmpty {
		mark = c.newRegister()
		c.emit(instruction{op: opMark, register: mark})
	}
	c.forget(n)
	c.node(n.body)
	c.emit(instruction{op: opRepeated, register: repeat.register, end: mark, least: repeat.least, target: begin})
	c.program[begin].target = c.here()
}

// forget makes the groups of a body match nothing when it is matched once more.
func (c *compiler) forget(n repetition) {
	begin, end := int32(math.MaxInt32), int32(-1)
	for number := n.from; number < n.to; number++ {
		if register, referenced := c.groups[number]; referenced {
			begin, end = min(begin, register), register+3
		}
	}
	if begin < end {
		c.emit(instruction{op: opForget, register: begin, end: end})
	}
}
