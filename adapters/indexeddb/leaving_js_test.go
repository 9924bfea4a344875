//go:build js && wasm

package indexeddb

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/internal/safejs"
)

func texts(words ...string) (records [][]byte) {
	for _, word := range words {
		records = append(records, []byte(word))
	}
	return records
}

func inLog(t *testing.T, device *Device) string {
	t.Helper()
	records, err := device.ReadFrom(context.Background(), 1, 1<<20)
	require.NoError(t, err)
	var words []string
	for _, record := range records {
		words = append(words, string(record.Data))
	}
	return strings.Join(words, " ")
}

// begun starts an Append and returns when it is under way: JavaScript's next microtask comes before any answer of IndexedDB.
func begun(t *testing.T, device *Device, durability logkv.Durability, first uint64, words ...string) (outcome chan error) {
	t.Helper()
	outcome = make(chan error, 1)
	go func() { outcome <- device.Append(context.Background(), first, texts(words...), durability) }()
	var c calls
	c.settled(context.Background(), c.call(c.get(safejs.Global(), "Promise"), "resolve"))
	require.NoError(t, c.err)
	require.NotNil(t, device.current)
	return outcome
}

// observe has a function called after a method of a class, until the test ends.
func observe(t *testing.T, class, method string, called func(this, result safejs.Value)) {
	t.Helper()
	var c calls
	prototype := c.get(c.get(safejs.Global(), class), "prototype")
	original := c.get(prototype, method)
	handler, err := safejs.FuncOf(func(this safejs.Value, arguments []safejs.Value) any {
		var c calls
		all := []any{this}
		for _, argument := range arguments {
			all = append(all, argument)
		}
		result := c.call(original, "call", all...)
		called(this, result)
		return result
	})
	require.NoError(t, err)
	c.set(prototype, method, handler)
	require.NoError(t, c.err)
	t.Cleanup(func() {
		var c calls
		c.set(prototype, method, original)
		handler.Release()
	})
}

// commits notes when transactions are begun, committed and aborted, and when their look at the head has been answered.
func commits(t *testing.T, device *Device) *[]string {
	t.Helper()
	events := &[]string{}
	note := func(event string) func(_, _ safejs.Value) {
		return func(_, _ safejs.Value) { *events = append(*events, event) }
	}
	observe(t, "IDBDatabase", "transaction", func(database, _ safejs.Value) {
		var c calls
		if c.text(database, "name") == device.name { // not of the reserve
			*events = append(*events, "begun")
		}
	})
	observe(t, "IDBTransaction", "commit", note("committed"))
	observe(t, "IDBTransaction", "abort", note("aborted"))
	answered, err := safejs.FuncOf(func(safejs.Value, []safejs.Value) any {
		*events = append(*events, "answered")
		return nil
	})
	require.NoError(t, err)
	t.Cleanup(answered.Release)
	observe(t, "IDBObjectStore", "getAllKeys", func(_, request safejs.Value) {
		var c calls
		c.call(request, "addEventListener", "success", answered)
	})
	return events
}

// The first Append of a device begins with a transaction for the guard.
func TestWhatIsHurriedNeedsNoAnswer(t *testing.T) {
	require.True(t, canCommit())
	ctx := context.Background()
	device := openDevice(t, freshName())
	events := commits(t, device)
	require.NoError(t, device.Append(ctx, 1, texts("one"), logkv.MemoryFirst))
	assert.Equal(t, []string{"begun", "committed", "begun", "answered", "committed"}, *events)
	*events = nil
	require.NoError(t, device.Append(ctx, 2, texts("two"), logkv.MemoryFirst))
	assert.Equal(t, []string{"begun", "answered", "committed"}, *events)

	*events = nil
	calm := device.Hurry()
	require.NoError(t, device.Append(ctx, 3, texts("three"), logkv.MemoryFirst))
	assert.Equal(t, []string{"begun", "committed", "answered"}, *events, "one that begins")
	calm()

	*events = nil
	outcome := begun(t, device, logkv.MemoryFirst, 4, "four")
	device.Hurry()()
	assert.Equal(t, []string{"begun", "aborted", "begun", "committed"}, *events, "one that is under way cannot be committed, only begun anew")
	require.ErrorIs(t, <-outcome, logkv.ErrHeadMoved, "it is found where it was looked for")

	*events = nil
	require.NoError(t, device.Append(ctx, 5, texts("five"), logkv.Relaxed))
	assert.Equal(t, []string{"begun", "answered", "committed"}, *events, "and calm again")
	assert.Equal(t, "one two three four five", inLog(t, device))
}

