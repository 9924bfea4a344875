// Package leaktest finds what is left behind: it does something thousands of times, and compares what there was before with what there is after.
package leaktest

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/internal/seeds"
)

// Cycles is how often something has to be done to be sure that it leaves nothing. With -short it is done a quarter as often.
const Cycles = 10_000

// keptHeap is how much the heap may grow for other reasons than each cycle's: a leak of 200 bytes a cycle is found, with -short one of 800.
const keptHeap = 2 << 20

// Run does it so often and fails if goroutines, memory, or what is counted besides is left. The counted must be settled a while after the last cycle. Nothing
// else may run beside it.
func Run(t *testing.T, cycles int, cycle func(), counted ...func() int64) {
	t.Helper()
	for range 100 { // caches fill, tables grow
		cycle()
	}
	count := func() int64 { return int64(runtime.NumGoroutine()) }
	counted = append(counted, count)
	before := make([]int64, len(counted))
	for i, count := range counted {
		before[i] = settled(count)
	}
	heap := heapInUse()
	for range seeds.Rounds(cycles) {
		cycle()
	}
	for i, count := range counted {
		require.Eventually(t, func() bool { return count() <= before[i]+2 }, 10*time.Second, 5*time.Millisecond, "%d of what is counted at %d are left of %d", count(), i, before[i])
	}
	assert.Less(t, heapInUse(), heap+keptHeap, "%d cycles must not keep anything", cycles)
}

// settled is what a count comes down to.
func settled(count func() int64) int64 {
	least := count()
	for range 20 {
		time.Sleep(time.Millisecond)
		least = min(least, count())
	}
	return least
}

func heapInUse() uint64 {
	runtime.GC()
	runtime.GC() // what finalizers let go
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
