package livequery

import (
	"bytes"
	"slices"
)

// entry is a document in the result, as it is shown.
type entry struct {
	id       string
	position []byte // in the order of the sort
	doc      []byte // JSON
}

// same reports whether nobody can see a difference.
func (e *entry) same(other *entry) bool {
	return bytes.Equal(e.position, other.position) && bytes.Equal(e.doc, other.doc)
}

// list holds entries in order. It is cut into pieces, so that a change in the middle moves a piece, not everything.
type list struct {
	descending bool
	pieces     [][]*entry
	count      int
}

const mostInPiece = 512

func (l *list) compare(a, b []byte) int {
	if l.descending {
		a, b = b, a
	}
	return bytes.Compare(a, b)
}

// locate returns where an entry with this position is, or would be: the piece, the place in it, and the index in the list.
func (l *list) locate(position []byte) (piece, place, index int, found bool) {
	piece, _ = slices.BinarySearchFunc(l.pieces, position, func(p []*entry, position []byte) int {
		return l.compare(p[len(p)-1].position, position)
	})
	for _, p := range l.pieces[:piece] {
		index += len(p)
	}
	if piece == len(l.pieces) {
		return piece, 0, index, false
	}
	place, found = slices.BinarySearchFunc(l.pieces[piece], position, func(e *entry, position []byte) int {
		return l.compare(e.position, position)
	})
	return piece, place, index + place, found
}

// insert puts an entry into its place, and returns its index.
func (l *list) insert(e *entry) int {
	piece, place, index, _ := l.locate(e.position)
	l.count++
	if piece == len(l.pieces) {
		if piece == 0 {
			l.pieces = append(l.pieces, []*entry{e})
			return index
		}
		piece--
		place = len(l.pieces[piece])
	}
	p := slices.Insert(l.pieces[piece], place, e)
	l.pieces[piece] = p
	if len(p) > mostInPiece {
		half := len(p) / 2
		l.pieces = slices.Insert(l.pieces, piece+1, slices.Clone(p[half:]))
		clear(p[half:])
		l.pieces[piece] = p[:half]
	}
	return index
}

// remove takes an entry out, and returns the index that it had.
func (l *list) remove(e *entry) int {
	piece, place, index, _ := l.locate(e.position)
	l.count--
	l.pieces[piece] = slices.Delete(l.pieces[piece], place, place+1)
	if len(l.pieces[piece]) == 0 {
		l.pieces = slices.Delete(l.pieces, piece, piece+1)
	}
	return index
}

func (l *list) at(index int) *entry {
	for _, p := range l.pieces {
		if index < len(p) {
			return p[index]
		}
		index -= len(p)
	}
	return nil
}

// part copies the entries from one index to another.
func (l *list) part(from, to int) []*entry {
	to = min(to, l.count)
	var entries []*entry
	for _, p := range l.pieces {
		if from < len(p) && to > 0 {
			entries = append(entries, p[max(from, 0):min(to, len(p))]...)
		}
		from, to = from-len(p), to-len(p)
	}
	return entries
}
