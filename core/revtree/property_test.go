package revtree_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/revtree"
	"github.com/gouchdb/gouchdb/internal/seeds"
)

// hashes are few, so that random paths meet; two of them are of 16 bytes, one is empty.
var hashes = []string{"a", "b", "\x00123456789abcdef", "\xff123456789abcdef", "", "c", "longer than sixteen bytes"}

// randomPath claims a random ancestry. Body and tombstone follow from the revision, as they do between honest replicas.
func randomPath(random *rand.Rand) revtree.Path {
	start := 1 + random.Uint64N(7)
	length := 1 + random.Uint64N(start)
	p := revtree.Path{Revisions: core.Revisions{Start: start}}
	for range length {
		p.Revisions.Hashes = append(p.Revisions.Hashes, hashes[random.IntN(len(hashes))])
	}
	p.Body = 1 + start*100 + uint64(slices.Index(hashes, p.Revisions.Hashes[0]))
	p.Deleted = p.Body%3 == 0
	return p
}

func mergeAll(paths []revtree.Path) revtree.Tree {
	var made revtree.Tree
	for _, p := range paths {
		made, _ = made.Merge(p)
	}
	return made
}

// requireModel compares a tree with the naive one, and its encoding with itself.
func requireModel(t *testing.T, naive *naiveTree, made revtree.Tree) {
	require.NoError(t, made.Check())
	require.Equal(t, naive.all(), slices.Collect(made.All()))
	leaves := naive.leaves()
	require.Equal(t, leaves, made.Leaves())
	for _, node := range naive.all() {
		ancestry, found := made.Ancestry(node.Rev)
		require.True(t, found)
		require.Equal(t, naive.ancestry(node.Rev), ancestry)
		require.Len(t, made.RevsInfo(node.Rev), len(ancestry.Hashes))
		require.Equal(t, naive.leavesBelow(node.Rev), made.LeavesBelow(node.Rev))
	}

	encoded := made.Append([]byte("before"))[len("before"):]
	decoded, err := revtree.Decode(encoded)
	require.NoError(t, err)
	require.True(t, decoded.Equal(made))
	winner, count, err := revtree.DecodeWinner(encoded)
	require.NoError(t, err)
	require.Equal(t, made.Winner(), winner)
	require.Equal(t, len(leaves), count)
	if len(leaves) > 0 {
		require.Equal(t, leaves[0], winner)
	}
}

func TestTreesAgreeWithANaiveModel(t *testing.T) {
	t.Parallel()
	seed := seeds.For(t)
	random := rand.New(rand.NewPCG(seed, 0))
	for range seeds.Rounds(400) {
		naive := newNaiveTree()
		var made revtree.Tree
		for range 1 + random.IntN(12) {
			p := randomPath(random)
			before := made
			made, _ = made.Merge(p)
			naive.merge(p)
			requireModel(t, naive, made)
			require.NoError(t, before.Check(), "a merge changed the tree it began with")
		}

		limit := 1 + random.IntN(5)
		stemmed, bodies := made.Stem(limit)
		goneBodies := naive.stem(limit)
		requireModel(t, naive, stemmed)
		require.ElementsMatch(t, goneBodies, bodies)

		leaves := stemmed.Leaves()
		leaf := leaves[random.IntN(len(leaves))].Rev
		pruned, bodies, ok := stemmed.Prune(leaf)
		require.True(t, ok)
		goneBodies = naive.prune(leaf)
		requireModel(t, naive, pruned)
		require.ElementsMatch(t, goneBodies, bodies)
	}
}

func TestMergeOrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	seed := seeds.For(t)
	random := rand.New(rand.NewPCG(seed, 1))
	for range 400 {
		paths := make([]revtree.Path, 1+random.IntN(12))
		for i := range paths {
			paths[i] = randomPath(random)
		}
		made := mergeAll(paths)
		cut := random.IntN(len(paths) + 1)
		halves := revtree.Merge(mergeAll(paths[cut:]), mergeAll(paths[:cut]))
		require.True(t, made.Equal(halves), "%q", paths)
		random.Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
		shuffled := mergeAll(paths)
		require.True(t, made.Equal(shuffled), "%q", paths)
		require.Equal(t, made.Append(nil), shuffled.Append(nil))
	}
}
