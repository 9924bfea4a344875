//go:build !js

package simnet

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gouchdb/gouchdb/adapters/fetchhttp"
)

// deliver hands a request to a server and returns its answer as soon as that begins.
func deliver(ctx context.Context, to *host, request *fetchhttp.Request) (*fetchhttp.Response, error) {
	ctx, cancel := context.WithCancel(ctx)
	var body io.ReadCloser = http.NoBody
	length := int64(len(request.Body))
	switch {
	case request.Content != nil:
		content, err := request.Content(ctx)
		if err != nil {
			cancel()
			return nil, err
		}
		body, length = content, request.Length
	case request.Body != nil:
		body = io.NopCloser(bytes.NewReader(request.Body))
	}
	sent, err := http.NewRequestWithContext(ctx, request.Method, request.URL, body)
	if err != nil {
		cancel()
		return nil, err
	}
	sent.RequestURI, sent.RemoteAddr, sent.ContentLength = sent.URL.RequestURI(), "10.0.0.1:1234", length
	for name, value := range request.Header {
		sent.Header.Set(name, value)
	}
	reader, writer := io.Pipe()
	a := &answerWriter{header: http.Header{}, pipe: writer, begun: make(chan struct{})}
	stop := context.AfterFunc(to.life, func() { a.breakOff(); cancel() })
	stopReading := context.AfterFunc(ctx, func() { _ = reader.CloseWithError(ctx.Err()) })
	go func() {
		defer stop()
		defer func() {
			if recover() != nil { // http.ErrAbortHandler: the server breaks off
				a.breakOff()
			}
			_ = body.Close()
			a.WriteHeader(http.StatusOK)
			a.finish()
		}()
		to.handler.ServeHTTP(a, sent)
	}()
	select {
	case <-a.begun:
	case <-ctx.Done():
		stopReading()
		err := ctx.Err()
		cancel()
		if to.life.Err() != nil {
			err = errReset
		}
		return nil, err
	}
	header := a.sent
	return &fetchhttp.Response{
		Status: a.status,
		Header: func(name string) string { return strings.Join(header.Values(name), ", ") },
		Body: &answerBody{PipeReader: reader, close: func() {
			stopReading()
			cancel()
		}},
	}, nil
}

// deliverAndForget delivers a request, and reads its answer for nobody.
func deliverAndForget(ctx context.Context, to *host, request *fetchhttp.Request) error {
	// A server that waits for changes would do so until the client gives up.
	short, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	response, err := deliver(short, to, request)
	if err == nil {
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
	}
	return ctx.Err()
}

type answerBody struct {
	*io.PipeReader
	close func()
}

func (b *answerBody) Close() error {
	err := b.PipeReader.Close()
	b.close()
	return err
}

// answerWriter is the server's end of an answer.
type answerWriter struct {
	header http.Header
	pipe   *io.PipeWriter

	mutex  sync.Mutex
	begun  chan struct{}
	status int // 0: not begun
	sent   http.Header
}

func (a *answerWriter) Header() http.Header { return a.header }

func (a *answerWriter) WriteHeader(status int) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if a.status != 0 {
		return
	}
	a.status, a.sent = status, a.header.Clone()
	close(a.begun)
}

func (a *answerWriter) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.pipe.Write(p)
}

func (a *answerWriter) Flush() { a.WriteHeader(http.StatusOK) }

// SetReadDeadline and SetWriteDeadline are there for http.ResponseController. Nobody is slow here.
func (a *answerWriter) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing, see SetReadDeadline.
func (a *answerWriter) SetWriteDeadline(time.Time) error { return nil }

func (a *answerWriter) finish() { _ = a.pipe.Close() }

func (a *answerWriter) breakOff() { _ = a.pipe.CloseWithError(errReset) }
