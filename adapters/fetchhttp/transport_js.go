//go:build js && wasm

package fetchhttp

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"syscall/js"
)

// newDoer is the host's fetch: of a page, a worker or Node.
func newDoer() Doer { return fetchDoer{} }

// fetchDoer sends requests with fetch. A browser may hide where a redirect leads; then fetch follows it, and keeps the Authorization header to the origin by itself.
type fetchDoer struct{}

func (fetchDoer) Do(ctx context.Context, request *Request) (*Response, error) {
	response, abort, err := fetch(ctx, request, "manual")
	if err != nil {
		return nil, err
	}
	if response.Get("type").String() == "opaqueredirect" {
		abort()
		if response, abort, err = fetch(ctx, request, "follow"); err != nil {
			return nil, err
		}
	}
	headers := response.Get("headers")
	answer := &Response{Status: response.Get("status").Int(), Header: func(name string) string {
		if value := headers.Call("get", name); value.Type() == js.TypeString {
			return value.String()
		}
		return ""
	}}
	body := &fetchBody{ctx: ctx, abort: abort}
	if stream := response.Get("body"); stream.Truthy() {
		body.reader = stream.Call("getReader")
	}
	answer.Body = body
	return answer, nil
}

// fetch starts a request and waits for the head of its answer. abort ends it, at any time and any number of times.
func fetch(ctx context.Context, request *Request, redirect string) (response js.Value, abort func(), err error) {
	if ctx.Err() != nil {
		return js.Value{}, nil, ctx.Err()
	}
	global := js.Global()
	if global.Get("fetch").Type() != js.TypeFunction {
		return js.Value{}, nil, errors.New("there is no fetch here")
	}
	headers := global.Get("Object").New()
	for name, value := range request.Header {
		headers.Set(name, value)
	}
	controller := global.Get("AbortController").New()
	init := global.Get("Object").New()
	init.Set("method", request.Method)
	init.Set("headers", headers)
	init.Set("redirect", redirect)
	init.Set("signal", controller.Get("signal"))
	if request.Cookies {
		// Set only where it is needed: Cloudflare's fetch refuses requests that mention it.
		init.Set("credentials", "include")
	}
	switch {
	case request.Content != nil:
		blob, err := blobOf(ctx, request.Content)
		if err != nil {
			return js.Value{}, nil, err
		}
		init.Set("body", blob)
	case request.Body != nil:
		init.Set("body", bytesOf(request.Body))
	}
	abort = func() { controller.Call("abort") }
	response, err = await(ctx, global.Call("fetch", request.URL, init), abort)
	return response, abort, err
}

// blobPiece is how much of a body is held here at a time.
const blobPiece = 1 << 20

// blobOf gathers a body in a Blob, which a browser keeps outside of the page's memory. Not every fetch takes a stream.
func blobOf(ctx context.Context, open func(context.Context) (io.ReadCloser, error)) (js.Value, error) {
	content, err := open(ctx)
	if err != nil {
		return js.Value{}, err
	}
	defer content.Close()
	newBlob := js.Global().Get("Blob")
	pieces := js.Global().Get("Array").New()
	buffer := make([]byte, blobPiece)
	for {
		n, err := io.ReadFull(content, buffer)
		if n > 0 {
			// A Blob of its own for each piece: an array of bytes would stay in memory until the last one is there.
			pieces.Call("push", newBlob.New([]any{bytesOf(buffer[:n])}))
		}
		switch {
		case err == io.EOF || err == io.ErrUnexpectedEOF:
			return newBlob.New(pieces), nil
		case err != nil:
			return js.Value{}, err
		case ctx.Err() != nil:
			return js.Value{}, ctx.Err()
		}
	}
}

func bytesOf(data []byte) js.Value {
	bytes := js.Global().Get("Uint8Array").New(len(data))
	js.CopyBytesToJS(bytes, data)
	return bytes
}

// liveCallbacks counts the callbacks that are not released, for tests.
var liveCallbacks atomic.Int64

// await waits for a promise. When the context ends first, it aborts what the promise stands for and does not wait for the outcome.
func await(ctx context.Context, promise js.Value, abort func()) (js.Value, error) {
	type outcome struct {
		value js.Value
		err   error
	}
	settled := make(chan outcome, 1)
	var fulfilled, rejected js.Func
	// Both are released whichever fires, and only then: a promise whose waiter has left still calls one of them.
	release := func() {
		fulfilled.Release()
		rejected.Release()
		liveCallbacks.Add(-2)
	}
	fulfilled = js.FuncOf(func(_ js.Value, arguments []js.Value) any {
		release()
		settled <- outcome{value: arguments[0]}
		return nil
	})
	rejected = js.FuncOf(func(_ js.Value, arguments []js.Value) any {
		release()
		settled <- outcome{err: failureOf(arguments[0])}
		return nil
	})
	liveCallbacks.Add(2)
	promise.Call("then", fulfilled, rejected)
	select {
	case outcome := <-settled:
		return outcome.value, outcome.err
	case <-ctx.Done():
		abort()
		return js.Value{}, ctx.Err()
	}
}

// failureOf makes an error of what a promise was rejected with. Node hides the reason in its cause.
func failureOf(reason js.Value) error {
	var texts []string
	for reason.Type() == js.TypeObject && len(texts) < 3 {
		if message := reason.Get("message"); message.Type() == js.TypeString && message.String() != "" {
			texts = append(texts, message.String())
		}
		reason = reason.Get("cause")
	}
	if len(texts) == 0 {
		return errors.New("fetch failed")
	}
	return errors.New(strings.Join(texts, ": "))
}

// fetchBody reads the body of an answer, chunk by chunk.
type fetchBody struct {
	ctx    context.Context
	reader js.Value // undefined when there is no body
	abort  func()
	chunk  js.Value // a Uint8Array, from offset on still to be read
	offset int
	ended  bool
	close  sync.Once
}

func (b *fetchBody) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for b.chunk.IsUndefined() || b.offset == b.chunk.Length() {
		if b.ended || b.reader.IsUndefined() {
			return 0, io.EOF
		}
		if b.ctx.Err() != nil {
			return 0, b.ctx.Err()
		}
		result, err := await(b.ctx, b.reader.Call("read"), b.abort)
		if err != nil {
			return 0, err
		}
		if result.Get("done").Bool() {
			b.ended = true
			return 0, io.EOF
		}
		b.chunk, b.offset = result.Get("value"), 0
	}
	n := js.CopyBytesToGo(p, b.chunk.Call("subarray", b.offset))
	b.offset += n
	return n, nil
}

// Close drops the connection unless the body has been read to its end.
func (b *fetchBody) Close() error {
	b.close.Do(func() {
		if !b.ended && !b.reader.IsUndefined() {
			b.abort()
		}
	})
	return nil
}
