package livequery

// apply takes a document out of the list and puts it where it belongs now. It returns what that does to the result, when that is to be told.
func (q *query) apply(e edit, tell bool) []Change {
	was, is := q.entries[e.id], e.entry
	if is != nil && q.known != nil && q.list.compare(is.position, q.known) > 0 {
		is = nil // beyond what is kept
	}
	if was == nil && is == nil || was != nil && is != nil && was.same(is) {
		return nil
	}
	s := step{query: q, is: is, from: -1, to: -1}
	if was != nil {
		s.id = was.id
		s.from = q.list.remove(was)
		delete(q.entries, e.id)
	}
	if is != nil {
		s.id = is.id
		_, _, s.to, _ = q.list.locate(is.position)
	}
	if tell {
		s.tell() // while the list has only the others
	}
	if is != nil {
		q.insert(is)
	}
	return s.changes
}

// step works out what one document's way from one index of the list to another does to the result: besides the document itself, another one
// may enter or leave at each end.
type step struct {
	*query
	id       string
	is       *entry
	from, to int // indexes in the list without the document, -1 where it is not in it
	changes  []Change

	// The result on its way: the part of the other documents that is shown. The document itself is not among them when another leaves before it moves, nor when another enters
	// after it has moved: who is shown makes room for nobody.
	start, end int
}

// others returns which of the other documents are shown while the document is at an index of the list.
func (s *step) others(index int) (start, end int) {
	start, end = s.request.skip, s.request.end
	if index >= 0 && index < start {
		start--
	}
	if index >= 0 && index < end {
		end--
	}
	end = min(end, s.list.count)
	return min(start, end), end
}

// shownAt returns the index in the result of a document at an index of the list, or -1.
func (s *step) shownAt(index int) int {
	if index < s.request.skip || index >= s.request.end {
		return -1
	}
	return index - s.request.skip
}

func (s *step) tell() {
	s.start, s.end = s.others(s.from)
	start, end := s.others(s.to)
	if s.start == s.end && start == end {
		s.start, s.end = start, end // nothing but the document, if at all
	}
	for s.end > max(end, s.start) {
		s.end--
		s.leave(s.end)
	}
	for s.start < min(start, s.end) {
		s.leave(s.start)
		s.start++
	}
	s.move(s.shownAt(s.from), s.shownAt(s.to))
	for s.start > start {
		s.start--
		s.enter(s.start)
	}
	for s.end < end {
		s.end++
		s.enter(s.end - 1)
	}
}

func (s *step) leave(index int) {
	s.changes = append(s.changes, Change{Type: Removed, ID: s.list.at(index).id, From: index - s.start, To: -1})
}

func (s *step) enter(index int) {
	e := s.list.at(index)
	s.changes = append(s.changes, Change{Type: Added, ID: e.id, From: -1, To: index - s.start, Doc: e.doc})
}

func (s *step) move(from, to int) {
	c := Change{ID: s.id, From: from, To: to}
	switch {
	case from < 0 && to < 0:
		return
	case from < 0:
		c.Type = Added
	case to < 0:
		c.Type = Removed
	case from == to:
		c.Type = Changed
	default:
		c.Type = Moved
	}
	if to >= 0 {
		c.Doc = s.is.doc
	}
	s.changes = append(s.changes, c)
}
