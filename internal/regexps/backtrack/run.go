package backtrack

import (
	"math"
	"strings"
	"unicode/utf8"
)

// longest matches a run with as many characters as possible that the text can go on after, and pushes that it may be shorter.
func (m *machine) longest(at int32, pos int) (end int, ok bool) {
	in := &m.program[at]
	end, low := pos, pos
	if !in.set.mixed && in.least <= 1 && in.most == math.MaxInt32 {
		end = in.set.skip(m.text, pos)
		m.steps -= end - pos
		if in.least == 1 {
			low += in.set.width(m.text, pos)
			if low == pos {
				return 0, false
			}
		}
	} else {
		count := int32(0)
		for count < in.most {
			width := in.set.width(m.text, end)
			if width == 0 {
				break
			}
			end += width
			if count++; count == in.least {
				low = end
			}
		}
		m.steps -= int(count)
		if count < in.least {
			return 0, false
		}
	}
	if end, ok = m.shorten(in, end, low); ok && end > low {
		m.push(entry{at, int32(end), int32(low)})
	}
	return end, ok
}

// shorten goes back from end, but not beyond low, to where the text can go on.
func (m *machine) shorten(in *instruction, end, low int) (int, bool) {
	for !goesOn(in.next, m.text, end) {
		if end == low {
			return 0, false
		}
		end = before(m.text, end)
		m.steps--
	}
	return end, true
}

// before returns where the character begins that ends at pos.
func before(text string, pos int) int {
	pos--
	for !utf8.RuneStart(text[pos]) {
		pos--
	}
	return pos
}

// shortest matches a lazy run with as few characters as possible that the text can go on after, and pushes that it may be longer.
func (m *machine) shortest(at int32, pos int) (end int, ok bool) {
	in := &m.program[at]
	end = pos
	for range in.least {
		width := in.set.width(m.text, end)
		if width == 0 {
			return 0, false
		}
		end += width
		m.steps--
	}
	left := in.most
	if left < math.MaxInt32 {
		left -= in.least
	}
	if end, left, ok = m.lengthen(in, end, left); ok && left > 0 {
		m.push(entry{at, int32(end), left})
	}
	return end, ok
}

// lengthen goes on from end, but not by more characters than are left, to where the text can go on.
func (m *machine) lengthen(in *instruction, end int, left int32) (int, int32, bool) {
	for !goesOn(in.next, m.text, end) {
		width := in.set.width(m.text, end)
		if width == 0 || left == 0 {
			return 0, 0, false
		}
		end += width
		left--
		m.steps--
	}
	return end, left, true
}

// another makes a run shorter, or longer if it is lazy. The entry of the run stays if there is more to be tried after that.
func (m *machine) another(e *entry) (end int, more, ok bool) {
	in := &m.program[e.do]
	if in.op == opRun {
		if end, ok = m.shorten(in, before(m.text, int(e.pos)), int(e.bound)); !ok {
			return 0, false, false
		}
		e.pos = int32(end)
		return end, end > int(e.bound), true
	}
	width := in.set.width(m.text, int(e.pos))
	if width == 0 {
		return 0, false, false
	}
	end, left, ok := m.lengthen(in, int(e.pos)+width, e.bound-1)
	e.pos, e.bound = int32(end), left
	return end, ok && left > 0, ok
}

// reference returns the length of what a group has matched, if the text goes on with the same.
func (m *machine) reference(in *instruction, pos int) (width int, ok bool) {
	begin, end := m.registers[in.register], m.registers[in.register+1]
	if begin == unset {
		return 0, true
	}
	matched, rest := m.text[begin:end], m.text[pos:]
	if !in.ignoreCase {
		m.steps -= len(matched) / bulkPerStep
		return len(matched), strings.HasPrefix(rest, matched)
	}
	for _, wanted := range matched {
		r, size := utf8.DecodeRuneInString(rest[width:])
		if m.steps--; size == 0 || canonical(r) != canonical(wanted) {
			return 0, false
		}
		width += size
	}
	return width, true
}

// referenceBefore is reference for text that ends at pos.
func (m *machine) referenceBefore(in *instruction, pos int) (width int, ok bool) {
	begin, end := m.registers[in.register], m.registers[in.register+1]
	if begin == unset {
		return 0, true
	}
	matched, rest := m.text[begin:end], m.text[:pos]
	if !in.ignoreCase {
		m.steps -= len(matched) / bulkPerStep
		return len(matched), strings.HasSuffix(rest, matched)
	}
	for len(matched) > 0 {
		wanted, length := utf8.DecodeLastRuneInString(matched)
		r, size := utf8.DecodeLastRuneInString(rest[:len(rest)-width])
		if m.steps--; size == 0 || canonical(r) != canonical(wanted) {
			return 0, false
		}
		width += size
		matched = matched[:len(matched)-length]
	}
	return width, true
}
