// Package seeds gives random tests their seeds: the same in every run, so that what has passed passes again. The environment variable [Variable] sets another, such
// as the one that a failure named, or with "random" a new one for each test and run, as long runs (make soak) do.
package seeds

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// Variable is the environment variable: a number, or "random".
const Variable = "GOUCHDB_SEED"

// For returns a test's seed, and names it in what the test prints when it fails.
func For(t testing.TB) uint64 {
	t.Helper()
	seed := uint64(1)
	if wanted := os.Getenv(Variable); wanted == "random" {
		seed = rand.Uint64()
	} else if wanted != "" {
		var err error
		if seed, err = strconv.ParseUint(wanted, 10, 64); err != nil {
			t.Fatalf("%s is neither a number nor random: %v", Variable, err)
		}
	}
	t.Logf("%s=%d", Variable, seed)
	return seed
}

// Rounds returns how many of so many rounds to try: a quarter with -short, as in WebAssembly, where the code that has been through all of them natively takes several
// times as long.
func Rounds(n int) int {
	if testing.Short() {
		return (n + 3) / 4
	}
	return n
}
