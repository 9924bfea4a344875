// Package kvtest is the conformance suite of kv.Store: a backend is done when it passes, whatever it is made of.
package kvtest

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core/kv"
)

// Harness makes the stores that the suite tests.
type Harness struct {
	// New returns a new, empty store. The suite closes it.
	New func(t *testing.T) kv.Store
	// Reopen closes a store and opens the same data again. Nil when the data does not outlive the store.
	Reopen func(t *testing.T, store kv.Store) kv.Store
	// Another opens the data of a store a second time, as another process, tab or worker would. Nil when one store only can have it open.
	Another func(t *testing.T, store kv.Store) kv.Store
}

// Run runs the whole suite.
func Run(t *testing.T, harness Harness) {
	cases := []struct {
		name string
		test func(*testing.T, Harness)
	}{
		{"values are read as they were put", testValues},
		{"an empty key is refused", testEmptyKey},
		{"ranges", testRanges},
		{"a scan can be left", testScanLeft},
		{"large and many values", testLargeAndMany},
		{"a snapshot does not change", testSnapshotIsolation},
		{"a reader does not wait for a writer", testReaderDoesNotWait},
		{"a failed update leaves no trace", testFailedUpdate},
		{"a panicking update leaves no trace", testPanickingUpdate},
		{"a transaction reads its own writes", testReadYourWrites},
		{"concurrent updates lose nothing", testConcurrentUpdates},
		{"updates run in the order of the calls", testUpdateOrder},
		{"a change is never missed", testChanged},
		{"contexts", testContexts},
		{"a context that ends while waiting to write", testContextWhileWaiting},
		{"a closed store", testClosed},
		{"closing ends what waits", testCloseEndsWaiting},
		{"a destroyed store", testDestroyed},
		{"statistics", testStats},
		{"random scripts against a sorted map", testModel},
		{"reopening", testReopen},
		{"two stores on the same data", testAnother},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { c.test(t, harness) })
	}
}

// open makes a store that is closed when the test ends, and checks then that it has left no goroutine behind.
func (h Harness) open(t *testing.T) kv.Store {
	t.Helper()
	CheckGoroutines(t)
	store := h.New(t)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}

// CheckGoroutines fails the test when, at its end, goroutines of this module run that did not run before. They are given a moment to end.
func CheckGoroutines(t *testing.T) {
	t.Helper()
	before := ourGoroutines()
	t.Cleanup(func() {
		deadline := time.Now().Add(5 * time.Second)
		for {
			now := ourGoroutines()
			if len(now) <= len(before) {
				return
			}
			if time.Now().After(deadline) {
				t.Errorf("%d goroutines before, %d after:\n\n%s", len(before), len(now), strings.Join(now, "\n\n"))
				return
			}
			runtime.Gosched()
		}
	})
}

// ourGoroutines returns the stacks of the goroutines that packages of this module have started, tests themselves excepted.
func ourGoroutines() []string {
	buffer := make([]byte, 1<<20)
	buffer = buffer[:runtime.Stack(buffer, true)]
	var ours []string
	for stack := range strings.SplitSeq(string(buffer), "\n\n") {
		_, creator, _ := strings.Cut(stack, "created by ")
		if strings.HasPrefix(creator, "github.com/gouchdb/gouchdb") && !strings.Contains(creator, "_test.") {
			ours = append(ours, stack)
		}
	}
	return ours
}

var errDeliberate = errors.New("deliberate")

func put(t *testing.T, store kv.Store, pairs ...string) {
	t.Helper()
	require.NoError(t, store.Update(context.Background(), func(tx kv.Tx) error {
		for i := 0; i < len(pairs); i += 2 {
			tx.Put([]byte(pairs[i]), []byte(pairs[i+1]))
		}
		return nil
	}))
}

// get returns a value in the newest state, or "absent".
func get(t *testing.T, store kv.Store, key string) string {
	t.Helper()
	var text string
	require.NoError(t, store.View(context.Background(), func(s kv.Snapshot) error {
		var err error
		text, err = getIn(s, key)
		return err
	}))
	return text
}

func getIn(s kv.Snapshot, key string) (string, error) {
	value, found, err := s.Get(context.Background(), []byte(key))
	if err != nil || !found {
		return "absent", err
	}
	return brief(string(value)), nil
}

// brief shortens a value to what a person can read in the message of a failed test, and keeps different values different.
func brief(value string) string {
	if len(value) <= 200 {
		return value
	}
	hash := fnv.New64a()
	hash.Write([]byte(value))
	return fmt.Sprintf("%.20s… (%d bytes, hash %x)", value, len(value), hash.Sum64())
}

// scan returns the entries of a range as "key=value".
func scan(t *testing.T, s kv.Snapshot, r kv.Range) []string {
	t.Helper()
	entries := []string{}
	for entry, err := range s.Scan(context.Background(), r) {
		require.NoError(t, err)
		entries = append(entries, brief(string(entry.Key)+"="+string(entry.Value)))
	}
	return entries
}

// everything returns all entries of the newest state.
func everything(t *testing.T, store kv.Store) []string {
	t.Helper()
	var entries []string
	require.NoError(t, store.View(context.Background(), func(s kv.Snapshot) error {
		entries = scan(t, s, kv.Range{})
		return nil
	}))
	return entries
}

// waitFor fails the test when the channel is not closed soon.
func waitFor(t *testing.T, channel <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-channel:
	case <-time.After(10 * time.Second):
		require.FailNow(t, "waited in vain", "for %s", what)
	}
}
