// Package arena keeps many small byte slices that are needed for about as long in a few large pieces of memory. That is faster than to allocate each by itself, and
// leaves the garbage collector less to do; but a piece is kept as long as anything in it is.
package arena

// The first piece is small, since there may be little to keep; each is twice as large as the one before.
const (
	fewestBytes = 256
	mostBytes   = 32 << 10
)

// Arena hands out memory. The zero value is ready for use. With a nil Arena, each slice has memory of its own.
type Arena struct {
	piece []byte
}

// Make returns an empty slice with room for so many bytes. What is appended beyond that goes elsewhere.
func (a *Arena) Make(size int) []byte {
	if a == nil {
		return make([]byte, 0, size)
	}
	if cap(a.piece)-len(a.piece) < size {
		a.piece = make([]byte, 0, max(size, min(2*cap(a.piece), mostBytes), fewestBytes))
	}
	start := len(a.piece)
	a.piece = a.piece[:start+size]
	return a.piece[start:start:len(a.piece)]
}

// Clone returns a copy of data.
func (a *Arena) Clone(data []byte) []byte { return append(a.Make(len(data)), data...) }