// Nobody has been told that it is stored, and it may have to be on disk.
func TestWhatIsNotAcknowledgedIsNotHurried(t *testing.T) {
	device := openDevice(t, freshName())
	for number, durability := range []logkv.Durability{logkv.Strict, logkv.Relaxed} {
		outcome := begun(t, device, durability, uint64(number+1), "text")
		device.Hurry()()
		require.NoError(t, <-outcome)
	}
	assert.Equal(t, "text text", inLog(t, device))
}

func TestWhatIsHurriedIsNotAddedAfterAnother(t *testing.T) {
	ctx := context.Background()
	name := freshName()
	device, other := openDevice(t, name), openDevice(t, name)
	require.NoError(t, device.Append(ctx, 1, texts("one"), logkv.MemoryFirst))
	require.NoError(t, other.Append(ctx, 2, texts("two"), logkv.Relaxed))
	defer device.Hurry()()
	require.ErrorIs(t, device.Append(ctx, 2, texts("deux", "trois"), logkv.MemoryFirst), logkv.ErrHeadMoved)
	assert.Equal(t, "one two", inLog(t, device))

	// Where its number has been removed it may come in, but not so that it looks like a part of the log: then there is a gap behind it.
	for number, text := range texts("three", "four", "five") {
		require.NoError(t, other.Append(ctx, uint64(number+3), texts(string(text)), logkv.Relaxed))
	}
	require.NoError(t, other.Remove(ctx, []logkv.NumberRange{{First: 1, Last: 4}}))
	require.ErrorIs(t, device.Append(ctx, 2, texts("deux", "trois", "quatre"), logkv.MemoryFirst), logkv.ErrHeadMoved)
	assert.Equal(t, "five", inLog(t, device))
	require.ErrorIs(t, device.Append(ctx, 2, texts("deux", "trois"), logkv.MemoryFirst), logkv.ErrHeadMoved)
	require.NoError(t, device.Append(ctx, 6, texts("six"), logkv.MemoryFirst))
	assert.Equal(t, "deux trois five six", inLog(t, device))
	require.NoError(t, other.Remove(ctx, []logkv.NumberRange{{First: 1, Last: 4}}))
	assert.Equal(t, "five six", inLog(t, device))
}

// What is handed over from an Append that is taken back needs the same care.
func TestWhatIsTakenBackIsNotAddedAfterAnother(t *testing.T) {
	ctx := context.Background()
	name := freshName()
	device, other := openDevice(t, name), openDevice(t, name)
	for number, text := range texts("one", "two", "three") {
		require.NoError(t, other.Append(ctx, uint64(number+1), texts(string(text)), logkv.Relaxed))
	}
	require.NoError(t, other.Remove(ctx, []logkv.NumberRange{{First: 1, Last: 2}}))
	outcome := begun(t, device, logkv.MemoryFirst, 1, "un")
	device.Follow(2, texts("deux"))
	require.ErrorIs(t, <-outcome, logkv.ErrHeadMoved)
	assert.Equal(t, "three", inLog(t, device))
}

