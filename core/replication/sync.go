package replication

import (
	"context"
	"errors"
	"sync"

	"github.com/gouchdb/gouchdb/core"
)

// Sync runs a push from a to b and a pull from b to a at the same time, with the same options. The two do not depend on one another: when one
// fails, the other still goes to its end. The error is that of both.
//
// Since cannot be set, except to [core.Now]: a sequence means something to one database only.
func Sync(ctx context.Context, a, b core.Adapter, options Options) (push, pull *Result, err error) {
	if options.Since != "" && options.Since != core.Now {
		return &Result{}, &Result{}, badOption("Since", "a sequence belongs to one database, a sync has two")
	}
	events := &emitter{listen: options.OnEvent}
	var pushErr, pullErr error
	var halves sync.WaitGroup
	halves.Go(func() { push, pushErr = newTask(a, b, options, Push, events).Run(ctx) })
	halves.Go(func() { pull, pullErr = newTask(b, a, options, Pull, events).Run(ctx) })
	halves.Wait()
	return push, pull, errors.Join(pushErr, pullErr)
}
