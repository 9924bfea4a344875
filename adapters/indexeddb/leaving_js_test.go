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
func begun(t *testing.T, device *Device, first uint64, words ...string) (outcome chan error) {
	t.Helper()
	outcome = make(chan error, 1)
	go func() { outcome <- device.Append(context.Background(), first, texts(words...), logkv.MemoryFirst) }()
	var c calls
	c.settled(context.Background(), c.call(c.get(safejs.Global(), "Promise"), "resolve"))
	require.NoError(t, c.err)
	require.NotNil(t, device.current)
	return outcome
}

// commits notes when transactions are committed and when their look at the head has been answered.
func commits(t *testing.T) *[]string {
	t.Helper()
	var c calls
	events := &[]string{}
	replace := func(class, method string, make func(original safejs.Value) func(this safejs.Value, arguments []safejs.Value) any) {
		prototype := c.get(c.get(safejs.Global(), class), "prototype")
		original := c.get(prototype, method)
		handler, err := safejs.FuncOf(make(original))
		require.NoError(t, err)
		c.set(prototype, method, handler)
		t.Cleanup(func() {
			c.set(prototype, method, original)
			handler.Release()
		})
	}
	replace("IDBTransaction", "commit", func(original safejs.Value) func(safejs.Value, []safejs.Value) any {
		return func(this safejs.Value, _ []safejs.Value) any {
			*events = append(*events, "committed")
			return c.call(original, "call", this)
		}
	})
	replace("IDBObjectStore", "getAllKeys", func(original safejs.Value) func(safejs.Value, []safejs.Value) any {
		return func(this safejs.Value, arguments []safejs.Value) any {
			request := c.call(original, "call", this, arguments[0], arguments[1])
			handler, err := safejs.FuncOf(func(safejs.Value, []safejs.Value) any {
				*events = append(*events, "answered")
				return nil
			})
			require.NoError(t, err)
			t.Cleanup(handler.Release)
			c.call(request, "addEventListener", "success", handler)
			return request
		}
	})
	require.NoError(t, c.err)
	return events
}

func TestWhatIsHurriedNeedsNoAnswer(t *testing.T) {
	if !canCommit() {
		t.Skip("there is no IDBTransaction.commit")
	}
	ctx := context.Background()
	device := openDevice(t, freshName())
	events := commits(t)
	require.NoError(t, device.Append(ctx, 1, texts("one"), logkv.MemoryFirst))
	assert.Equal(t, []string{"answered", "committed"}, *events)

	*events = nil
	calm := device.Hurry()
	require.NoError(t, device.Append(ctx, 2, texts("two"), logkv.MemoryFirst))
	assert.Equal(t, []string{"committed", "answered"}, *events, "one that begins")
	calm()

	*events = nil
	outcome := begun(t, device, 3, "three")
	device.Hurry()()
	assert.Equal(t, []string{"committed"}, *events, "one that is under way")
	require.NoError(t, <-outcome)

	*events = nil
	require.NoError(t, device.Append(ctx, 4, texts("four"), logkv.MemoryFirst))
	assert.Equal(t, []string{"answered", "committed"}, *events, "and calm again")
	assert.Equal(t, "one two three four", inLog(t, device))
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

	// Where its number has been removed it comes in, is noticed, and removed.
	require.NoError(t, other.Append(ctx, 3, texts("three"), logkv.Relaxed))
	require.NoError(t, other.Append(ctx, 4, texts("four"), logkv.Relaxed))
	require.NoError(t, other.Remove(ctx, []logkv.NumberRange{{First: 2, Last: 3}}))
	require.ErrorIs(t, device.Append(ctx, 2, texts("deux"), logkv.MemoryFirst), logkv.ErrHeadMoved)
	require.NoError(t, device.Append(ctx, 5, texts("five"), logkv.MemoryFirst))
	assert.Equal(t, "one four five", inLog(t, device))

	// What others have there is not.
	require.ErrorIs(t, device.Append(ctx, 3, texts("trois", "quatre"), logkv.MemoryFirst), logkv.ErrHeadMoved)
	assert.Equal(t, "one four five", inLog(t, device))
}

