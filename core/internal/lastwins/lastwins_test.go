package lastwins_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gouchdb/gouchdb/core/internal/lastwins"
	"github.com/gouchdb/gouchdb/internal/seeds"
)

// An object is written as a member name of one letter, a digit, and so on: "a1b2a3". The rule is then easy to say once more.
func TestCutKeepsTheLastOfEachName(t *testing.T) {
	t.Parallel()
	seed := seeds.For(t)
	random := rand.New(rand.NewPCG(seed, 0))
	var cutter lastwins.Cutter
	for range 500 {
		size := random.IntN(60)
		var text, want strings.Builder
		var starts []int
		for i := range size {
			starts = append(starts, 2*i)
			text.WriteByte('a' + byte(random.IntN(40)))
			text.WriteByte('0' + byte(random.IntN(10)))
		}
		for i := 0; i < text.Len(); i += 2 {
			if !memberFollows(text.String()[i+2:], text.String()[i]) {
				want.WriteString(text.String()[i : i+2])
			}
		}
		cutter.Reset()
		buf := []byte(text.String())
		dropped := cutter.Object(starts, func(start int) []byte { return spelled(buf[start]) })
		got := string(cutter.Cut(buf))
		assert.Equal(t, want.String(), got, "%s", text.String())
		assert.Equal(t, text.Len()-want.Len(), 2*dropped)
	}
}

// spelled returns the name that a letter stands for: one is empty, and a third of them differ only where a quick look does not look.
func spelled(letter byte) []byte {
	switch {
	case letter == 'a':
		return nil
	case letter%3 == 0:
		return []byte{'n', letter, 'n', 'n', 'n', 'n'}
	}
	return []byte{letter}
}

func memberFollows(rest string, name byte) bool {
	for i := 0; i < len(rest); i += 2 {
		if rest[i] == name {
			return true
		}
	}
	return false
}

func TestCutsInsideCuts(t *testing.T) {
	t.Parallel()
	text := []byte("x(a1a2)x(a3b4a5)y6")
	name := func(start int) []byte { return text[start : start+1] }
	var cutter lastwins.Cutter
	assert.Equal(t, 1, cutter.Object([]int{2, 4}, name))
	assert.Equal(t, 1, cutter.Object([]int{9, 11, 13}, name))
	assert.Equal(t, 1, cutter.Object([]int{0, 7, 16}, name))
	assert.Positive(t, cutter.Size())
	assert.Equal(t, "x(b4a5)y6", string(cutter.Cut(text)))
}
