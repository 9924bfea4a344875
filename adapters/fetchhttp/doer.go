package fetchhttp

import (
	"context"
	"io"
)

// Doer sends one HTTP request and returns the answer, whatever its status. It follows no redirects and keeps no cookies, except where a browser
// leaves no choice. The context governs the reading of the body too.
type Doer interface {
	Do(ctx context.Context, request *Request) (*Response, error)
}

// Request is an HTTP request. The URL holds no credentials.
type Request struct {
	Method string
	URL    string
	Header map[string]string // lower-case names
	Body   []byte            // nil: none
	// Content, when not nil, is a body that is read when it is sent, perhaps several times. It has Length bytes; -1: not known.
	Content func(ctx context.Context) (io.ReadCloser, error)
	Length  int64
	// Cookies asks a browser to send its cookies for the URL, and to keep those of the answer.
	Cookies bool
}

// Response is the answer to a [Request].
type Response struct {
	Status int
	// Header returns the value of a header, several joined by ", ", or "".
	Header func(name string) string
	// Body is never nil. Closing it before its end drops the connection.
	Body io.ReadCloser
}
