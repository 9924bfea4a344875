package mango

// normalise pushes negations down to the tests, so that afterwards there are only allOf, anyOf and tests. What stands inside the
// argument of $elemMatch and its kind is left alone, as CouchDB does: there a negation is simply the opposite, also for missing fields.
func normalise(c condition) condition {
	switch c := c.(type) {
	case allOf:
		return allOf(each(c, normalise))
	case anyOf:
		return anyOf(each(c, normalise))
	case noneOf:
		return allOf(each(c, negate))
	case notOf:
		return negate(c.condition)
	}
	return c
}

// negate returns the normalised opposite of a condition.
func negate(c condition) condition {
	switch c := c.(type) {
	case allOf:
		return anyOf(each(c, negate))
	case anyOf:
		return allOf(each(c, negate))
	case noneOf:
		return anyOf(each(c, normalise))
	case notOf:
		return normalise(c.condition)
	case *test:
		opposite := *c
		if other, ok := opposites[c.operator]; ok {
			opposite.operator = other
		} else if c.operator == opExists {
			opposite.exists = !c.exists
			opposite.argument = []byte("false")
			if opposite.exists {
				opposite.argument = []byte("true")
			}
		} else {
			opposite.negated = !c.negated
		}
		return &opposite
	}
	return c
}

func each(all []condition, change func(condition) condition) []condition {
	changed := make([]condition, len(all))
	for i, c := range all {
		changed[i] = change(c)
	}
	return changed
}
