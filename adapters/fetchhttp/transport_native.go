//go:build !js

package fetchhttp

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// HTTPClient is a [Doer] over a net/http client, for those who need their own: other certificates, a proxy, a limit on connections.
// Its CheckRedirect and Jar are not used.
func HTTPClient(client *http.Client) Doer {
	bare := *client
	bare.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	bare.Jar = nil
	return &nativeDoer{client: &bare}
}

// newDoer has connections of its own, so that closing a database closes them.
func newDoer() Doer {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 8
	return HTTPClient(&http.Client{Transport: transport})
}

type nativeDoer struct{ client *http.Client }

func (d *nativeDoer) Do(ctx context.Context, request *Request) (*Response, error) {
	sent, err := http.NewRequestWithContext(ctx, request.Method, request.URL, bytes.NewReader(request.Body))
	if err != nil {
		return nil, withoutURL(err)
	}
	if request.Body == nil {
		sent.Body, sent.GetBody, sent.ContentLength = http.NoBody, nil, 0
	}
	if request.Content != nil {
		sent.GetBody = func() (io.ReadCloser, error) { return request.Content(ctx) }
		if sent.Body, err = sent.GetBody(); err != nil {
			return nil, err
		}
		sent.ContentLength = request.Length
	}
	for name, value := range request.Header {
		sent.Header.Set(name, value)
	}
	answer, err := d.client.Do(sent)
	if err != nil {
		return nil, withoutURL(err)
	}
	return &Response{
		Status: answer.StatusCode,
		Header: func(name string) string { return strings.Join(answer.Header.Values(name), ", ") },
		Body:   answer.Body,
	}, nil
}

func (d *nativeDoer) CloseIdleConnections() { d.client.CloseIdleConnections() }

// withoutURL leaves of an error what went wrong; what was asked for the caller knows.
func withoutURL(err error) error {
	if wrapped, ok := err.(*url.Error); ok {
		return wrapped.Err
	}
	return err
}
