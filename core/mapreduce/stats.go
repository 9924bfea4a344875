package mapreduce

import (
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// stats is _stats: of numbers, of arrays of numbers element by element, and of what another _stats has made. Its state is its value.
type stats struct {
	each    []moments
	array   bool
	failure failure
}

// moments describe a set of numbers.
type moments struct{ sum, count, min, max, squares float64 }

func (s *stats) Reset() { *s = stats{each: s.each[:0]} }

func (s *stats) AddRow(_, value []byte) {
	if s.failure == nil && !s.add(value) {
		s.failure.set("The _stats function requires that map values be numbers, arrays of numbers that are all of one length, or objects with "+
			"the members sum, count, min, max and sumsqr", value)
	}
}

func (s *stats) add(value []byte) bool {
	first := len(s.each) == 0 && !s.array
	if rawjson.KindOf(value) != rawjson.Array {
		m, ok := parseMoments(value)
		if !ok || s.array {
			return false
		}
		if first {
			s.each = append(s.each, m)
		} else {
			s.each[0].add(m)
		}
		return true
	}
	if !first && !s.array {
		return false
	}
	s.array = true
	i := 0
	for element := range rawjson.Elements(value) {
		m, ok := parseMoments(element)
		switch {
		case !ok:
			return false
		case first:
			s.each = append(s.each, m)
		case i == len(s.each):
			return false
		default:
			s.each[i].add(m)
		}
		i++
	}
	return i == len(s.each)
}

func (s *stats) AddState(state []byte) error {
	if !s.failure.adopt(state) {
		s.AddRow(nil, state)
	}
	return nil
}

func (s *stats) AppendState(dst []byte) []byte {
	if s.failure != nil {
		return append(dst, s.failure...)
	}
	if s.array {
		dst = append(dst, '[')
	}
	for i := range s.each {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = s.each[i].append(dst)
	}
	if s.array {
		dst = append(dst, ']')
	}
	return dst
}

func (s *stats) AppendResult(dst []byte) []byte { return s.AppendState(dst) }

func parseMoments(value []byte) (m moments, ok bool) {
	if rawjson.KindOf(value) == rawjson.Object {
		for i, field := range m.fields() {
			if *field, ok = rawjson.Float(rawjson.Member(value, momentNames[i])); !ok {
				return m, false
			}
		}
		return m, true
	}
	f, ok := rawjson.Float(value)
	return moments{sum: f, count: 1, min: f, max: f, squares: f * f}, ok
}

var momentNames = [...]string{"sum", "count", "min", "max", "sumsqr"}

func (m *moments) fields() [5]*float64 {
	return [...]*float64{&m.sum, &m.count, &m.min, &m.max, &m.squares}
}

func (m *moments) add(other moments) {
	m.sum += other.sum
	m.count += other.count
	m.min = min(m.min, other.min)
	m.max = max(m.max, other.max)
	m.squares += other.squares
}

func (m *moments) append(dst []byte) []byte {
	for i, field := range m.fields() {
		if i == 0 {
			dst = append(dst, '{')
		} else {
			dst = append(dst, ',')
		}
		dst = rawjson.AppendString(dst, momentNames[i])
		dst = append(dst, ':')
		dst = rawjson.AppendNumber(dst, *field)
	}
	return append(dst, '}')
}
