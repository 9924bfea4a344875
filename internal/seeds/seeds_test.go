package seeds_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gouchdb/gouchdb/internal/seeds"
)

func TestSeeds(t *testing.T) {
	t.Setenv(seeds.Variable, "")
	assert.Equal(t, seeds.For(t), seeds.For(t), "the same in every run")
	t.Setenv(seeds.Variable, "42")
	assert.Equal(t, uint64(42), seeds.For(t))
	t.Setenv(seeds.Variable, "random")
	assert.NotEqual(t, seeds.For(t), seeds.For(t))
}

func TestRounds(t *testing.T) {
	want := map[bool][]int{false: {1, 4, 10}, true: {1, 1, 3}}[testing.Short()]
	assert.Equal(t, want, []int{seeds.Rounds(1), seeds.Rounds(4), seeds.Rounds(10)})
}
