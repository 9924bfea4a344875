package replication

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
)

func TestDiffPolicy(t *testing.T) {
	t.Parallel()
	asks := func(p *diffPolicy, n int) (asked []bool) {
		for range n {
			asked = append(asked, p.ask())
		}
		return asked
	}
	var p diffPolicy
	assert.Equal(t, []bool{true, true, true}, asks(&p, 3), "nothing is assumed")
	p.learn(1000, 949)
	assert.True(t, p.ask())
	p.learn(tellingDiff-1, tellingDiff-1)
	assert.True(t, p.ask(), "too few to tell")
	p.learn(1000, 950)
	assert.Equal(t, []bool{false, false, false, false, false, false, false, true, true}, asks(&p, 9))
	p.learn(1000, 1000)
	p.learn(10, 3)
	assert.True(t, p.ask(), "asked at the same time, and told otherwise")
	p.assumeEmpty()
	assert.False(t, p.ask())
}

func TestInHalves(t *testing.T) {
	t.Parallel()
	var calls []int
	limit := 3
	double := func(part []int) (answers []int, err error) {
		calls = append(calls, len(part))
		if len(part) > limit {
			return nil, core.ErrTooLarge
		}
		for _, n := range part {
			answers = append(answers, 2*n)
		}
		return answers, nil
	}
	answers, err := inHalves([]int{1, 2, 3, 4, 5, 6, 7}, double)
	require.NoError(t, err)
	assert.Equal(t, []int{2, 4, 6, 8, 10, 12, 14}, answers)
	assert.Equal(t, []int{7, 3, 4, 2, 2}, calls)

	limit = 0
	_, err = inHalves([]int{1, 2}, double)
	assert.ErrorIs(t, err, core.ErrTooLarge, "one alone is too large")
}
