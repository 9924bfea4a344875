package devicetest

import (
	"bytes"
	"context"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core/kv/logkv"
)

func testSnapshots(t *testing.T, h Harness) {
	d := h.open(t)
	ctx := context.Background()
	appendTexts(t, d, 1, "one", "two", "three", "four", "five")
	expect := func(below, covers uint64, chunks string, records string) {
		t.Helper()
		base, err := d.Load(ctx, below, large)
		require.NoError(t, err)
		assert.Equal(t, covers, base.Covers)
		assert.Equal(t, chunks, string(bytes.Join(base.Chunks, []byte("|"))))
		assert.Equal(t, records, show(base.Records))
	}
	write := func(covers uint64, chunks ...string) {
		t.Helper()
		require.NoError(t, d.WriteSnapshot(ctx, covers, toBytes(chunks)))
	}
	expect(logkv.Newest, 0, "", "1=one 2=two 3=three 4=four 5=five")
	write(2, "a", "", "bc")
	for range 2 {
		expect(logkv.Newest, 2, "a||bc", "3=three 4=four 5=five")
		expect(2, 0, "", "1=one 2=two 3=three 4=four 5=five")
		d = h.reopen(t, d)
	}
	write(4, "at four")
	write(3, "at three")
	for range 2 {
		expect(logkv.Newest, 4, "at four", "5=five")
		expect(4, 3, "at three", "4=four 5=five")
		expect(3, 0, "", "1=one 2=two 3=three 4=four 5=five") // the third one has gone
		d = h.reopen(t, d)
	}
	write(2, "too late")
	write(4, "at four", "anew")
	for range 2 {
		expect(logkv.Newest, 4, "at four|anew", "5=five")
		expect(4, 3, "at three", "4=four 5=five")
		d = h.reopen(t, d)
	}
	write(5, "at five")
	expect(logkv.Newest, 5, "at five", "")
	appendTexts(t, d, 6, "six")
	for range 2 {
		expect(logkv.Newest, 5, "at five", "6=six")
		expect(5, 4, "at four|anew", "5=five 6=six")
		d = h.reopen(t, d)
	}
}

func testLargeSnapshot(t *testing.T, h Harness) {
	d := h.open(t)
	ctx := context.Background()
	appendTexts(t, d, 1, "one")
	var chunks [][]byte
	for i := range 40 {
		chunks = append(chunks, bytes.Repeat([]byte(strconv.Itoa(i)+" "), 20_000))
	}
	require.NoError(t, d.WriteSnapshot(ctx, 1, chunks))
	appendTexts(t, d, 2, "two")
	for range 2 {
		base, err := d.Load(ctx, logkv.Newest, 10)
		require.NoError(t, err)
		require.Equal(t, uint64(1), base.Covers)
		require.Len(t, base.Chunks, len(chunks))
		for i := range chunks {
			require.True(t, bytes.Equal(chunks[i], base.Chunks[i]), "chunk %d", i)
		}
		assert.Equal(t, "2=two", show(base.Records))
		d = h.reopen(t, d)
	}
}

func testRemove(t *testing.T, h Harness) {
	d := h.open(t)
	ctx := context.Background()
	for number := uint64(1); number <= 20; number++ {
		appendTexts(t, d, number, string(bytes.Repeat([]byte{'a' + byte(number)}, 10_000)))
	}
	require.NoError(t, d.WriteSnapshot(ctx, 15, toBytes([]string{"snapshot"})))
	before, err := d.Size(ctx)
	require.NoError(t, err)
	require.NoError(t, d.Remove(ctx, []logkv.NumberRange{{First: 1, Last: 3}, {First: 5, Last: 5}, {First: 8, Last: 8}, {First: 20, Last: 99}}))
	after, err := d.Size(ctx)
	require.NoError(t, err)
	if before > 0 { // it is known
		assert.Less(t, after, before-30_000, "the space is given back")
	}
	check := func() {
		t.Helper()
		data, err := d.Read(ctx, []uint64{1, 4, 5, 20})
		require.NoError(t, err)
		assert.Nil(t, data[0])
		assert.Equal(t, bytes.Repeat([]byte{'a' + 4}, 10_000), data[1])
		assert.Nil(t, data[2])
		assert.NotNil(t, data[3], "the newest record stays")
		records, err := d.ReadFrom(ctx, 1, large)
		require.NoError(t, err)
		require.Len(t, records, 15)
		assert.Equal(t, uint64(4), records[0].Number)
		assert.Equal(t, uint64(6), records[1].Number)
		assert.Equal(t, uint64(20), records[14].Number)
		base, err := d.Load(ctx, logkv.Newest, large)
		require.NoError(t, err)
		assert.Equal(t, uint64(15), base.Covers)
		assert.Len(t, base.Records, 5)
	}
	check()
	d = h.reopen(t, d)
	check()
	require.NoError(t, d.Remove(ctx, []logkv.NumberRange{{First: 1, Last: 1}, {First: 5, Last: 5}}), "removing again")
	check()
	appendTexts(t, d, 21, "on")
	require.NoError(t, d.Remove(ctx, []logkv.NumberRange{{First: 20, Last: 20}}))
	assert.Equal(t, "21=on", readFrom(t, d, 20, large))
	d = h.reopen(t, d)
	assert.Equal(t, "21=on", readFrom(t, d, 20, large))
	appendTexts(t, d, 22, "and on")
}
