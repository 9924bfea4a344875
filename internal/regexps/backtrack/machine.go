package backtrack

import "strings"

// machine runs a program on a text.
type machine struct {
	program   []instruction
	text      string
	registers []int32
	stack     []entry
	steps     int // left
}

func (m *machine) prepare(text string, steps int) {
	m.text, m.steps = text, steps
	for i := range m.registers {
		m.registers[i] = unset
	}
}

func (m *machine) release() {
	m.text = ""
	if m.stack = m.stack[:0]; cap(m.stack) > keptStack {
		m.stack = nil
	}
}

// run tells whether the program matches at a place of the text. When it does not, it leaves the machine as it was, apart from the steps.
func (m *machine) run(pos int) (bool, error) {
	text, program := m.text, m.program
	at := int32(0)
	for {
		if m.steps--; m.steps < 0 {
			return false, ErrTooManySteps
		}
		if len(m.stack) > maxStack {
			return false, ErrTooMuchMemory
		}
		// An instruction that matches continues with another one; one that does not leaves the switch.
		in := &program[at]
		switch in.op {
		case opMatched:
			return true, nil
		case opText:
			m.steps -= len(in.text) / bulkPerStep
			if strings.HasPrefix(text[pos:], in.text) {
				pos += len(in.text)
				at++
				continue
			}
		case opTextBefore:
			m.steps -= len(in.text) / bulkPerStep
			if strings.HasSuffix(text[:pos], in.text) {
				pos -= len(in.text)
				at++
				continue
			}
		case opSet:
			if width := in.set.width(text, pos); width > 0 {
				pos += width
				at++
				continue
			}
		case opSetBefore:
			if width := in.set.widthBefore(text, pos); width > 0 {
				pos -= width
				at++
				continue
			}
		case opPeek:
			if in.set.width(text, pos) > 0 != in.negated {
				at++
				continue
			}
		case opPeekBefore:
			if in.set.widthBefore(text, pos) > 0 != in.negated {
				at++
				continue
			}
		case opBeginning:
			if pos == 0 {
				at++
				continue
			}
		case opRun:
			if end, ok := m.longest(at, pos); ok {
				pos = end
				at++
				continue
			}
		case opLazyRun:
			if end, ok := m.shortest(at, pos); ok {
				pos = end
				at++
				continue
			}
		case opJump:
			at = in.target
			continue
		case opTry:
			switch {
			case !goesOn(in.next, text, pos):
				at = in.target
			case goesOn(in.other, text, pos):
				m.push(entry{in.target, int32(pos), place})
				at++
			default:
				at++
			}
			continue
		case opTryTarget:
			switch {
			case !goesOn(in.other, text, pos):
				at++
			case goesOn(in.next, text, pos):
				m.push(entry{at + 1, int32(pos), place})
				at = in.target
			default:
				at = in.target
			}
			continue
		case opZero:
			m.set(in.register, 0)
			at++
			continue
		case opMark:
			m.set(in.register, int32(pos))
			at++
			continue
		case opForget:
			m.steps -= int(in.end-in.register) / bulkPerStep
			for register := in.register; register < in.end; register++ {
				if m.registers[register] != unset {
					m.set(register, unset)
				}
			}
			at++
			continue
		case opRepeat:
			at = m.repeat(at, pos)
			continue
		case opRepeated:
			if m.repeated(in, pos) {
				at = in.target
				continue
			}
		case opCapture:
			begin, end := m.registers[in.register+2], int32(pos)
			m.set(in.register, min(begin, end))
			m.set(in.register+1, max(begin, end))
			at++
			continue
		case opReference:
			if width, ok := m.reference(in, pos); ok {
				pos += width
				at++
				continue
			}
		case opReferenceBefore:
			if width, ok := m.referenceBefore(in, pos); ok {
				pos -= width
				at++
				continue
			}
		case opLook:
			m.registers[in.register] = int32(len(m.stack))
			m.registers[in.register+1] = int32(pos)
			if in.negated {
				m.push(entry{in.target, int32(pos), place})
			}
			at++
			continue
		case opFound:
			m.commit(int(m.registers[in.register]))
			pos = int(m.registers[in.register+1])
			at++
			continue
		case opUnwanted:
			m.undo(int(m.registers[in.register]))
		}
		var ok bool
		if at, pos, ok = m.backtrack(); !ok && m.steps >= 0 {
			return false, nil
		}
	}
}

// goesOn tells whether the text goes on from pos with one of the bytes. Anything will do if these are nil.
func goesOn(bytes *byteSet, text string, pos int) bool {
	return bytes == nil || pos < len(text) && bytes.has(text[pos])
}

// repeat decides whether to match the body of a repetition once more.
func (m *machine) repeat(at int32, pos int) int32 {
	in := &m.program[at]
	count := int32(0)
	if in.register != unset {
		count = m.registers[in.register]
	}
	switch {
	case count < in.least:
		return at + 1
	case count >= in.most || !goesOn(in.next, m.text, pos):
		return in.target
	case in.lazy:
		m.push(entry{at + 1, int32(pos), place})
		return in.target
	default:
		m.push(entry{in.target, int32(pos), place})
		return at + 1
	}
}

// repeated counts, and fails if the body need not have been matched once more and has matched nothing.
func (m *machine) repeated(in *instruction, pos int) bool {
	count := int32(0)
	if in.register != unset {
		count = m.registers[in.register]
		m.set(in.register, count+1)
	}
	return in.end == unset || count < in.least || int32(pos) != m.registers[in.end]
}
