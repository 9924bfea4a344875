package fault_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gouchdb/gouchdb/core/internal/fault"
)

func TestKinds(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		kind fault.Kind
		done []int // which of three operations are done when the second is disturbed
		fail []int
	}{
		{"fail", fault.Fail, []int{1, 3}, []int{2}},
		{"lose", fault.Lose, []int{1, 2, 3}, []int{2}},
		{"cut", fault.Cut, []int{1}, []int{2, 3}},
		{"cut after", fault.CutAfter, []int{1, 2}, []int{2, 3}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var injector fault.Injector
			injector.At(2, c.kind, nil)
			var done, failed []int
			for n := 1; n <= 3; n++ {
				err := injector.Do(context.Background(), func() error {
					done = append(done, n)
					return nil
				})
				if err != nil {
					assert.ErrorIs(t, err, fault.ErrInjected)
					failed = append(failed, n)
				}
			}
			assert.Equal(t, c.done, done)
			assert.Equal(t, c.fail, failed)
			assert.Equal(t, 3, injector.Count())
			injector.Heal()
			assert.NoError(t, injector.Do(context.Background(), func() error { return nil }))
		})
	}
}

func TestDelay(t *testing.T) {
	t.Parallel()
	var injector fault.Injector
	injector.At(1, fault.Delay, nil)
	result := make(chan error)
	go func() { result <- injector.Do(context.Background(), func() error { return assert.AnError }) }()
	<-injector.Held()
	injector.Release()
	assert.Equal(t, assert.AnError, <-result)

	injector.At(1, fault.Delay, nil)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	assert.ErrorIs(t, injector.Do(ctx, func() error { return nil }), context.Canceled)
}
