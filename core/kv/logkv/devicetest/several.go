package devicetest

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core/kv/logkv"
)

func testConcurrentAppends(t *testing.T, h Harness) {
	d := h.open(t)
	devices := []logkv.Device{d}
	if h.Another != nil {
		for range 2 {
			other := h.Another(t, d)
			defer func() { require.NoError(t, other.Close()) }()
			devices = append(devices, other)
		}
	}
	const writers, rounds = 6, 10
	ctx := context.Background()
	var group sync.WaitGroup
	for writer := range writers {
		group.Go(func() {
			device := devices[writer%len(devices)]
			next := uint64(1)
			for round := range rounds {
				for {
					// Two records each: they must stay together.
					text := strconv.Itoa(writer) + "." + strconv.Itoa(round)
					err := device.Append(ctx, next, toBytes([]string{text, text}), logkv.Relaxed)
					if err == nil {
						break
					}
					if !assert.ErrorIs(t, err, logkv.ErrHeadMoved) {
						return
					}
					records, err := device.ReadFrom(ctx, next, large)
					if !assert.NoError(t, err) || !assert.NotEmpty(t, records, "the head has moved, so there is something") {
						return
					}
					next = records[len(records)-1].Number + 1
				}
			}
		})
	}
	group.Wait()
	for _, device := range devices {
		records, err := device.ReadFrom(ctx, 1, large)
		require.NoError(t, err)
		require.Len(t, records, 2*writers*rounds)
		seen := map[string]int{}
		for i, r := range records {
			require.Equal(t, uint64(i+1), r.Number)
			require.Equal(t, records[i-i%2].Data, r.Data, "pairs stay together")
			seen[string(r.Data)]++
		}
		assert.Len(t, seen, writers*rounds)
	}
}

func testAnother(t *testing.T, h Harness) {
	if h.Another == nil {
		return // one device only can have the storage open, by its nature
	}
	ctx := context.Background()
	first := h.open(t)
	appendTexts(t, first, 1, "one")
	second := h.Another(t, first)
	notices := make(chan struct{}, 1)
	second.Watch(func() {
		select {
		case notices <- struct{}{}:
		default:
		}
	})
	appendTexts(t, first, 2, "two")
	select {
	case <-notices:
	case <-time.After(10 * time.Second):
		require.FailNow(t, "no notice")
	}
	assert.Equal(t, "1=one 2=two", readFrom(t, second, 1, large))
	require.ErrorIs(t, second.Append(ctx, 2, toBytes([]string{"x"}), logkv.Strict), logkv.ErrHeadMoved)
	appendTexts(t, second, 3, "three")
	assert.Equal(t, "3=three", readFrom(t, first, 3, large))
	require.NoError(t, first.WriteSnapshot(ctx, 3, toBytes([]string{"chunk"})))
	base, err := second.Load(ctx, logkv.Newest, large)
	require.NoError(t, err)
	assert.Equal(t, uint64(3), base.Covers)
	require.NoError(t, second.Close())
	appendTexts(t, first, 4, "four")
}
