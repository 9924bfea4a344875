package arena_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gouchdb/gouchdb/core/internal/arena"
)

// Slices of many lengths keep what was written to them, whatever is made, or appended beyond their room, afterwards.
func TestSlicesAreApart(t *testing.T) {
	t.Parallel()
	var a arena.Arena
	var made [][]byte
	content := func(i int) []byte { return bytes.Repeat([]byte{byte(i)}, i*i%700) }
	for i := range 500 {
		data := content(i)
		if i%3 == 0 {
			made = append(made, a.Clone(data))
			continue
		}
		slice := a.Make(len(data))
		assert.Empty(t, slice)
		assert.Equal(t, len(data), cap(slice))
		slice = append(slice, data...)
		made = append(made, slice)
		_ = append(slice, 0xFF, 0xFF)
	}
	for i, slice := range made {
		assert.True(t, bytes.Equal(content(i), slice), i)
	}
}

// Slices that are larger than any piece are made all the same, and what is small shares few pieces.
func TestPieces(t *testing.T) {
	var a arena.Arena
	assert.Equal(t, 1<<20, cap(a.Make(1<<20)))
	allocations := testing.AllocsPerRun(10, func() {
		var a arena.Arena
		for range 1000 {
			a.Clone([]byte("some twenty bytes of"))
		}
	})
	assert.LessOrEqual(t, allocations, 8.0)
	var none *arena.Arena
	assert.Equal(t, 7, cap(none.Make(7)))
	assert.Equal(t, []byte("text"), none.Clone([]byte("text")))
}
