package replication

import (
	"context"
	"time"
)

// Clock is time as the replicator sees it. It must be safe for concurrent use.
type Clock interface {
	Now() time.Time
	// Sleep returns nil after d, or the context's error as soon as that ends.
	Sleep(ctx context.Context, d time.Duration) error
}

type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

func (systemClock) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
