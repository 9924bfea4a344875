//go:build js && wasm

// Command wasm is the engine that browsers, Node and Workers load: databases, replication and their adapters, behind a boundary
// of bytes. Its counterpart is the TypeScript in js/, which is the only thing that talks to it.
//
// One operation is one crossing. JavaScript asks for room ([begin]), writes the request as JSON text straight into it, and
// hands it over ([submit]). What memory can answer is answered then and there; for everything else a kick lets Go run. Go answers
// through [deliver] with JSON text in its own memory, which JavaScript decodes before it returns. No document is ever walked member by member through syscall/js.
//
// The exported functions never wait: one that did would stop the event loop for good. They cost a hundredth of a js.Func.
package main

import (
	"unsafe"

	"github.com/gouchdb/gouchdb/wasm/internal/engine"
)

// buildID is set by the build script to the value that the JavaScript shell of the same build expects.
var buildID string

func main() {
	running = engine.New(openers, func(call uint32, kind engine.Kind, text []byte) {
		deliver(call, uint32(kind), view(text))
	})
	ready(buildID)
	select {}
}

// view looks at bytes as a string, for the length of one import call.
func view(text []byte) string { return unsafe.String(unsafe.SliceData(text), len(text)) }
