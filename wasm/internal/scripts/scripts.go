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

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// Host answers a request. The answer may be used for as long as the caller likes.
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
	_, err := f.run(ctx, 0, []byte("[]"))
	return f, err
}

// run sends a request about a number of documents or calls, and returns what the host says of each.
func (f function) run(ctx context.Context, count int, rest []byte) ([][]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	request := append(make([]byte, 0, len(f.head)+len(rest)+1), f.head...)
	answer := f.host(append(append(request, rest...), ']'))
	if rawjson.KindOf(answer) != rawjson.Array {
		return nil, failure(answer)
	}
	results := make([][]byte, 0, count)
	for element := range rawjson.Elements(answer) {
		results = append(results, element)
	}
	if len(results) != count {
		return nil, core.ErrInternal.Because("the host's answer is not about what it was asked")
	}
	return results, nil
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

func appendArray(dst []byte, values [][]byte) []byte {
	dst = append(dst, '[')
	for i, value := range values {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, value...)
	}
	return append(dst, ']')
}

// sizeOf is about what an array of values takes.
func sizeOf(values [][]byte) int {
	size := 2
	for _, value := range values {
		size += len(value) + 1
	}
	return size
}
