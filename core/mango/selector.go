package mango

import (
	"sync"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// Selector says which documents are wanted. It may be used by many goroutines at once.
type Selector struct {
	root condition // nil: all documents
	// members are the members of the document at which the paths of tests begin: what has to be found in a document.
	members []string
	matches sync.Pool
}

// Parse reads a selector. The engine runs the patterns of $regex; without one, a selector with a $regex fails with ErrNotImplemented.
//
// Errors: ErrBadJSON; CouchDB's invalid_selector_json, invalid_selector, invalid_operator, bad_arg, bad_field and invalid_field_name, all of status 400.
func Parse(selector []byte, engine Engine) (*Selector, error) {
	if err := rawjson.Validate(selector); err != nil {
		return nil, core.ErrBadJSON.From(err)
	}
	return parseValid(rawjson.AppendCanonical(make([]byte, 0, len(selector)), selector), engine)
}

// parseValid is Parse for text in canonical form, which is kept.
func parseValid(selector []byte, engine Engine) (*Selector, error) {
	if rawjson.KindOf(selector) != rawjson.Object {
		return nil, notASelector(selector)
	}
	s := &Selector{}
	if isEmpty(selector) {
		return s, nil
	}
	parser := parser{engine: engine}
	root, err := parser.condition(selector, "", 0)
	if err != nil {
		return nil, err
	}
	s.root = normalise(root)
	if only, ok := s.root.(*test); ok && len(only.path.steps) == 0 {
		return nil, errMissingFieldName
	}
	s.assignSlots(s.root)
	return s, nil
}

func (s *Selector) assignSlots(c condition) {
	switch c := c.(type) {
	case allOf:
		for _, each := range c {
			s.assignSlots(each)
		}
	case anyOf:
		for _, each := range c {
			s.assignSlots(each)
		}
	case *test:
		if len(c.path.steps) > 0 {
			c.slot = s.slotOf(c.path.steps[0].name)
		}
	}
}

func (s *Selector) slotOf(name string) int {
	for i, known := range s.members {
		if known == name {
			return i
		}
	}
	s.members = append(s.members, name)
	return len(s.members) - 1
}

// MatchesAll reports whether the selector is {}, which every document matches.
func (s *Selector) MatchesAll() bool { return s.root == nil }

// String returns the selector in normalised form, as JSON text: with all operators written out, and negations pushed down.
func (s *Selector) String() string { return string(s.AppendJSON(nil)) }
