package mango

import (
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// Matches reports whether a document matches. Its body must be in canonical form, as all stored ones are. Of the members that
// begin with an underscore, _id, _rev, _deleted and _attachments are taken from the document's fields; the others are not there,
// as in CouchDB.
//
// It fails only when a pattern takes the engine of regular expressions too many steps.
func (s *Selector) Matches(doc *core.Document) (bool, error) {
	if s.root == nil {
		return true, nil
	}
	m, _ := s.matches.Get().(*match) // kept, because selectors are run on many documents
	if m == nil {
		m = &match{values: make([][]byte, len(s.members))}
	}
	s.find(m.values, doc)
	holds, err := m.holds(s.root, doc.Body), m.err
	clear(m.values)
	m.err = nil
	s.matches.Put(m)
	return holds, err
}

// find fills in the members of a document that the selector asks about, in one walk that ends when it has them all.
func (s *Selector) find(values [][]byte, doc *core.Document) {
	due := 0
	for i, name := range s.members {
		if name[0] == '_' {
			values[i] = special(doc, name)
		}
		if values[i] == nil {
			due++
		}
	}
	if due == 0 {
		return
	}
	for quoted, value := range rawjson.Members(doc.Body) {
		for i, name := range s.members {
			if values[i] == nil && rawjson.Is(quoted, name) {
				values[i] = value
				if due--; due == 0 {
					return
				}
				break
			}
		}
	}
}

// special returns a member that is not in the body, nil for one that the document does not have.
func special(doc *core.Document, name string) []byte {
	switch name {
	case "_id":
		return rawjson.AppendString(nil, doc.ID)
	case "_rev":
		if !doc.Rev.IsZero() {
			return rawjson.AppendString(nil, doc.Rev.String())
		}
	case "_deleted":
		if doc.Deleted {
			return []byte("true")
		}
	case "_attachments":
		if len(doc.Attachments) > 0 {
			described := &core.Document{Body: core.EmptyBody, Attachments: doc.Attachments}
			return member(described.AppendJSON(nil), name)
		}
	}
	return nil
}

// match is one run of a selector.
type match struct {
	values [][]byte // the members that the tests' slots name
	err    error
}

// holds tells whether a condition holds for value: the document, or a part of it below $elemMatch and its kind.
func (m *match) holds(c condition, value []byte) bool {
	switch c := c.(type) {
	case allOf:
		for _, each := range c {
			if !m.holds(each, value) {
				return false
			}
		}
		return len(c) > 0
	case anyOf:
		for _, each := range c {
			if m.holds(each, value) {
				return true
			}
		}
	case noneOf:
		for _, each := range c {
			if m.holds(each, value) {
				return false
			}
		}
		return len(c) > 0
	case notOf:
		return !m.holds(c.condition, value)
	case *test:
		found, missing := m.locate(c, value)
		if found == nil {
			return missing && c.operator == opExists && !c.exists && !c.negated
		}
		return m.passes(c, found) != c.negated
	}
	return false
}

// locate finds the value that a test is about.
func (m *match) locate(t *test, value []byte) (found []byte, missing bool) {
	if t.slot < 0 {
		return walk(value, t.path.steps)
	}
	if value = m.values[t.slot]; value == nil {
		return nil, true
	}
	return walk(value, t.path.steps[1:])
}

// passes tells whether the operator of a test holds for a value that is there.
func (m *match) passes(t *test, value []byte) bool {
	switch t.operator {
	case opEq:
		return t.operand.compare(value) == 0
	case opNe:
		return t.operand.compare(value) != 0
	case opLt:
		return t.operand.compare(value) < 0
	case opLte:
		return t.operand.compare(value) <= 0
	case opGt:
		return t.operand.compare(value) > 0
	case opGte:
		return t.operand.compare(value) >= 0
	case opIn:
		return among(t.operands, value)
	case opNin:
		return !among(t.operands, value)
	case opExists:
		return t.exists
	case opType:
		return t.kind.has(rawjson.KindOf(value))
	case opMod:
		rest, ok := remainder(value, t.divisor)
		return ok && rest == t.rest
	case opSize:
		return rawjson.KindOf(value) == rawjson.Array && count(value) == t.size
	case opAll:
		return hasAll(t.operands, value)
	case opBeginsWith:
		return beginsWith(value, t.operand.text)
	case opRegex:
		return m.matchesPattern(t.pattern, value)
	case opElemMatch:
		for element := range rawjson.Elements(value) {
			if m.holds(t.inner, element) {
				return true
			}
		}
	case opAllMatch:
		some := false
		for element := range rawjson.Elements(value) {
			if some = m.holds(t.inner, element); !some {
				return false
			}
		}
		return some
	case opKeyMapMatch:
		for name := range rawjson.Members(value) {
			if m.holds(t.inner, name) {
				return true
			}
		}
	}
	return false
}

func (m *match) matchesPattern(pattern Regexp, value []byte) bool {
	text, ok := rawjson.Text(value)
	if !ok || m.err != nil {
		return false
	}
	matches, err := pattern.MatchString(text)
	if err != nil {
		m.err = fail("regex_too_slow", "A $regex was given up: "+err.Error()).From(err)
	}
	return matches
}
