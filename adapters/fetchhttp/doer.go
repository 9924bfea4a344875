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
