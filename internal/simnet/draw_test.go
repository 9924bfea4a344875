//go:build !js

package simnet_test

import (
	"context"
	"math/rand/v2"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/replication"
)

// filters say what flows.
type filters struct {
	name       string
	docIDs     []string
	sharedOnly bool
	winners    bool
}

func (f filters) all() bool { return f.docIDs == nil && !f.sharedOnly && !f.winners }

// draw returns options at random, and what they let flow.
func (w *world) draw(random *rand.Rand) (replication.Options, filters) {
	options := replication.Options{
		BatchSize:    []int{0, 1, 3, 10}[random.IntN(4)],
		BatchesLimit: []int{0, 1, 2}[random.IntN(3)],
		BatchBytes:   []int{0, 0, 700}[random.IntN(3)],
		Random:       lockedRandom(random.Uint64()),
	}
	var f filters
	if modes := []replication.CheckpointMode{replication.CheckpointSource, replication.CheckpointTarget, replication.CheckpointNone}; w.timeless && random.IntN(3) == 0 {
		options.Checkpoint = modes[random.IntN(len(modes))]
	}
	switch random.IntN(11) {
	case 0:
		f.name = "ids"
		f.docIDs = []string{"d1", "d3", "d5"}
	case 1:
		f.name, f.sharedOnly = "predicate", true
		options.FilterName = "shared"
		options.Filter = func(_ context.Context, docs []*core.Document) ([]bool, error) {
			pass := make([]bool, len(docs))
			for i, doc := range docs {
				pass[i] = shared(doc)
			}
			return pass, nil
		}
	case 2:
		f.name = "winners"
		f.winners = true
	case 3:
		f.name, f.sharedOnly = "selector", true
		options.Selector = []byte(`{"$or":[{"_deleted":true},{"shared":true}]}`)
	case 4:
		f.name, f.sharedOnly = "view", true
		options.View = "filters/shared"
	case 5:
		f.name, f.sharedOnly = "function", true
		options.DesignFilter, options.QueryParams = "filters/shared", []byte(`{"is":true}`)
	}
	options.DocIDs, options.WinningRevsOnly = f.docIDs, f.winners
	return options, f
}
