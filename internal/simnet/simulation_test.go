//go:build !js

package simnet_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/replication"
	"github.com/gouchdb/gouchdb/internal/seeds"
)

const (
	replicas   = 3
	steps      = 40
	seedsTried = 25
)

// TestSimulation lets replicas edit and replicate through a network in which everything goes wrong. No checkpoint may pass a document that was not
// written, no run may say ok that lost one, and once the network is well everybody has the same. GOUCHDB_SOAK is how long to try new seeds, for example 5m; GOUCHDB_SEED is the first one.
func TestSimulation(t *testing.T) {
	t.Parallel()
	until, first := time.Now(), seeds.For(t)
	if soak, err := time.ParseDuration(os.Getenv("GOUCHDB_SOAK")); err == nil {
		until = until.Add(soak)
	}
	written := map[string]int{}
	tried := uint64(0)
	for ; tried < seedsTried || time.Now().Before(until); tried++ {
		seed := first + tried
		script := randomSteps(rand.New(rand.NewPCG(seed, 0)), replicas, steps)
		if failure := play(t, seed, script, written); failure != "" {
			shortened, failure := shorten(t, seed, script, failure)
			t.Fatalf("seed %d: %s\nwith the steps %v", seed, failure, shortened)
		}
	}
	for _, filter := range []string{"", "ids", "winners", "predicate", "selector", "view", "function"} {
		assert.Positive(t, written[filter], "%q never let anything through", filter)
	}
	t.Logf("%d seeds from %d", tried, first)
}

// play makes all steps, lets everything calm down, and returns what was wrong.
func play(t *testing.T, seed uint64, script []step, written map[string]int) (failure string) {
	synctest.Test(t, func(*testing.T) {
		defer func() {
			if cause := recover(); cause != nil {
				failure = fmt.Sprintf("panic: %v\n%s", cause, debug.Stack())
			}
		}()
		ctx, cancel := context.WithTimeout(context.Background(), 1000*time.Hour)
		defer cancel()
		w := newWorld(ctx, seed, replicas, written)
		w.timeless = !slices.ContainsFunc(script, func(s step) bool { return s.kind == "restore" })
		var background sync.WaitGroup
		for _, s := range script {
			w.take(s, &background)
			if len(w.failures) > 0 {
				break
			}
		}
		w.hosts.Heal()
		background.Wait()
		w.settle()
		w.end()
		if ctx.Err() != nil {
			w.fail("it took too long")
		}
		failure = strings.Join(w.failures, "\n")
	})
	return failure
}

// settle checks that all get the same once nothing fails any more.
func (w *world) settle() {
	for i, r := range w.replicas {
		if r.live == nil {
			continue
		}
		if r.live.whole && !r.live.gaveUp() {
			if gap := w.calm(r.db); gap != "" && !r.live.gaveUp() {
				w.fail("replica %d stays on, yet does not get along with the server: %s", i, gap)
			}
		}
		r.live.stop()
	}
	for range 2 {
		for i, r := range w.replicas {
			if _, _, err := replication.Sync(w.ctx, r.db, r.remote, replication.Options{}); err != nil {
				w.fail("replica %d cannot replicate though the network is well: %v", i, err)
			}
		}
	}
	for i, r := range w.replicas {
		if here, there := w.content(r.db), w.content(w.judge); here != there {
			w.fail("replica %d and the server differ:\n%s", i, difference(here, there))
		}
	}
}

// calm waits until a database that stays connected has what the server has.
func (w *world) calm(db core.Adapter) (gap string) {
	for range 60 {
		here, there := w.content(db), w.content(w.judge)
		if here == there {
			return ""
		}
		gap = difference(here, there)
		time.Sleep(time.Minute)
	}
	return gap
}

// shorten leaves out steps as long as it still fails.
func shorten(t *testing.T, seed uint64, script []step, failure string) ([]step, string) {
	for size := len(script) / 2; size > 0; size /= 2 {
		for at := 0; at+size <= len(script); {
			shorter := append(append([]step(nil), script[:at]...), script[at+size:]...)
			if still := play(t, seed, shorter, map[string]int{}); still != "" {
				script, failure = shorter, still
			} else {
				at += size
			}
		}
	}
	return script, failure
}