func TestWhatFollows(t *testing.T) {
	if !canCommit() {
		t.Skip("there is no IDBTransaction.commit")
	}
	ctx := context.Background()
	for name, c := range map[string]struct {
		guarded, hurried, moved bool
		by                      logkv.Durability // of who has moved the head
		more                    bool             // by two
		fails                   bool
		want                    string
	}{
		"one that is not committed is added with it":                {want: "one two three", fails: true},
		"one that is not committed and would have failed":           {moved: true, by: logkv.Relaxed, want: "one other", fails: true},
		"one that is committed, after a guard":                      {guarded: true, hurried: true, want: "one two three"},
		"one that is committed and fails, after a guard":            {guarded: true, hurried: true, moved: true, by: logkv.Relaxed, want: "one other", fails: true},
		"one that is committed and fails on somebody else's guard":  {guarded: true, hurried: true, moved: true, by: logkv.MemoryFirst, want: "one other", fails: true},
		"one that is committed and fails, after many by others":     {guarded: true, hurried: true, moved: true, more: true, by: logkv.MemoryFirst, want: "one other another", fails: true},
		"one that is committed, without a guard: it cannot be safe": {hurried: true, want: "one two"},
	} {
		t.Run(name, func(t *testing.T) {
			storage := freshName()
			device, other := openDevice(t, storage), openDevice(t, storage)
			durability := logkv.Relaxed
			if c.guarded {
				durability = logkv.MemoryFirst
			}
			require.NoError(t, device.Append(ctx, 1, texts("one"), durability))
			if c.moved {
				require.NoError(t, other.Append(ctx, 2, texts("other"), c.by))
			}
			if c.more {
				require.NoError(t, other.Append(ctx, 3, texts("another"), c.by))
			}
			two := []string{"two"}
			if c.more { // what follows would leave a gap
				two = []string{"two", "zwei", "deux"}
			}
			outcome := begun(t, device, 2, two...)
			if c.hurried {
				defer device.Hurry()()
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
	outcome := begun(t, device, 1, "one")
	device.Follow(3, texts("three"))
	require.NoError(t, <-outcome)
	assert.Equal(t, "one", inLog(t, device), "there is a gap")
}

// guards returns the keys of the meta store that are guards, without their fractions.
func guards(t *testing.T, device *Device) (numbers []int) {
	t.Helper()
	var keys safejs.Value
	require.NoError(t, device.transact(context.Background(), "reading", readOnly, []any{metaStore}, logkv.Relaxed, func(tx *transaction) {
		keys = tx.call(tx.store(metaStore), "getAllKeys")
	}))
	var c calls
	for i := range c.length(c.get(keys, "result")) {
		if key, err := c.index(c.get(keys, "result"), i).Float(); err == nil {
			numbers = append(numbers, int(key))
		}
	}
	require.NoError(t, c.err)
	return numbers
}

func TestGuardsDoNotPileUp(t *testing.T) {
	ctx := context.Background()
	name := freshName()
	device, other := openDevice(t, name), openDevice(t, name)
	for number := uint64(1); number < 6; number++ {
		require.NoError(t, device.Append(ctx, number, texts("text"), logkv.MemoryFirst))
	}
	outcome := begun(t, device, 6, "six")
	device.Follow(7, texts("seven"))
	require.ErrorIs(t, <-outcome, logkv.ErrHeadMoved)
	assert.Equal(t, []int{7}, guards(t, device))

	for number := uint64(8); number < 12; number += 2 {
		require.NoError(t, device.Append(ctx, number, texts("text"), logkv.MemoryFirst))
		require.NoError(t, other.Append(ctx, number+1, texts("text"), logkv.MemoryFirst))
	}
	assert.Equal(t, []int{7, 10, 11}, guards(t, device), "one for each of those who write, and one of which it is not known whether it is there")
	require.NoError(t, other.Append(ctx, 12, make([][]byte, 2*forgotten), logkv.MemoryFirst))
	require.NoError(t, device.Append(ctx, 12+2*forgotten, texts("text"), logkv.MemoryFirst))
	assert.Equal(t, []int{11 + 2*forgotten, 12 + 2*forgotten}, guards(t, device), "what is long ago is removed")
}
