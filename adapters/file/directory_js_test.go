package file

import (
	"context"
	"strings"
	"syscall/js"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A name that is not on disk is lost with the power, and with it what was acknowledged as durable.
func TestTheNamesOfFilesAreMadeDurable(t *testing.T) {
	fs := js.Global().Get("fs")
	original := fs.Get("fsync")
	directories := 0
	count := js.FuncOf(func(_ js.Value, arguments []js.Value) any {
		if fs.Call("fstatSync", arguments[0]).Call("isDirectory").Bool() {
			directories++
		}
		return original.Invoke(arguments[0], arguments[1])
	})
	fs.Set("fsync", count)
	t.Cleanup(func() {
		fs.Set("fsync", original)
		count.Release()
	})

	store, err := OpenStore(context.Background(), newPath(t), tiny)
	require.NoError(t, err)
	assert.Equal(t, 1, directories, "of a new file")
	for range 50 {
		putText(t, store, "overwritten", strings.Repeat("x", 300))
	}
	require.NoError(t, store.Compact(context.Background()))
	assert.Equal(t, 2, directories, "of the file that takes its place")
	require.NoError(t, store.Close())
}
