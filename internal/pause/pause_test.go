package pause_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/gouchdb/gouchdb/internal/pause"
)

func TestFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		took := func(ctx context.Context, d time.Duration) (time.Duration, error) {
			began := time.Now()
			err := pause.For(ctx, d)
			return time.Since(began), err
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		for _, d := range []time.Duration{-time.Hour, 0, 1, time.Minute} {
			waited, err := took(ctx, d)
			assert.NoError(t, err)
			assert.Equal(t, max(d, 0), waited)
		}
		waited, err := took(ctx, time.Hour)
		assert.Equal(t, context.DeadlineExceeded, err)
		assert.Equal(t, time.Hour-time.Minute-1, waited)
		for _, d := range []time.Duration{-1, 0, time.Hour} {
			waited, err = took(ctx, d)
			assert.Equal(t, context.DeadlineExceeded, err)
			assert.Zero(t, waited)
		}
	})
}
