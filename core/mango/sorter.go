package mango

import (
	"bytes"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/collation"
	"github.com/gouchdb/gouchdb/internal/order"
)

// Sorter puts documents in the order of a request, when no index gives it: by the fields of the sort, then by id. It keeps no more than
// about twice as many as are wanted.
type Sorter struct {
	plan       *Plan
	wanted     int
	descending bool
	kept       []Sorted
}

// Sorted is a document in its place.
type Sorted struct {
	Doc *core.Document
	// Position is its place in the order, for [Plan.Bookmark].
	Position []byte
}

// NewSorter returns a Sorter for a plan that says SortInMemory.
func NewSorter(plan *Plan) *Sorter {
	return &Sorter{
		plan:       plan,
		wanted:     plan.Request.Skip + plan.Request.Limit,
		descending: plan.Request.Sort[0].Descending,
	}
}

// Position returns a document's place in the order of the sort, as bytes that compare like the documents: by the fields, then by id. ok is false for a
// document that lacks a field to sort by, and so is not in the result.
func (r *Request) Position(doc *core.Document) (position []byte, ok bool) {
	for _, field := range r.Sort {
		value := lookup(doc, field.path)
		if value == nil {
			return nil, false
		}
		position = collation.AppendKey(position, value)
	}
	return collation.AppendString(position, doc.ID), true
}

// Add takes a document, unless it lacks a field to sort by or was on an earlier page.
func (s *Sorter) Add(doc *core.Document) {
	position, ok := s.plan.Request.Position(doc)
	if !ok {
		return
	}
	added := Sorted{Doc: doc, Position: position}
	if s.plan.after != nil && s.compare(added, Sorted{Position: s.plan.after}) <= 0 {
		return
	}
	s.kept = append(s.kept, added)
	if len(s.kept) >= 2*s.wanted+64 {
		s.cut()
	}
}

func (s *Sorter) cut() {
	order.Func(s.kept, s.compare)
	if len(s.kept) > s.wanted {
		clear(s.kept[s.wanted:]) // lets go of the documents
		s.kept = s.kept[:s.wanted]
	}
}

func (s *Sorter) compare(a, b Sorted) int {
	if s.descending {
		a, b = b, a
	}
	return bytes.Compare(a.Position, b.Position)
}

// Documents returns the page: the documents after those to skip, up to the limit.
func (s *Sorter) Documents() []Sorted {
	s.cut()
	return s.kept[min(s.plan.Request.Skip, len(s.kept)):]
}
