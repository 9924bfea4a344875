package revtree_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/revtree"
)

func TestStem(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		paths  []string
		limit  int
		after  []string
		bodies []uint64
	}{
		{"nothing to do", []string{"2-b a"}, 2, []string{"2-b leaf body 1 < a", "1-a"}, nil},
		{"one path", []string{"1-a", "2-b a", "3-c b"}, 2, []string{"3-c leaf body 3 < b", "2-b body 2"}, []uint64{1}},
		{"a limit of 1", []string{"1-a", "2-b a", "3-c b"}, 1, []string{"3-c leaf body 3"}, []uint64{2, 1}},
		{"a limit below 1 counts as 1", []string{"1-a", "2-b a"}, 0, []string{"2-b leaf body 2"}, []uint64{1}},
		{"an early branch does not keep the trunk", []string{"1-a", "2-x a", "5-e d c b a"}, 2,
			[]string{"5-e leaf body 3 < d", "4-d", "2-x leaf body 2 < a", "1-a body 1"}, nil},
		{"a shared ancestor stays while one branch needs it", []string{"2-b a", "3-x b a", "4-d c b a"}, 2,
			[]string{"4-d leaf body 3 < c < b", "3-x leaf body 2 < b", "3-c < b", "2-b body 1"}, nil},
		{"roots apart", []string{"3-c b a", "9-z y x"}, 2, []string{"9-z leaf body 2 < y", "8-y", "3-c leaf body 1 < b", "2-b"}, nil},
		{"two parents", []string{"1-a", "2-b a", "2-b c", "3-d b"}, 2, []string{"3-d leaf body 4 < b", "2-b body 2"}, []uint64{1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			before := tree(t, test.paths...)
			was := show(before)
			after, bodies := before.Stem(test.limit)
			assert.Equal(t, test.after, show(after))
			assert.Equal(t, test.bodies, bodies)
			assert.NoError(t, after.Check())
			assert.Equal(t, was, show(before))
			again, bodies := after.Stem(test.limit)
			assert.True(t, again.Equal(after))
			assert.Empty(t, bodies)
		})
	}
}

// An early conflict must not stop the trunk from being cut: in such a tree what is kept is bounded.
func TestStemmedTreeStaysSmall(t *testing.T) {
	t.Parallel()
	made := tree(t, "1-a", "2-x a")
	made, _ = made.Merge(path(t, "2-0 a", 3))
	for generation := 3; generation <= 2000; generation++ {
		text := strconv.Itoa(generation) + "-" + strconv.Itoa(generation-2) + " " + strconv.Itoa(generation-3)
		var outcome revtree.Outcome
		made, outcome = made.Merge(path(t, text, uint64(generation+1)))
		require.Equal(t, revtree.NewLeaf, outcome)
		made, _ = made.Stem(10)
	}
	require.NoError(t, made.Check())
	assert.Equal(t, 12, made.Len())
	assert.Equal(t, "2000-1998 2-x", nodeWords(made.Leaves()))
	ancestry, _ := made.Ancestry(made.Winner().Rev)
	assert.Len(t, ancestry.Hashes, 10)
}

func TestPrune(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		paths  []string
		leaf   string
		after  []string
		bodies []uint64
		ok     bool
	}{
		{"the only leaf", []string{"1-a", "2-b a"}, "2-b", nil, []uint64{2, 1}, true},
		{"one branch", []string{"1-a", "3-c b a", "2-x a"}, "3-c", []string{"2-x leaf body 3 < a", "1-a body 1"}, []uint64{2}, true},
		{"one root of two", []string{"1-a", "2-c b"}, "1-a", []string{"2-c leaf body 2 < b", "1-b"}, []uint64{1}, true},
		{"one child of two parents", []string{"2-b a", "2-b c", "2-d c"}, "2-b", []string{"2-d leaf body 3 < c", "1-c"}, []uint64{1}, true},
		{"an inner revision", []string{"2-b a"}, "1-a", []string{"2-b leaf body 1 < a", "1-a"}, nil, false},
		{"an unknown revision", []string{"2-b a"}, "2-a", []string{"2-b leaf body 1 < a", "1-a"}, nil, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			after, bodies, ok := tree(t, test.paths...).Prune(rev(t, test.leaf))
			assert.Equal(t, test.ok, ok)
			assert.Equal(t, test.after, show(after))
			assert.Equal(t, test.bodies, bodies)
			assert.NoError(t, after.Check())
			assert.Equal(t, len(test.after) == 0, after.IsEmpty())
		})
	}
}

func TestWithoutInnerBodies(t *testing.T) {
	t.Parallel()
	before := tree(t, "1-a", "2-b a†", "3-c b", "2-x a†")
	was := show(before)
	after, bodies := before.WithoutInnerBodies()
	assert.Equal(t, []string{"3-c leaf body 3 < b < a", "2-x† leaf body 4 < a", "2-b < a", "1-a"}, show(after))
	assert.Equal(t, []uint64{2, 1}, bodies)
	assert.Equal(t, was, show(before))

	again, bodies := after.WithoutInnerBodies()
	assert.True(t, again.Equal(after))
	assert.Empty(t, bodies)
	assert.Equal(t, core.RevInfo{Rev: rev(t, "2-b"), Status: "missing"}, after.RevsInfo(rev(t, "3-c"))[1])
}
