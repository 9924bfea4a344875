// Package scripts has the JavaScript of design documents run by the host, which is JavaScript itself: a batch of documents crosses as one
// JSON text, and what the functions made of them comes back as another. Like its neighbour engine it knows nothing of how texts cross.
//
// A request names the functions by their sources. The host compiles a source once and remembers it, so that there is nothing here to be released:
//
//	["map", [source, ...], [document, ...]]                       -> [[[key, value, key, value, ...] or "error", by function], by document]
//	["reduce", [source], [[keys, values, rereduce], ...]]          -> [[value] or "error", by call]
//	["filter", [source], [document, ...], request]                 -> [true or false, by document]
//
// A request without documents or calls finds out whether the sources can be compiled. An answer that is an object is a failure of all: it has
// a status, a name and a reason.
//
// Nothing bounds the time of a function: the host can not be interrupted from within.
package scripts

import (
	"context"
	"sync"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// Host answers a request, which it must not keep. The answer may be used for as long as the caller likes.
type Host func(request []byte) []byte

// New returns scripts that the host runs.
func New(host Host) core.Scripts { return runner{host} }

type runner struct{ host Host }

// function is what a host runs: one source, or the map functions of one design document.
type function struct {
	host Host
	head []byte // how its requests begin
}

// compile has the host compile sources.
func (r runner) compile(ctx context.Context, kind string, sources []string) (function, error) {
	head := rawjson.AppendQuoted([]byte(`["`+kind+`",`), sources)
	f := function{r.host, append(head, ',')}
	a, err := f.ask(ctx, f.begin().documents(nil))
	if err == nil {
		err = a.end()
	}
	return f, err
}

// requests are what requests are printed into, one after the other: they are long.
var requests = sync.Pool{New: func() any { return new(request) }}

type request struct{ text []byte }

// begin begins a request.
func (f function) begin() *request {
	r := requests.Get().(*request)
	r.text = append(r.text[:0], f.head...)
	return r
}

// documents appends an array of documents.
func (r *request) documents(docs [][]byte) *request {
	text := append(r.text, '[')
	for i, doc := range docs {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(text, doc...)
	}
	r.text = append(text, ']')
	return r
}

// ask ends a request and sends it.
func (f function) ask(ctx context.Context, r *request) (answer, error) {
	if err := ctx.Err(); err != nil {
		return answer{}, err
	}
	a := answer{Cursor: rawjson.NewCursor(f.host(append(r.text, ']')))}
	requests.Put(r)
	if !a.Open(rawjson.Array) {
		return a, failure(a.Text)
	}
	return a, nil
}

// answer is an array that is read from its beginning to its end.
type answer struct {
	rawjson.Cursor
	wrong bool // it had more or fewer elements than it should
}

// next goes to the next element, which there must be.
func (a *answer) next() {
	if !a.Next() {
		a.wrong = true
	}
}

// end goes behind the last element, and returns why the answer cannot be used.
func (a *answer) end() error {
	if a.Next() || a.wrong {
		return core.ErrInternal.Because("the host's answer is not about what it was asked")
	}
	return nil
}

func failure(answer []byte) error {
	status, ok := rawjson.Int(rawjson.Member(answer, "status"))
	if !ok {
		return core.ErrInternal.Because("the host cannot run functions")
	}
	name, _ := rawjson.Text(rawjson.Member(answer, "name"))
	reason, _ := rawjson.Text(rawjson.Member(answer, "reason"))
	return core.NewError(int(status), name, reason)
}

// thrown is what a function threw, as the host tells of it; nil when it is no error's text.
func thrown(result []byte) error {
	text, ok := rawjson.Text(result)
	if !ok {
		return nil
	}
	return core.NewError(500, "script_error", text)
}
