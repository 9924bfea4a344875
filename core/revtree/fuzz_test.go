package revtree_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/revtree"
)

// treesFrom reads three trees from bytes: each operation is a path, three bytes, for one of them. Nothing keeps the paths from
// contradicting one another in anything.
func treesFrom(program []byte) [3]revtree.Tree {
	var trees [3]revtree.Tree
	for ; len(program) >= 3; program = program[3:] {
		head, seed, body := program[0], program[1], program[2]
		p := revtree.Path{Revisions: core.Revisions{Start: uint64(head >> 2 & 7)}, Deleted: body&1 == 1, Body: uint64(body >> 1)}
		for range 1 + head>>5 {
			p.Revisions.Hashes = append(p.Revisions.Hashes, hashes[int(seed)%len(hashes)])
			seed = seed*5 + 3
		}
		target := int(head&3) % len(trees)
		trees[target], _ = trees[target].Merge(p)
	}
	return trees
}

func FuzzMerge(f *testing.F) {
	f.Add([]byte{0x24, 1, 2, 0x45, 7, 4, 0x66, 9, 9})
	f.Add([]byte{0x28, 1, 2, 0x29, 2, 3, 0x28, 3, 2, 0x2A, 1, 5, 0x4C, 8, 8})
	f.Add([]byte{0xE0, 1, 1, 0xFD, 4, 0, 0x7E, 200, 1, 0xFC, 90, 255, 0x9D, 33, 4})
	f.Fuzz(func(t *testing.T, program []byte) {
		trees := treesFrom(program[:min(len(program), 150)]) // longer ones find nothing more
		a, b, c := trees[0], trees[1], trees[2]
		all := revtree.Merge(a, revtree.Merge(b, c))
		require.NoError(t, all.Check())
		require.True(t, all.Equal(revtree.Merge(revtree.Merge(a, b), c)), "associative")
		require.True(t, revtree.Merge(a, b).Equal(revtree.Merge(b, a)), "commutative")
		require.True(t, all.Equal(revtree.Merge(all, all)), "idempotent")
		require.True(t, all.Equal(revtree.Merge(all, b)), "absorbing")

		for _, made := range []revtree.Tree{a, all} {
			encoded := made.Append(nil)
			decoded, err := revtree.Decode(encoded)
			require.NoError(t, err)
			require.True(t, decoded.Equal(made))
			for _, leaf := range made.Leaves() {
				pruned, _, ok := made.Prune(leaf.Rev)
				require.True(t, ok)
				require.NoError(t, pruned.Check())
			}
			for limit := 1; limit <= 3; limit++ {
				stemmed, _ := made.Stem(limit)
				require.NoError(t, stemmed.Check())
				require.Equal(t, made.Leaves(), stemmed.Leaves())
			}
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte{})
	for _, paths := range [][]string{nil, {"1-a"}, {"3-c b a", "3-d b a†", "9-z", "0-q"}, {"2-b a", "2-b c", "2-b d", "3-x b"},
		{"2-0123456789abcdef0123456789abcdef ff23456789abcdef0123456789abcdef"}} {
		f.Add(tree(f, paths...).Append(nil))
	}
	f.Fuzz(func(t *testing.T, encoded []byte) {
		decoded, err := revtree.Decode(encoded)
		winner, leaves, winnerErr := revtree.DecodeWinner(encoded)
		if err != nil {
			require.True(t, errors.Is(err, core.ErrCorrupt) || errors.Is(err, core.ErrNewerFormat), "%v", err)
			return
		}
		require.NoError(t, decoded.Check())
		require.Equal(t, encoded, decoded.Append([]byte{}))
		require.NoError(t, winnerErr)
		require.Equal(t, decoded.Winner(), winner)
		require.Len(t, decoded.Leaves(), leaves)
	})
}