func TestWhatFollows(t *testing.T) {
	require.True(t, canCommit())
	ctx := context.Background()
	const nobody = logkv.Durability(-1)
	for name, c := range map[string]struct {
		first              logkv.Durability // what was appended before with it
		mover              logkv.Durability // who has appended since
		more               bool             // and once more
		hurried, committed bool
		fails              bool
		want               string
	}{
		"one that is not committed is added with it":                                {mover: nobody, want: "one two three", fails: true},
		"one that is not committed and would have failed":                           {mover: logkv.Relaxed, want: "one other", fails: true},
		"one that is committed":                                                     {first: logkv.MemoryFirst, mover: nobody, committed: true, want: "one two three"},
		"one that is committed and is the first with a guard":                       {first: logkv.Relaxed, mover: nobody, committed: true, want: "one two three"},
		"one that is committed unseen, after a guard":                               {first: logkv.MemoryFirst, mover: nobody, hurried: true, want: "one two three"},
		"one that is committed unseen and fails, after a guard":                     {first: logkv.MemoryFirst, mover: logkv.Relaxed, hurried: true, want: "one other", fails: true},
		"one that is committed unseen and fails, where there is somebody's guard":   {first: logkv.MemoryFirst, mover: logkv.MemoryFirst, hurried: true, want: "one other", fails: true},
		"one that is committed unseen and fails, after many by others":              {first: logkv.MemoryFirst, mover: logkv.MemoryFirst, more: true, hurried: true, want: "one other another", fails: true},
		"one that is committed unseen, without being sure of the guard: not safely": {first: logkv.Relaxed, mover: nobody, hurried: true, want: "one two"},
	} {
		t.Run(name, func(t *testing.T) {
			storage := freshName()
			device, other := openDevice(t, storage), openDevice(t, storage)
			require.NoError(t, device.Append(ctx, 1, texts("one"), c.first))
			if c.mover != nobody {
				require.NoError(t, other.Append(ctx, 2, texts("other"), c.mover))
			}
			two := []string{"two"}
			if c.more {
				require.NoError(t, other.Append(ctx, 3, texts("another"), c.mover))
				two = []string{"two", "zwei", "deux"} // what follows would leave a gap
			}
			if c.hurried {
				defer device.Hurry()()
			}
			committed := make(chan struct{})
			if c.committed {
				skip := 0
				if c.first != logkv.MemoryFirst {
					skip = 1 // the guard's
				}
				observe(t, "IDBTransaction", "commit", func(_, _ safejs.Value) {
					if skip--; skip == -1 {
						close(committed)
					}
				})
			}
			outcome := begun(t, device, logkv.MemoryFirst, 2, two...)
			if c.committed {
				<-committed
				require.True(t, device.current.committed)
			}
			device.Follow(2+uint64(len(two)), texts("three"))
			if err := <-outcome; c.fails {
				require.ErrorIs(t, err, logkv.ErrHeadMoved)
			} else {
				require.NoError(t, err)
			}
			assert.Equal(t, c.want, inLog(t, device))
		})
	}
}

func TestFollowHandsOverNothingElsewhere(t *testing.T) {
	device := openDevice(t, freshName())
	device.Follow(1, texts("one"))
	assert.Equal(t, "", inLog(t, device), "nothing is under way")
	outcome := begun(t, device, logkv.MemoryFirst, 1, "one")
	device.Follow(3, texts("three"))
	require.NoError(t, <-outcome)
	assert.Equal(t, "one", inLog(t, device), "there is a gap")
}

func TestGuardsDoNotPileUp(t *testing.T) {
	ctx := context.Background()
	name := freshName()
	device := openDevice(t, name)
	guards := func() int {
		var count safejs.Value
		require.NoError(t, device.transact(ctx, "counting", readOnly, []any{metaStore}, logkv.Relaxed, func(tx *transaction) {
			count = tx.call(tx.store(metaStore), "count", tx.keyRange("lowerBound", 0))
		}))
		var c calls
		return int(c.number(c.get(count, "result"))) - 1 // the identity
	}
	for number := range uint64(6) {
		require.NoError(t, device.Append(ctx, number+1, texts("text"), logkv.MemoryFirst))
	}
	assert.Equal(t, 1, guards())
	outcome := begun(t, device, logkv.MemoryFirst, 7, "seven")
	device.Follow(8, texts("eight"))
	require.ErrorIs(t, <-outcome, logkv.ErrHeadMoved)
	assert.Equal(t, 1, guards())
	require.NoError(t, device.Append(ctx, 9, texts("nine"), logkv.MemoryFirst))
	require.NoError(t, openDevice(t, name).Append(ctx, 10, texts("ten"), logkv.MemoryFirst))
	assert.Equal(t, 3, guards(), "those that were left behind")
	require.NoError(t, device.Append(ctx, 11, make([][]byte, outdated), logkv.MemoryFirst))
	require.NoError(t, openDevice(t, name).Append(ctx, 11+outdated, texts("text"), logkv.MemoryFirst))
	assert.LessOrEqual(t, guards(), 3)
}
