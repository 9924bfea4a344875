package fetchhttp

import (
	"context"
	"encoding/json"
	"io"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/internal/golden"
)

// fakeServer is a Doer that keeps what it was sent and answers from a function.
type fakeServer struct {
	mu       sync.Mutex
	requests []*Request
	answer   func(ctx context.Context, n int, request *Request) (*Response, error)
}

func (s *fakeServer) Do(ctx context.Context, request *Request) (*Response, error) {
	s.mu.Lock()
	n := len(s.requests)
	s.requests = append(s.requests, request)
	s.mu.Unlock()
	return s.answer(ctx, n, request)
}

func (s *fakeServer) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.requests)
}

// reply is an answer; headers are name, value, name, value ...
func reply(status int, body string, headers ...string) *Response {
	return &Response{Status: status, Body: io.NopCloser(strings.NewReader(body)), Header: func(name string) string {
		for i := 0; i+1 < len(headers); i += 2 {
			if headers[i] == name {
				return headers[i+1]
			}
		}
		return ""
	}}
}

// always answers every request alike.
func always(status int, body string, headers ...string) *fakeServer {
	return &fakeServer{answer: func(context.Context, int, *Request) (*Response, error) { return reply(status, body, headers...), nil }}
}

// script answers one request after the other.
func script(t *testing.T, answers ...*Response) *fakeServer {
	return &fakeServer{answer: func(_ context.Context, n int, request *Request) (*Response, error) {
		require.Less(t, n, len(answers), "one request too many: %s %s", request.Method, request.URL)
		return answers[n], nil
	}}
}

const testURL = "http://couch.example:5984/notes"

// openFake opens a database on a fake server without a request.
func openFake(t *testing.T, server *fakeServer, options Options) *DB {
	t.Helper()
	options.Doer, options.SkipSetup = server, true
	db, err := Open(t.Context(), testURL, options)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func rev(t *testing.T, text string) core.Rev {
	t.Helper()
	parsed, err := core.ParseRev(text)
	require.NoError(t, err)
	return parsed
}

// recorded is one exchange with a real CouchDB.
type recorded struct {
	Method string
	Path   string
	Req    json.RawMessage
	Status int
	Resp   json.RawMessage
}

// recordings loads what CouchDB granted.
func recordings(t *testing.T, files ...string) []recorded {
	t.Helper()
	var granted []recorded
	for _, file := range files {
		var content struct{ Cases, Transcript []recorded }
		golden.Load(t, file, &content)
		for _, one := range append(content.Cases, content.Transcript...) {
			if one.Status >= 200 && one.Status < 300 {
				granted = append(granted, one)
			}
		}
	}
	return granted
}

// sameForm reports whether a request has the method, the path and the names and values of the query of a recorded one.
func (r recorded) sameForm(t *testing.T, request *Request) bool {
	t.Helper()
	sent, err := url.Parse(request.URL)
	require.NoError(t, err)
	path := r.Path
	for _, placeholder := range []string{"{db}", "{source}", "{target}"} {
		path = strings.ReplaceAll(path, placeholder, "notes")
	}
	was, err := url.Parse(path)
	if err != nil {
		return false
	}
	values := was.Query()
	values.Del("q") // how many shards: the recorder's choice
	return r.Method == request.Method && strings.TrimSuffix(was.EscapedPath(), "/") == sent.EscapedPath() && values.Encode() == sent.Query().Encode()
}
