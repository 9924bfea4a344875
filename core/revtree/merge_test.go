package revtree_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/revtree"
)

func TestMergeOfAPath(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		before  []string
		write   string // with body 9
		outcome revtree.Outcome
		after   []string
	}{
		{"first revision", nil, "1-a", revtree.NewLeaf, []string{"1-a leaf body 9"}},
		{"first revision with ancestors", nil, "2-b a", revtree.NewLeaf, []string{"2-b leaf body 9 < a", "1-a"}},
		{"extends the leaf", []string{"1-a"}, "2-b a", revtree.NewLeaf, []string{"2-b leaf body 9 < a", "1-a body 1"}},
		{"extends the leaf by several", []string{"1-a"}, "3-c b a", revtree.NewLeaf, []string{"3-c leaf body 9 < b < a", "2-b < a", "1-a body 1"}},
		{"extends a losing leaf", []string{"2-b a", "2-c a"}, "3-x b a", revtree.NewLeaf, []string{"3-x leaf body 9 < b < a", "2-c leaf body 2 < a", "2-b body 1 < a", "1-a"}},
		{"extends a losing leaf below the winner", []string{"2-b a", "4-e d c a"}, "3-x b", revtree.NewLeaf,
			[]string{"4-e leaf body 2 < d < c < a", "3-x leaf body 9 < b < a", "3-d < c < a", "2-c < a", "2-b body 1 < a", "1-a"}},
		{"tombstone", []string{"1-a"}, "2-b a†", revtree.NewLeaf, []string{"2-b† leaf body 9 < a", "1-a body 1"}},
		{"an extended tombstone stays one", []string{"2-b a†"}, "3-c b a", revtree.NewLeaf, []string{"3-c leaf body 9 < b < a", "2-b† body 1 < a", "1-a"}},
		{"branches off", []string{"2-b a"}, "2-c a", revtree.NewBranch, []string{"2-c leaf body 9 < a", "2-b leaf body 1 < a", "1-a"}},
		{"another root", []string{"1-a"}, "1-b", revtree.NewBranch, []string{"1-b leaf body 9", "1-a leaf body 1"}},
		{"without the ancestors that would join it", []string{"1-a"}, "3-c", revtree.NewBranch, []string{"3-c leaf body 9", "1-a leaf body 1"}},
		{"known leaf", []string{"2-b a"}, "2-b a", revtree.Known, []string{"2-b leaf body 1 < a", "1-a"}},
		{"known leaf with fewer ancestors", []string{"2-b a"}, "2-b", revtree.Known, []string{"2-b leaf body 1 < a", "1-a"}},
		{"known inner revision with a body", []string{"1-a", "2-b a"}, "1-a", revtree.Known, []string{"2-b leaf body 2 < a", "1-a body 1"}},
		{"a known living revision is not deleted by saying so", []string{"1-a"}, "1-a†", revtree.Known, []string{"1-a leaf body 1"}},
		{"body of an inner revision", []string{"2-b a"}, "1-a", revtree.Enriched, []string{"2-b leaf body 1 < a", "1-a body 9"}},
		{"an inner revision was a tombstone", []string{"2-b a"}, "1-a†", revtree.Enriched, []string{"2-b leaf body 1 < a", "1-a† body 9"}},
		{"older ancestors than were known", []string{"3-c b"}, "3-c b a", revtree.Enriched, []string{"3-c leaf body 1 < b < a", "2-b < a", "1-a"}},
		{"older ancestors under a new leaf", []string{"3-c"}, "4-d c b a", revtree.NewLeaf, []string{"4-d leaf body 9 < c < b < a", "3-c body 1 < b < a", "2-b < a", "1-a"}},
		{"two roots become one", []string{"3-c b", "1-a"}, "2-b a", revtree.Enriched, []string{"3-c leaf body 1 < b < a", "2-b body 9 < a", "1-a body 2"}},
		{"three roots become one", []string{"5-e", "3-c", "1-a"}, "6-f e d c b a", revtree.NewLeaf,
			[]string{"6-f leaf body 9 < e < d < c < b < a", "5-e body 1 < d < c < b < a", "4-d < c < b < a", "3-c body 2 < b < a", "2-b < a", "1-a body 3"}},
		{"the same hash at two generations", []string{"1-a"}, "2-a a", revtree.NewLeaf, []string{"2-a leaf body 9 < a", "1-a body 1"}},
		{"another parent for a leaf", []string{"2-b a"}, "2-b c", revtree.Enriched, []string{"2-b leaf body 1 < c", "1-c", "1-a"}},
		{"the lesser parent again", []string{"2-b a", "2-b c"}, "2-b a", revtree.Known, []string{"2-b leaf body 1 < c", "1-c", "1-a"}},
		{"extends the winner of a tree with two parents", []string{"2-b a", "2-b c"}, "3-d b", revtree.NewLeaf, []string{"3-d leaf body 9 < b < c", "2-b body 1 < c", "1-c", "1-a"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			before := tree(t, test.before...)
			was := show(before)
			after, outcome := before.Merge(path(t, test.write, 9))
			assert.Equal(t, test.outcome, outcome)
			assert.Equal(t, test.after, show(after))
			assert.NoError(t, after.Check())
			assert.Equal(t, was, show(before), "the tree was changed by a merge")
			assert.Equal(t, outcome == revtree.Known, after.Equal(before))
			again, outcome := after.Merge(path(t, test.write, 10))
			assert.Equal(t, revtree.Known, outcome)
			assert.True(t, again.Equal(after))
		})
	}
}

