//go:build js && wasm

package main

import (
	"context"
	"io"
	"strconv"
	"sync"

	"github.com/gouchdb/gouchdb/adapters/fetchhttp"
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/wasm/internal/engine"
)

// pageDoer sends requests with a function that the page was given in place of fetch.
type pageDoer struct {
	ask    engine.Ask
	number int64 // by which JavaScript knows the function
}

// Do implements [fetchhttp.Doer].
func (d pageDoer) Do(ctx context.Context, request *fetchhttp.Request) (*fetchhttp.Response, error) {
	sent := request.Body
	if request.Content != nil {
		content, err := request.Content(ctx)
		if err != nil {
			return nil, err
		}
		sent, err = io.ReadAll(content)
		_ = content.Close()
		if err != nil {
			return nil, err
		}
	}
	about := strconv.AppendInt([]byte(`"about":"fetch","fetch":`), d.number, 10)
	about = rawjson.AppendString(append(about, `,"method":`...), request.Method)
	about = rawjson.AppendString(append(about, `,"url":`...), request.URL)
	about = append(about, `,"headers":{`...)
	for name, value := range request.Header {
		if about[len(about)-1] != '{' {
			about = append(about, ',')
		}
		about = rawjson.AppendString(about, name)
		about = rawjson.AppendString(append(about, ':'), value)
	}
	about = append(about, '}')
	if sent != nil {
		about = strconv.AppendInt(append(about, `,"body":{"_attachments":{"body":{"follows":true,"content_type":"","length":`...), int64(len(sent)), 10)
		about = append(about, "}}}"...)
	}
	text, _, err := d.ask(ctx, about, sent)
	if err != nil {
		return nil, unwrapped(err)
	}
	status, _ := rawjson.Int(rawjson.Member(text, "status"))
	headers := rawjson.Member(text, "headers")
	number, _ := rawjson.Int(rawjson.Member(text, "body"))
	return &fetchhttp.Response{
		Status: int(status),
		Header: func(name string) string {
			value, _ := rawjson.Text(rawjson.Member(headers, name))
			return value
		},
		Body: &pageBody{ctx: ctx, ask: d.ask, number: number},
	}, nil
}

// pageBody reads the body of an answer, chunk by chunk.
type pageBody struct {
	ctx    context.Context
	ask    engine.Ask
	number int64
	chunk  []byte
	ended  bool
	close  sync.Once
}

func (b *pageBody) Read(p []byte) (int, error) {
	for len(b.chunk) == 0 {
		if b.ended {
			return 0, io.EOF
		}
		text, chunk, err := b.ask(b.ctx, strconv.AppendInt([]byte(`"about":"read","body":`), b.number, 10), nil)
		if err != nil {
			return 0, unwrapped(err)
		}
		b.chunk = chunk
		b.ended, _ = rawjson.Bool(rawjson.Member(text, "done"))
	}
	n := copy(p, b.chunk)
	b.chunk = b.chunk[n:]
	return n, nil
}

// Close drops the connection unless the body has been read to its end.
func (b *pageBody) Close() error {
	b.close.Do(func() {
		if !b.ended {
			// Whoever closes does not wait for the page.
			go func() {
				_, _, _ = b.ask(context.WithoutCancel(b.ctx), strconv.AppendInt([]byte(`"about":"drop","body":`), b.number, 10), nil)
			}()
		}
	})
	return nil
}

// unwrapped turns what the function threw into a failure of the network, which is tried again.
func unwrapped(err error) error {
	if failure := core.AsError(err); failure.Status >= 500 {
		return fetchFailure(failure.Reason)
	}
	return err
}

type fetchFailure string

func (f fetchFailure) Error() string { return string(f) }
