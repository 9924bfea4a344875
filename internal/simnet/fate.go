//go:build !js

package simnet

import (
	"context"
	"io"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/gouchdb/gouchdb/adapters/fetchhttp"
)

// fate is what befalls a request.
type fate struct {
	before, after time.Duration // on its way, and its answer's: with others beside it, they overtake each other
	dropped       bool          // it never arrives
	lost          bool          // it arrives, its answer does not
	doubled       bool          // it arrives twice
	hangs         bool          // no answer comes, and no end of the connection
	arrives       bool          // with hangs: it has arrived
	lie           *lie          // somebody else answers in its place
	lieAfter      *lie          // with lost: and somebody else answers
	cut           int           // the answer's body ends after so many bytes; -1: it does not
	cutHow        cut
}

// cut is how a body ends too early.
type cut int

const (
	cutReset  cut = iota // with an error
	cutSilent            // as if that was all
	cutStall             // not at all: nothing comes any more
)

// rollFate draws one of a request's fates; a good half get through. large tells a request that carries documents, which alone is ever called too large.
func rollFate(random *rand.Rand, large bool) fate {
	f := fate{cut: -1}
	lies := lies
	if !large {
		lies = lies[1:]
	}
	if random.IntN(3) == 0 {
		f.before = time.Duration(random.IntN(3000)) * time.Millisecond
		f.after = time.Duration(random.IntN(3000)) * time.Millisecond
	}
	switch random.IntN(24) {
	case 0:
		f.dropped = true
	case 1:
		f.lost = true
	case 2:
		f.doubled = true
	case 3:
		f.hangs, f.arrives = true, random.IntN(2) == 0
	case 4, 5:
		f.lie = &lies[random.IntN(len(lies))]
	case 6:
		f.lost, f.lieAfter = true, &lies[random.IntN(len(lies))]
	case 7, 8, 9:
		f.cut, f.cutHow = random.IntN(1<<random.IntN(14)), cut(random.IntN(3))
	}
	return f
}

// lie is an answer that does not come from the server.
type lie struct {
	status int
	header map[string]string
	body   string
}

// lies are those of proxies, of balancers and of a hotel's network. None says that a document is refused, or a password wrong: that would have to be believed.
var lies = []lie{
	{status: 413, body: "<html>Request Entity Too Large</html>"},
	{status: 500, body: `{"error":"unknown_error","reason":"undefined"}`},
	{status: 500, body: "Internal Server Error"},
	{status: 502, body: "<html>Bad Gateway</html>"},
	{status: 503, header: map[string]string{"retry-after": "7"}, body: `{"error":"service_unavailable","reason":"later"}`},
	{status: 504},
	{status: 408, body: "<html>Request Timeout</html>"},
	{status: 429, header: map[string]string{"retry-after": "3"}, body: `{"error":"too_many_requests","reason":"slow down"}`},
	{status: 429},
	{status: 200, header: map[string]string{"content-type": "text/html"}, body: "<html>Welcome to the hotel's network. Please log in.</html>"},
	{status: 200},
	{status: 404, body: "<html>Not found</html>"},
}

func (l *lie) answer() *fetchhttp.Response {
	return &fetchhttp.Response{Status: l.status, Header: func(name string) string { return l.header[name] }, Body: io.NopCloser(strings.NewReader(l.body))}
}

// cutBody ends too early.
type cutBody struct {
	io.ReadCloser
	ctx  context.Context
	left int
	how  cut
}

func (b *cutBody) Read(p []byte) (int, error) {
	if b.left > 0 {
		n, err := b.ReadCloser.Read(p[:min(len(p), b.left)])
		b.left -= n
		return n, err
	}
	switch b.how {
	case cutReset:
		return 0, errReset
	case cutSilent:
		return 0, io.EOF
	}
	<-b.ctx.Done()
	return 0, b.ctx.Err()
}
