package order_test

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/internal/order"
)

// It does what slices.SortStableFunc does.
func TestFunc(t *testing.T) {
	t.Parallel()
	type element struct{ key, place int }
	const seed = 1
	random := rand.New(rand.NewPCG(seed, 0))
	for n := range 400 {
		s := make([]element, n)
		for i := range s {
			s[i] = element{random.IntN(n/2 + 1), i}
		}
		switch n % 4 {
		case 0:
			slices.SortFunc(s, func(a, b element) int { return b.key - a.key })
		case 1:
			slices.SortFunc(s[:n/2], func(a, b element) int { return a.key - b.key })
		}
		byKey := func(a, b element) int { return cmp.Compare(a.key, b.key) }
		want := slices.Clone(s)
		slices.SortStableFunc(want, byKey)
		order.Func(s, byKey)
		require.Equal(t, want, s, "%d elements, seed %d", n, seed)
	}
}

func TestValues(t *testing.T) {
	t.Parallel()
	texts := []string{"b", "", "é", "a", "b"}
	order.Values(texts)
	require.Equal(t, []string{"", "a", "b", "b", "é"}, texts)
	var none []int
	order.Values(none)
	require.Nil(t, none)
}

func BenchmarkFunc(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 0))
	values := make([]uint64, 10_000)
	for i := range values {
		values[i] = random.Uint64()
	}
	for name, sort := range map[string]func([]uint64){
		"order": order.Values[uint64], "slices": func(s []uint64) { slices.SortFunc(s, cmp.Compare[uint64]) },
	} {
		b.Run(name, func(b *testing.B) {
			s := make([]uint64, len(values))
			for b.Loop() {
				copy(s, values)
				sort(s)
			}
		})
	}
}
