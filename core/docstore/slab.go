package docstore

// slab hands out values that are allocated together: rows are many, and each by itself would cost more than filling it in.
type slab[T any] struct {
	piece []T
	used  int
}

// next returns a value, whatever is in it. When a new piece of memory is needed, it gets room for so many.
func (s *slab[T]) next(room int) *T {
	if s.used == len(s.piece) {
		s.piece, s.used = make([]T, max(room, 1)), 0
	}
	s.used++
	return &s.piece[s.used-1]
}

// reuse takes back what was handed out of the newest piece.
func (s *slab[T]) reuse() { s.used = 0 }

// forget takes it back, too, and lets go of what it refers to.
func (s *slab[T]) forget() {
	clear(s.piece)
	s.used = 0
}
