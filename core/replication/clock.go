package replication

import (
	"context"
	"time"

	"github.com/gouchdb/gouchdb/internal/pause"
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
	return pause.For(ctx, d)
}
