package revtree_test

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/revtree"
)

func rev(t testing.TB, text string) core.Rev {
	t.Helper()
	r, err := core.ParseRev(text)
	require.NoError(t, err)
	return r
}

func revs(t testing.TB, texts string) []core.Rev {
	t.Helper()
	var all []core.Rev
	for _, text := range strings.Fields(texts) {
		all = append(all, rev(t, text))
	}
	return all
}

// path reads "3-c b a", with a "†" at the end for a tombstone.
func path(t testing.TB, text string, body uint64) revtree.Path {
	t.Helper()
	text, deleted := strings.CutSuffix(text, "†")
	words := strings.Fields(text)
	newest := rev(t, words[0])
	p := revtree.Path{Revisions: core.Revisions{Start: newest.Generation, Hashes: []string{newest.Hash}}, Deleted: deleted, Body: body}
	for _, word := range words[1:] {
		hash, err := core.ParseHash(word)
		require.NoError(t, err)
		p.Revisions.Hashes = append(p.Revisions.Hashes, hash)
	}
	return p
}

// tree merges paths; the bodies are numbered from 1.
func tree(t testing.TB, paths ...string) revtree.Tree {
	t.Helper()
	var made revtree.Tree
	for i, text := range paths {
		made, _ = made.Merge(path(t, text, uint64(i+1)))
	}
	require.NoError(t, made.Check())
	return made
}

// show spells a tree out: each revision with its flags and its ancestors.
func show(made revtree.Tree) []string {
	var lines []string
	for node := range made.All() {
		line := node.Rev.String()
		if node.Deleted {
			line += "†"
		}
		if node.Leaf {
			line += " leaf"
		}
		if node.Body != 0 {
			line += " body " + strconv.FormatUint(node.Body, 10)
		}
		ancestry, _ := made.Ancestry(node.Rev)
		for _, hash := range ancestry.Hashes[1:] {
			line += " < " + core.FormatHash(hash)
		}
		lines = append(lines, line)
	}
	return lines
}

func words(all []core.Rev) string {
	var texts []string
	for _, r := range all {
		texts = append(texts, r.String())
	}
	return strings.Join(texts, " ")
}

func nodeWords(nodes []revtree.Node) string {
	var texts []string
	for _, node := range nodes {
		text := node.Rev.String()
		if node.Deleted {
			text += "†"
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, " ")
}

func TestEmptyTreeAnswersEverything(t *testing.T) {
	t.Parallel()
	var empty revtree.Tree
	assert.True(t, empty.IsEmpty())
	assert.Zero(t, empty.Winner())
	assert.Empty(t, empty.Leaves())
	assert.Empty(t, empty.Conflicts())
	assert.Empty(t, empty.DeletedConflicts())
	assert.Empty(t, empty.LeavesBelow(rev(t, "1-a")))
	assert.Nil(t, empty.RevsInfo(rev(t, "1-a")))
	_, found := empty.Lookup(rev(t, "1-a"))
	assert.False(t, found)
	_, found = empty.Ancestry(rev(t, "1-a"))
	assert.False(t, found)
	missing, ancestors := empty.Missing(revs(t, "2-b 1-a 2-b"))
	assert.Equal(t, "1-a 2-b", words(missing))
	assert.Empty(t, ancestors)
	_, _, ok := empty.Prune(rev(t, "1-a"))
	assert.False(t, ok)
	stemmed, bodies := empty.Stem(1)
	assert.True(t, stemmed.IsEmpty())
	assert.Empty(t, bodies)
	require.NoError(t, empty.Check())

	decoded, err := revtree.Decode(empty.Append(nil))
	require.NoError(t, err)
	assert.True(t, decoded.Equal(empty))
}

func TestWinnerOrder(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name                           string
		paths                          []string
		leaves, conflicts, deletedOnes string
	}{
		{"the living before the deleted", []string{"1-a", "3-c b x†"}, "1-a 3-c†", "", "3-c"},
		{"higher generation", []string{"2-a x", "3-a b x"}, "3-a 2-a", "2-a", ""},
		{"greater hash", []string{"2-a x", "2-b x"}, "2-b 2-a", "2-a", ""},
		{"generations are numbers", []string{"9-z", "10-a"}, "10-a 9-z", "9-z", ""},
		{"hexadecimal hashes are bytes: 0x5f is less than 'b', 0xff greater", []string{"1-b", "1-5f000000000000000000000000000000", "1-ff000000000000000000000000000000"},
			"1-ff000000000000000000000000000000 1-b 1-5f000000000000000000000000000000", "1-b 1-5f000000000000000000000000000000", ""},
		{"all deleted", []string{"2-a x†", "2-b x†", "1-z†"}, "2-b† 2-a† 1-z†", "", "2-a 1-z"},
		{"a deleted leaf below a living branch", []string{"2-a x", "2-b x", "3-c b†"}, "2-a 3-c†", "", "3-c"},
		{"two first revisions are a conflict", []string{"1-a", "1-b"}, "1-b 1-a", "1-a", ""},
		{"the same hash at two generations", []string{"2-a a", "3-a a a"}, "3-a", "", ""},
		{"generation 0", []string{"0-a"}, "0-a", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			made := tree(t, test.paths...)
			assert.Equal(t, test.leaves, nodeWords(made.Leaves()))
			assert.Equal(t, made.Leaves()[0], made.Winner())
			assert.Equal(t, test.conflicts, words(made.Conflicts()))
			assert.Equal(t, test.deletedOnes, words(made.DeletedConflicts()))
		})
	}
}

func ascending(nodes []revtree.Node) []revtree.Node {
	slices.SortFunc(nodes, func(a, b revtree.Node) int { return a.Rev.Compare(b.Rev) })
	return nodes
}

func ascendingRevs(set map[core.Rev]bool) []core.Rev {
	return slices.SortedFunc(maps.Keys(set), core.Rev.Compare)
}
