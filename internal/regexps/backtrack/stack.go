package backtrack

// entry is something that is done when matching fails.
type entry struct {
	do    int32 // the instruction to go on with; below zero, the register ^do is set back
	pos   int32 // where in the text; or the value of the register
	bound int32 // of a run: how far back it may end; of a lazy run: how many characters it may still take; place for all others
}

const (
	place = -1 // the bound of entries that are no runs
	unset = -1 // the value of a register that has none, or the number of none
)

func (m *machine) push(e entry) { m.stack = append(m.stack, e) }

// set sets a register, until what follows fails.
func (m *machine) set(register, value int32) {
	m.push(entry{^register, m.registers[register], place})
	m.registers[register] = value
}

// backtrack returns what is to be tried next, if there is anything left.
func (m *machine) backtrack() (at int32, pos int, ok bool) {
	for last := len(m.stack) - 1; last >= 0; last-- {
		e := &m.stack[last]
		switch {
		case e.do < 0:
			m.registers[^e.do] = e.pos
		case e.bound == place:
			m.stack = m.stack[:last]
			return e.do, int(e.pos), true
		default:
			pos, more, ok := m.another(e)
			if more {
				last++
			}
			if ok {
				m.stack = m.stack[:last]
				return e.do + 1, pos, true
			}
		}
	}
	m.stack = m.stack[:0]
	return 0, 0, false
}

// undo takes everything above a height off the stack and sets registers back.
func (m *machine) undo(height int) {
	for last := len(m.stack) - 1; last >= height; last-- {
		if e := m.stack[last]; e.do < 0 {
			m.registers[^e.do] = e.pos
		}
	}
	m.stack = m.stack[:height]
}

// commit drops what is still to be tried above a height. What sets registers back stays.
func (m *machine) commit(height int) {
	m.steps -= (len(m.stack) - height) / bulkPerStep // because each of the groups that nest may move the same entries
	kept := m.stack[:height]
	for _, e := range m.stack[height:] {
		if e.do < 0 {
			kept = append(kept, e)
		}
	}
	m.stack = kept
}
