package replication_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/internal/faultadapter"
	"github.com/gouchdb/gouchdb/core/replication"
)

// distant is a database every call to which takes a while.
func distant(script *faultadapter.Script, side string, db core.Adapter, delay time.Duration) core.Adapter {
	return script.Wrap(side, slow{db, delay})
}

// On a network with 50 ms to each answer, time is the number of calls that wait for one another.
func TestPipelineOverADistance(t *testing.T) {
	t.Parallel()
	const delay = 50 * time.Millisecond
	for name, test := range map[string]struct {
		remote   string
		requests int
		waits    time.Duration
	}{
		// Checkpoint, first page, part of the first batch, the rest of it: by then all other batches have come. Two for the checkpoint at the end.
		"pull": {"source", 15, 7},
		// Checkpoint, a look at the target beside the first note, five writes, durability, checkpoint.
		"push": {"target", 12, 9},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				dbs := map[string]core.Adapter{"source": open(t), "target": open(t)}
				fill(t, dbs["source"], 0, 2000)
				var script faultadapter.Script
				dbs[test.remote] = distant(&script, test.remote, dbs[test.remote], delay)
				began := time.Now()
				result, err := replication.Run(t.Context(), dbs["source"], dbs["target"], replication.Options{})
				assert.NoError(t, err)
				assert.Equal(t, 2000, result.DocsWritten)
				assert.LessOrEqual(t, len(script.Calls()), test.requests, "%v", script.Calls())
				assert.LessOrEqual(t, time.Since(began), test.waits*delay)
			})
		})
	}
}
