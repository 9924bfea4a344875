package tree

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/internal/seeds"
)

// Scans have what is in their range, wherever in a tree of several levels the bounds are: at keys, beside them, beyond all, open, or the wrong way round.
func TestScansEndWhereTheirRangesDo(t *testing.T) {
	t.Parallel()
	seed := seeds.For(t)
	random := rand.New(rand.NewPCG(seed, 0))
	const count = 5000 // even numbers
	plain := New()
	for _, n := range random.Perm(count) {
		plain.Put(Pack(fmt.Appendf(nil, "%05d", 2*n), nil, false))
	}
	require.NotNil(t, plain.items.root.children[0].children, "three levels")
	for _, tree := range []*Tree{plain, overPagesOf(plain, 32)} {
		for range 400 {
			from, to := random.IntN(2*count), random.IntN(2*count+10)
			if random.IntN(3) == 0 {
				to = min(from+random.IntN(150), 2*count)
			}
			r := kv.Range{From: fmt.Appendf(nil, "%05d", from), To: fmt.Appendf(nil, "%05d", to)}
			if random.IntN(8) == 0 {
				from, r.From = 0, nil
			}
			if random.IntN(8) == 0 {
				to, r.To = 2*count, nil
			}
			var want []string
			for n := from + from%2; n < min(to, 2*count); n += 2 {
				want = append(want, string(fmt.Appendf(nil, "%05d", n)))
			}
			for _, r.Reverse = range []bool{false, true} {
				var got []string
				for item := range tree.Scan(r) {
					got = append(got, string(item.Key()))
				}
				require.Equal(t, want, got, "seed %d: %s to %s", seed, strconv.Quote(string(r.From)), strconv.Quote(string(r.To)))
				slices.Reverse(want)
			}
		}
	}
}
