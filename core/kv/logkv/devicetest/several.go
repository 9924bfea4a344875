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
					err := device.Append(ctx, next, toBytes([]string{text, text}), durabilities[round%len(durabilities)])
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
	head := uint64(1)
	for _, durability := range durabilities {
		for len(notices) > 0 { // of before
			<-notices
		}
		require.NoError(t, first.Append(ctx, head+1, toBytes([]string{"two"}), durability))
		select {
		case <-notices:
		case <-time.After(10 * time.Second):
			require.FailNow(t, "no notice")
		}
		number := func(n uint64) string { return strconv.FormatUint(n, 10) }
		assert.Equal(t, number(head+1)+"=two", readFrom(t, second, head+1, large))
		require.ErrorIs(t, second.Append(ctx, head+1, toBytes([]string{"x"}), durability), logkv.ErrHeadMoved)
		require.NoError(t, second.Append(ctx, head+2, toBytes([]string{"three"}), durability))
		assert.Equal(t, number(head+2)+"=three", readFrom(t, first, head+2, large))
		head += 2
	}
	require.NoError(t, first.WriteSnapshot(ctx, head, toBytes([]string{"chunk"})))
	base, err := second.Load(ctx, logkv.Newest, large)
	require.NoError(t, err)
	assert.Equal(t, head, base.Covers)
	require.NoError(t, second.Close())
	appendTexts(t, first, head+1, "four")
}
