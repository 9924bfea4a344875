package tree

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/internal/seeds"
)

// randomBytes are of few different values, so that keys share prefixes, and of any length up to most.
func randomBytes(random *rand.Rand, most int) []byte {
	text := make([]byte, random.IntN(most+1))
	for i := range text {
		text[i] = "\x00ab\xff"[random.IntN(4)]
	}
	return text
}

func TestItemsAreOrderedByKey(t *testing.T) {
	t.Parallel()
	seed := seeds.For(t)
	random := rand.New(rand.NewPCG(seed, 0))
	lengths := []int{0, 1, 7, 8, 9, 16, 62, 63, 64, 65, 127, 128, 300} // around where a comparison ends, and where the head of an item grows
	for range 5000 {
		a := append(bytes.Repeat([]byte("a"), lengths[random.IntN(len(lengths))]), randomBytes(random, 3)...)
		b := append(bytes.Repeat([]byte("a"), lengths[random.IntN(len(lengths))]), randomBytes(random, 3)...)
		x := Pack(a, randomBytes(random, 5), random.IntN(2) == 0)
		y := Pack(b, randomBytes(random, 5), random.IntN(2) == 0)
		require.Equal(t, bytes.Compare(a, b) < 0, less(x, y), "seed %d: %q, %q", seed, a, b)
		at, found := search([]Item{x}, b)
		require.Equal(t, bytes.Compare(a, b) < 0, at == 1, "seed %d: %q, %q", seed, a, b)
		require.Equal(t, bytes.Equal(a, b), found, "seed %d: %q, %q", seed, a, b)
	}
}

func TestPackerMakesWhatPackMakes(t *testing.T) {
	t.Parallel()
	seed := seeds.For(t)
	random := rand.New(rand.NewPCG(seed, 0))
	var packer Packer
	var got, want []Item
	for range 3000 {
		start, rest, value := randomBytes(random, 100), randomBytes(random, 100), randomBytes(random, 300)
		if random.IntN(200) == 0 {
			value = bytes.Repeat([]byte("v"), 2*pieceBytes)
		}
		external := random.IntN(2) == 0
		got = append(got, packer.Pack(start, rest, value, external))
		want = append(want, Pack(append(bytes.Clone(start), rest...), value, external))
	}
	// All of them once more, now that what came after stands in the same pieces.
	assert.Equal(t, want, got, "seed %d", seed)
}

func TestGetManyFindsWhatGetFinds(t *testing.T) {
	t.Parallel()
	seed := seeds.For(t)
	random := rand.New(rand.NewPCG(seed, 0))
	tree := New()
	for range 2000 {
		tree.Put(Pack(randomBytes(random, 8), randomBytes(random, 4), false))
	}
	keys := make([][]byte, 500)
	for i := range keys {
		keys[i] = randomBytes(random, 8)
	}
	got := make([]Item, len(keys))
	tree.GetMany(keys, func(i int, item Item) { got[i] = item })
	for i, key := range keys {
		want, _ := tree.Get(key)
		require.Equal(t, want, got[i], "seed %d: %q", seed, key)
	}
}
