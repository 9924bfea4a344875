package mango

import "github.com/gouchdb/gouchdb/core/rawjson"

// bounds returns values of a field outside of which a condition does not hold, for documents that have the field. exact tells that the
// condition is about this field alone, and holds for all of these values: then it needs no other test. A nil condition holds always.
func bounds(c condition, field path) (set intervals, exact bool) {
	switch c := c.(type) {
	case allOf:
		if len(c) == 0 {
			return intervals{}, true
		}
		set, exact = all, true
		for _, each := range c {
			part, partExact := bounds(each, field)
			set, exact = set.intersection(part), exact && partExact
		}
		return set, exact
	case anyOf:
		set, exact = intervals{}, true
		for _, each := range c {
			part, partExact := bounds(each, field)
			set, exact = set.union(part), exact && partExact
		}
		return set, exact
	case *test:
		if len(c.path.steps) > 0 && c.path.same(field) {
			return c.bounds()
		}
	}
	return all, false
}

func (t *test) bounds() (set intervals, exact bool) {
	if t.negated {
		return all, false
	}
	switch t.operator {
	case opEq:
		return intervals{point(t.operand.raw)}, true
	case opNe:
		one := point(t.operand.raw)
		return intervals{{lowest, one.low}, {one.high, highest}}, true
	case opLt:
		return intervals{{lowest, point(t.operand.raw).low}}, true
	case opLte:
		return intervals{{lowest, point(t.operand.raw).high}}, true
	case opGt:
		return intervals{{point(t.operand.raw).high, highest}}, true
	case opGte:
		return intervals{{point(t.operand.raw).low, highest}}, true
	case opIn:
		// An array is never equal to an operand as a whole, but may have it as an element.
		for i := range t.operands {
			if t.operands[i].kind != rawjson.Array {
				set = append(set, point(t.operands[i].raw))
			}
		}
		if len(t.operands) > 0 {
			set = append(set, ofKinds(kinds(rawjson.Array))...)
		}
		return set.normalised(), false
	case opExists:
		if t.exists {
			return all, true
		}
		return intervals{}, true
	case opType:
		return ofKinds(t.kind), true
	case opMod:
		return ofKinds(kinds(rawjson.Number)), false
	case opSize, opAll, opElemMatch, opAllMatch:
		return ofKinds(kinds(rawjson.Array)), false
	case opKeyMapMatch:
		return ofKinds(kinds(rawjson.Object)), false
	case opRegex:
		return ofKinds(kinds(rawjson.String)), false
	case opBeginsWith:
		return intervals{withPrefix(t.operand.text)}, true
	}
	return all, false
}

// requires reports whether all documents for which a condition holds have a field. An index only has documents that have all its fields.
func requires(c condition, field path) bool {
	switch c := c.(type) {
	case allOf:
		for _, each := range c {
			if requires(each, field) {
				return true
			}
		}
		return len(c) == 0 // nothing holds it
	case anyOf:
		for _, each := range c {
			if !requires(each, field) {
				return false
			}
		}
		return true
	case *test:
		return c.path.same(field) && len(field.steps) > 0 && (c.negated || c.operator != opExists || c.exists)
	}
	return false
}

// onlyAbout reports whether a condition is about fields of a list, or the id, alone.
func onlyAbout(c condition, fields []Field) bool {
	switch c := c.(type) {
	case allOf:
		return allAbout(c, fields)
	case anyOf:
		return allAbout(c, fields)
	case *test:
		if c.path.isID() {
			return true
		}
		for i := range fields {
			if c.path.same(fields[i].path) && len(c.path.steps) > 0 {
				return true
			}
		}
	}
	return false
}

func allAbout(conditions []condition, fields []Field) bool {
	for _, each := range conditions {
		if !onlyAbout(each, fields) {
			return false
		}
	}
	return true
}

// conjuncts are the conditions that must all hold, with nested ones taken apart.
func conjuncts(c condition) []condition {
	parts, ok := c.(allOf)
	if !ok || len(parts) == 0 {
		if c == nil {
			return nil
		}
		return []condition{c}
	}
	var found []condition
	for _, each := range parts {
		found = append(found, conjuncts(each)...)
	}
	return found
}

// selectorOf makes a selector of conditions that must all hold, nil of none.
func selectorOf(conditions []condition) *Selector {
	if len(conditions) == 0 {
		return nil
	}
	s := &Selector{}
	if s.root = condition(allOf(each(conditions, copyTests))); len(conditions) == 1 {
		s.root = copyTests(conditions[0])
	}
	s.assignSlots(s.root)
	return s
}

// copyTests copies a condition with its tests, whose slots differ from selector to selector.
func copyTests(c condition) condition {
	switch c := c.(type) {
	case allOf:
		return allOf(each(c, copyTests))
	case anyOf:
		return anyOf(each(c, copyTests))
	case *test:
		copied := *c
		return &copied
	}
	return c
}
