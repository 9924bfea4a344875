// Package scripttest runs random scripts (writes, conflicts, replicated revisions, purges, compactions, reopenings, crashes, several tabs) on a database and on
// the plain one of core/internal/model, and compares everything that can be observed. A failure is shortened to the steps that it takes, and printed with its
// seed.
//
// A step says what it does in terms of what is there ("the third leaf of the second document"), so a script stays a script when steps are left out.
package scripttest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/internal/seeds"
)

// System is one database under test with what surrounds it.
type System interface {
	// Open opens the database in a tab. What the same tab had open before is closed or dead.
	Open(tab int) (core.Adapter, error)
	// Crash ends all tabs without closing them, as a loss of power would. Only what is acknowledged is sure to be there afterwards.
	Crash() error
	// Close removes everything.
	Close() error
}

// Harness makes systems.
type Harness struct {
	New func() (System, error)
	// Tabs is how many tabs may have the database open at a time: 1 unless set.
	Tabs int
	// Reopens and Crashes say what the system can do.
	Reopens, Crashes bool
	// Forgetful says that a crash may undo the last writes that were not flushed, but no part of one, and none without those after it.
	Forgetful bool
}

const (
	// SoakVariable is the environment variable that makes Run go on with new seeds for so long, as "10m".
	SoakVariable = "GOUCHDB_SOAK"
	// SeedVariable makes Run run one script only.
	SeedVariable = seeds.Variable
)

// Run runs some scripts of so many steps (see [seeds.Rounds]), always the same ones unless the environment says otherwise.
func Run(t *testing.T, h Harness, scripts, steps int) {
	t.Helper()
	h.Tabs = max(1, h.Tabs)
	if seed, err := strconv.ParseUint(os.Getenv(SeedVariable), 10, 64); err == nil {
		runOne(t, h, seed, steps)
		return
	}
	soak, err := time.ParseDuration(os.Getenv(SoakVariable))
	if err != nil {
		for seed := range seeds.Rounds(scripts) {
			runOne(t, h, uint64(seed), steps)
		}
		return
	}
	first := uint64(time.Now().UnixNano())
	seed := first
	for until := time.Now().Add(soak); time.Now().Before(until); seed++ {
		runOne(t, h, seed, steps)
	}
	t.Logf("%d scripts of %d steps, seeds from %d on", seed-first, steps, first)
}

func runOne(t *testing.T, h Harness, seed uint64, steps int) {
	t.Helper()
	script := newScript(rand.New(rand.NewPCG(seed, 0)), h, steps)
	if failure := play(t.Context(), h, script); failure != nil {
		short, failure := shorten(t, h, script, failure)
		require.FailNow(t, "the database differs from the model",
			"seed %d, shortened from %d steps to %d:\n%s\n%v", seed, len(script), len(short), spell(short), failure)
	}
}

// shorten leaves out what the failure does not take: halves, quarters, and so on down to single steps.
func shorten(t *testing.T, h Harness, script []step, failure error) ([]step, error) {
	deadline := time.Now().Add(30 * time.Second)
	for size := len(script) / 2; size > 0; size /= 2 {
		for begin := 0; begin < len(script) && time.Now().Before(deadline); {
			without := append(append([]step(nil), script[:begin]...), script[min(begin+size, len(script)):]...)
			if other := play(t.Context(), h, without); other != nil {
				script, failure = without, other
			} else {
				begin += size
			}
		}
	}
	return script, failure
}

func spell(script []step) string {
	var text strings.Builder
	for _, s := range script {
		fmt.Fprintf(&text, "\t%s\n", s)
	}
	return text.String()
}
