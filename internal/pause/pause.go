// Package pause waits for a while, unless it is told not to.
package pause

import (
	"context"
	"time"
)

// For returns nil after d, or the context's error as soon as that has ended.
func For(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
