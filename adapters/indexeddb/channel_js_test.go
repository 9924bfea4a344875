//go:build js && wasm

package indexeddb

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/internal/safejs"
)

// listen returns a raw BroadcastChannel and what comes in on it, but for announcements, which come when time has passed.
func listen(t *testing.T, name string) (channel safejs.Value, heard <-chan string) {
	t.Helper()
	var c calls
	channel = c.construct("BroadcastChannel", name)
	messages := make(chan string, 16)
	handler, err := safejs.FuncOf(func(_ safejs.Value, arguments []safejs.Value) any {
		var c calls
		if message := c.text(arguments[0], "data"); message != saysAppending {
			messages <- message
		}
		return nil
	})
	require.NoError(t, err)
	c.set(channel, "onmessage", handler)
	require.NoError(t, c.err)
	t.Cleanup(func() {
		var c calls
		c.call(channel, "close")
		handler.Release()
	})
	return channel, messages
}

func TestNothingIsSaidWhileNobodyListens(t *testing.T) {
	name := freshName()
	ctx := context.Background()
	channel, heard := listen(t, namePrefix+name)
	device := openDevice(t, name)
	looked := make(chan struct{}, 16)
	device.Watch(func() { looked <- struct{}{} })
	require.NoError(t, device.Append(ctx, 1, [][]byte{[]byte("one")}, logkv.Relaxed))
	require.NoError(t, device.Append(ctx, 2, [][]byte{[]byte("two")}, logkv.Relaxed))
	var c calls
	c.call(channel, "postMessage", saysHello)
	<-looked
	require.NoError(t, device.Append(ctx, 3, [][]byte{[]byte("three")}, logkv.Relaxed))
	c.call(channel, "postMessage", saysAppended)
	<-looked
	require.NoError(t, device.Append(ctx, 4, [][]byte{[]byte("four")}, logkv.Relaxed))
	require.NoError(t, c.err)
	// Its own hello, one answer for all that came before, and then every append.
	for _, want := range []string{saysHello, saysAppended, saysAppended, saysAppended} {
		assert.Equal(t, want, <-heard)
	}
	assert.Empty(t, heard)
}

func TestWhatWasWithheldIsToldToWhoeverSpeaks(t *testing.T) {
	name := freshName()
	channel, heard := listen(t, namePrefix+name)
	device := openDevice(t, name)
	require.NoError(t, device.Append(context.Background(), 1, [][]byte{[]byte("one")}, logkv.Relaxed))
	var c calls
	c.call(channel, "postMessage", saysAppended) // its hello was before ours
	require.NoError(t, c.err)
	assert.Equal(t, saysHello, <-heard)
	assert.Equal(t, saysAppended, <-heard)
}

// A context is killed between its commit and the message that tells of it. It had announced the commit, so the others look for it.
func TestACommitThatNobodyTellsOfIsFound(t *testing.T) {
	name := freshName()
	ctx := context.Background()
	writer, reader := openDevice(t, name), openDevice(t, name)
	looked := make(chan struct{}, 16)
	reader.Watch(func() { looked <- struct{}{} })
	require.NoError(t, writer.Append(ctx, 1, [][]byte{[]byte("one")}, logkv.Relaxed))
	<-looked
	writer.channel.mu.Lock()
	writer.channel.said = time.Time{} // long ago
	writer.channel.mu.Unlock()
	writer.channel.appending()
	require.NoError(t, writer.transact(ctx, "writing", readWrite, []any{recordsStore}, logkv.Relaxed, func(tx *transaction) {
		tx.call(tx.store(recordsStore), "add", tx.bytesToJS([]byte("two")), 2)
	}))
	writer.channel.close()
	for {
		<-looked
		records, err := reader.ReadFrom(ctx, 2, 1)
		require.NoError(t, err)
		if len(records) == 1 {
			break
		}
	}
}