func TestMergeOfAnOddPath(t *testing.T) {
	t.Parallel()
	before := tree(t, "1-a")
	for name, revisions := range map[string]core.Revisions{
		"no revisions":                       {Start: 3},
		"the zero revision":                  {Hashes: []string{""}},
		"ancestors below generation 0":       {Start: 1, Hashes: []string{"a", "", "x", "y"}},
		"a zero revision below generation 1": {Start: 1, Hashes: []string{"a", ""}},
	} {
		after, outcome := before.Merge(revtree.Path{Revisions: revisions, Body: 9})
		assert.Equal(t, revtree.Known, outcome, name)
		assert.True(t, after.Equal(before), name)
	}
	after, outcome := before.Merge(revtree.Path{Revisions: core.Revisions{Start: 1, Hashes: []string{"a", "z", "y"}}, Body: 9})
	assert.Equal(t, revtree.Enriched, outcome)
	assert.Equal(t, []string{"1-a leaf body 1 < z", "0-z"}, show(after))
}

func TestAskingWithinATree(t *testing.T) {
	t.Parallel()
	made := tree(t, "3-c b a", "3-d b a†", "2-e a", "5-y x", "2-b a†")
	for asked, below := range map[string]string{
		"1-a": "2-e 3-c 3-d†", "2-b": "3-c 3-d†", "3-c": "3-c", "3-d": "3-d†", "2-e": "2-e", "4-x": "5-y", "2-c": "", "9-z": "",
	} {
		assert.Equal(t, below, nodeWords(made.LeavesBelow(rev(t, asked))), asked)
	}
	assert.Equal(t, []core.RevInfo{
		{Rev: rev(t, "3-c"), Status: "available"}, {Rev: rev(t, "2-b"), Status: "deleted"}, {Rev: rev(t, "1-a"), Status: "missing"},
	}, made.RevsInfo(rev(t, "3-c")))
	ancestry, found := made.Ancestry(rev(t, "2-b"))
	assert.True(t, found)
	assert.Equal(t, core.Revisions{Start: 2, Hashes: []string{"b", "a"}}, ancestry)

	missing, ancestors := made.Missing(revs(t, "4-q 1-a 3-q 4-q 2-b"))
	assert.Equal(t, "3-q 4-q", words(missing))
	assert.Equal(t, "3-c 2-e 3-d", words(ancestors))
	missing, ancestors = made.Missing(revs(t, "1-a 4-x"))
	assert.Empty(t, missing)
	assert.Empty(t, ancestors)
}
