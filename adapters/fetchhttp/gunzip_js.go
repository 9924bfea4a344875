//go:build js && wasm

package fetchhttp

import (
	"context"
	"io"
	"syscall/js"
)

// gunzip undoes gzip with the host's decoder, for which the text is held: a decoder of our own would be loaded by every page.
func gunzip(ctx context.Context, zipped io.Reader) (io.ReadCloser, error) {
	global := js.Global()
	decoder := global.Get("DecompressionStream")
	if decoder.Type() != js.TypeFunction {
		return nil, errEncoding
	}
	held, err := io.ReadAll(zipped)
	if err != nil {
		return nil, err
	}
	blob := global.Get("Blob").New([]any{bytesOf(held)})
	reader := blob.Call("stream").Call("pipeThrough", decoder.New("gzip")).Call("getReader")
	return &fetchBody{ctx: ctx, reader: reader, abort: func() { letGo(reader.Call("cancel")) }}, nil
}

// letGo says that nobody waits for a promise, whatever becomes of it.
func letGo(promise js.Value) {
	promise.Call("catch", js.Global().Get("Function").New())
}
