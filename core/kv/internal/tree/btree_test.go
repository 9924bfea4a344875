package tree

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/internal/seeds"
)

// A tree of several levels holds what a map holds, whatever is done to it, and so do its copies, which nothing is done to.
func TestATreeHoldsWhatAMapHolds(t *testing.T) {
	t.Parallel()
	for _, length := range []int{0, 70} { // of what all keys begin with: those of 64 bytes and more have longer heads
		seed := seeds.For(t)
		random := rand.New(rand.NewPCG(seed, 0))
		start := bytes.Repeat([]byte("."), length)
		var known [][]byte
		key := func() []byte {
			if len(known) > 0 && random.IntN(3) == 0 {
				return known[random.IntN(len(known))]
			}
			known = append(known, append(bytes.Clone(start), randomBytes(random, 14)...))
			return known[len(known)-1]
		}
		tree, want := New(), map[string]Item{}
		type version struct {
			tree *Tree
			want map[string]Item
		}
		var older []version
		// It grows, shrinks, and is emptied, by keys in any order and by keys in a row.
		for phase, deletes := range []int{1, 5, 2, 9, 0, 10, 0, 10} {
			for i := range 9000 {
				k := key()
				if phase == 4 {
					k = fmt.Appendf(bytes.Clone(start), "%05d", i)
				}
				if random.IntN(10) < deletes {
					previous, deleted := tree.Delete(k)
					was, there := want[string(k)]
					require.True(t, was == previous && there == deleted, "seed %d: delete %q", seed, k)
					delete(want, string(k))
					continue
				}
				item := Pack(k, append(randomBytes(random, 3), '.'), random.IntN(2) == 0) // with a value, for else it might be a mark
				previous, replaced := tree.Put(item)
				was, there := want[string(k)]
				require.True(t, was == previous && there == replaced, "seed %d: put %q", seed, k)
				want[string(k)] = item
			}
			for range 20 { // those in the root, whose place the last one below takes
				if root := tree.items.root; root != nil {
					k := root.items[random.IntN(len(root.items))].Key()
					_, deleted := tree.Delete(k)
					require.True(t, deleted, "seed %d", seed)
					delete(want, string(k))
				}
			}
			if phase == 3 || deletes == 10 {
				keys := slices.Sorted(maps.Keys(want))
				if deletes == 10 {
					slices.Reverse(keys)
				}
				for i, k := range keys {
					if i%50 == 0 { // not only what is left at the end has to be as it must be
						requireSound(t, seed, tree.items.root, true)
					}
					_, deleted := tree.Delete([]byte(k))
					require.True(t, deleted, "seed %d", seed)
					delete(want, k)
				}
			}
			levels := requireHolds(t, seed, random, tree, want)
			if phase == 0 {
				require.Equal(t, 3, levels, "so that nodes with children are split and joined")
			}
			kept := tree.Copy()
			if phase%2 == 0 { // either of both may be written to
				tree, kept = kept, tree
			}
			older = append(older, version{kept, maps.Clone(want)})
		}
		for _, version := range older {
			requireHolds(t, seed, random, version.tree, version.want)
		}
	}
}

// requireHolds checks a tree without a base: what it has, and that its nodes are as they must be. It returns how many levels they have.
func requireHolds(t *testing.T, seed uint64, random *rand.Rand, tree *Tree, want map[string]Item) (levels int) {
	t.Helper()
	require.Equal(t, len(want), tree.Len(), "seed %d", seed)
	var items []Item
	for _, key := range slices.Sorted(maps.Keys(want)) {
		items = append(items, want[key])
	}
	for range 8 {
		from, to := 0, len(items)
		var r kv.Range
		if len(items) > 0 && random.IntN(4) > 0 {
			from = random.IntN(len(items))
			to = from + random.IntN(len(items)-from)
			r.From, r.To = items[from].Key(), items[to].Key()
		}
		got := slices.Collect(tree.Scan(r))
		require.True(t, slices.Equal(items[from:to], got), "seed %d: %q", seed, r)
		r.Reverse = true
		got = slices.Collect(tree.Scan(r))
		slices.Reverse(got)
		require.True(t, slices.Equal(items[from:to], got), "seed %d: %q reversed", seed, r)
	}
	keys := make([][]byte, len(items))
	for i, item := range items {
		keys[i] = item.Key()
	}
	many := make([]Item, len(items))
	tree.GetMany(keys, func(i int, item Item) { many[i] = item })
	require.True(t, slices.Equal(items, many), "seed %d", seed)
	if root := tree.items.root; root != nil {
		levels = requireSound(t, seed, root, true)
	}
	return levels
}

// requireSound checks a node and those below it, and returns how many levels they have.
func requireSound(t *testing.T, seed uint64, n *node, root bool) (levels int) {
	t.Helper()
	require.LessOrEqual(t, len(n.items), mostItems, "seed %d", seed)
	if root {
		require.NotEmpty(t, n.items, "seed %d", seed)
	} else {
		require.GreaterOrEqual(t, len(n.items), fewestItems, "seed %d", seed)
	}
	require.True(t, slices.IsSortedFunc(n.items, func(a, b Item) int { return cmp.Or(bytes.Compare(a.Key(), b.Key()), 1) }), "seed %d", seed)
	if n.children == nil {
		return 1
	}
	require.Len(t, n.children, len(n.items)+1, "seed %d", seed)
	for i, child := range n.children {
		below := requireSound(t, seed, child, false)
		if i > 0 {
			require.Equal(t, levels, below+1, "seed %d", seed)
		}
		levels = below + 1
	}
	return levels
}
