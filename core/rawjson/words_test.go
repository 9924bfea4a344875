package rawjson

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/internal/seeds"
)

// Looking at eight bytes at a time finds what looking at each finds.
func TestWords(t *testing.T) {
	t.Parallel()
	seed := seeds.For(t)
	random := rand.New(rand.NewPCG(seed, 0))
	first := func(text []byte, i int, found func(c byte) bool) int {
		for i < len(text) && !found(text[i]) {
			i++
		}
		return i
	}
	inner := func(c byte) bool { return c == '"' || c == '\\' }
	special := func(c byte) bool { return inner(c) || c < 0x20 || c >= 0x80 }
	// The bytes beside those that are looked for, and those that borrowing or a sign bit could be mistaken for.
	odd := "\"\\!#[]\x00\x1f\x20\x7f\x80\xa2\xdc\xff"
	for range 20_000 {
		text := []byte(strings.Repeat("x", random.IntN(40)))
		for i := range text {
			switch random.IntN(12) {
			case 0:
				text[i] = odd[random.IntN(len(odd))]
			case 1:
				text[i] = byte(random.Uint32())
			}
		}
		i := random.IntN(len(text) + 1)
		require.Equal(t, first(text, i, inner), skipInner(text, i), "%q from %d", text, i)
		require.Equal(t, first(text, i, special), skipPlain(text, i), "%q from %d", text, i)
	}
}
