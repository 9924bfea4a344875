package mapreduce

import (
	"bytes"

	"github.com/gouchdb/gouchdb/core/rawjson"
)

// sum is _sum: of numbers, of arrays of numbers element by element, and of objects member by member. A number beside arrays counts as an array with one element.
type sum struct {
	total   summand
	begun   bool
	failure failure
}

func (s *sum) Reset() { *s = sum{} }

func (s *sum) AddRow(_, value []byte) {
	if s.failure != nil {
		return
	}
	ok := true
	if rawjson.KindOf(value) == rawjson.Object && !s.begun {
		s.total = newSummand(value, 0)
	} else {
		if !s.begun {
			s.total.kind = rawjson.Number
		}
		ok = s.total.add(value, 0)
	}
	s.begun = true
	if !ok {
		s.failure.set("The _sum function requires that map values be numbers, arrays of numbers, or objects. Objects cannot be mixed with "+
			"other data structures. Objects can be arbitrarily nested, provided that the values for all fields are themselves numbers, arrays of numbers, or "+
			"objects.", value)
	}
}

func (s *sum) AddState(state []byte) error {
	if !s.failure.adopt(state) {
		s.AddRow(nil, state)
	}
	return nil
}

func (s *sum) AppendState(dst []byte) []byte {
	if s.failure != nil {
		return append(dst, s.failure...)
	}
	return s.total.append(dst)
}

func (s *sum) AppendResult(dst []byte) []byte { return s.AppendState(dst) }

// summand is a value that can be added to. As in CouchDB, a value that nothing was added to is not looked into.
type summand struct {
	kind    rawjson.Kind // Number, Array, Object; another one: raw cannot be added to
	number  float64
	array   []summand
	members []member
	raw     []byte
}

type member struct {
	name  string // as JSON
	value summand
}

// maxNested is how deep values are looked into: this recurses. What is deeper cannot be added to.
const maxNested = 100

func newSummand(value []byte, depth int) summand {
	s := summand{kind: rawjson.KindOf(value)}
	if depth > maxNested {
		s.kind = rawjson.Invalid
	}
	switch s.kind {
	case rawjson.Number:
		s.number, _ = rawjson.Float(value)
	case rawjson.Array:
		for element := range rawjson.Elements(value) {
			s.array = append(s.array, newSummand(element, depth+1))
		}
	case rawjson.Object:
		for name, value := range rawjson.Members(value) {
			s.members = append(s.members, member{string(name), newSummand(value, depth+1)})
		}
	default:
		s.raw = bytes.Clone(value)
	}
	return s
}

// add reports whether value could be added.
func (s *summand) add(value []byte, depth int) bool {
	switch kind := rawjson.KindOf(value); {
	case kind == rawjson.Number && s.kind == rawjson.Number:
		number, _ := rawjson.Float(value)
		s.number += number
	case kind == rawjson.Number && s.kind == rawjson.Array:
		return s.addElement(0, value, depth)
	case kind == rawjson.Array && (s.kind == rawjson.Array || s.kind == rawjson.Number):
		if s.kind == rawjson.Number {
			s.kind, s.array = rawjson.Array, []summand{{kind: rawjson.Number, number: s.number}}
		}
		i := 0
		for element := range rawjson.Elements(value) {
			if !s.addElement(i, element, depth) {
				return false
			}
			i++
		}
	case kind == rawjson.Object && s.kind == rawjson.Object:
		for name, value := range rawjson.Members(value) {
			if !s.addMember(string(name), value, depth) {
				return false
			}
		}
		s.sortMembers()
	default:
		return false
	}
	return true
}

func (s *summand) addElement(i int, value []byte, depth int) bool {
	if i == len(s.array) {
		s.array = append(s.array, newSummand(value, depth+1))
		return true
	}
	number, ok := rawjson.Float(value)
	s.array[i].number += number
	return ok && s.array[i].kind == rawjson.Number
}

func (s *summand) addMember(name string, value []byte, depth int) bool {
	for i := range s.members {
		if s.members[i].name == name {
			return s.members[i].value.add(value, depth+1)
		}
	}
	s.members = append(s.members, member{name, newSummand(value, depth+1)})
	return true
}

// before compares names without their closing quotes, which are greater than a space.
func (m *member) before(other *member) bool {
	return m.name[:len(m.name)-1] < other.name[:len(other.name)-1]
}

// sortMembers orders members by name. Mostly they are in order already.
func (s *summand) sortMembers() {
	for i := range s.members {
		for j := i; j > 0 && s.members[j].before(&s.members[j-1]); j-- {
			s.members[j], s.members[j-1] = s.members[j-1], s.members[j]
		}
	}
}

func (s *summand) append(dst []byte) []byte {
	switch s.kind {
	case rawjson.Number:
		return rawjson.AppendNumber(dst, s.number)
	case rawjson.Array:
		dst = append(dst, '[')
		for i := range s.array {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = s.array[i].append(dst)
		}
		return append(dst, ']')
	case rawjson.Object:
		dst = append(dst, '{')
		for i := range s.members {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(append(dst, s.members[i].name...), ':')
			dst = s.members[i].value.append(dst)
		}
		return append(dst, '}')
	}
	return append(dst, s.raw...)
}
