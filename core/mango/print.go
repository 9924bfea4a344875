package mango

import "github.com/gouchdb/gouchdb/core/rawjson"

// AppendJSON appends the selector in normalised form. Parsed again it matches the same documents.
func (s *Selector) AppendJSON(dst []byte) []byte {
	if s.root == nil {
		return append(dst, "{}"...)
	}
	return appendCondition(dst, s.root)
}

func appendCondition(dst []byte, c condition) []byte {
	switch c := c.(type) {
	case allOf:
		return appendConditions(dst, "$and", c)
	case anyOf:
		return appendConditions(dst, "$or", c)
	case noneOf:
		return appendConditions(dst, "$nor", c)
	case notOf:
		dst = append(dst, `{"$not":`...)
		return append(appendCondition(dst, c.condition), '}')
	case *test:
		return appendTest(dst, c)
	}
	return dst
}

func appendConditions(dst []byte, operator string, all []condition) []byte {
	dst = append(dst, '{')
	dst = rawjson.AppendString(dst, operator)
	dst = append(dst, ':', '[')
	for i, c := range all {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendCondition(dst, c)
	}
	return append(dst, ']', '}')
}

func appendTest(dst []byte, t *test) []byte {
	open := 2
	dst = append(dst, '{')
	dst = rawjson.AppendString(dst, t.path.text) // CouchDB writes it even when it is empty, below $elemMatch
	dst = append(dst, ':')
	if t.negated {
		dst = append(dst, `{"$not":`...)
		open++
	}
	dst = append(dst, '{')
	dst = rawjson.AppendString(dst, string(t.operator))
	dst = append(dst, ':')
	if t.inner != nil {
		dst = appendCondition(dst, t.inner)
	} else {
		dst = append(dst, t.argument...)
	}
	for range open {
		dst = append(dst, '}')
	}
	return dst
}
