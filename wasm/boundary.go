//go:build js && wasm

package main

import (
	"unsafe"

	"github.com/gouchdb/gouchdb/wasm/internal/engine"
)

//lint:file-ignore U1000 exported functions are called from JavaScript

// running is set before JavaScript is told that it may call.
var running *engine.Engine

// ready tells the shell that the engine takes calls, and from which build it comes.
//
//go:wasmimport gouchdb ready
func ready(buildID string)

// deliver hands JavaScript the text of a result, a failure or an event of a call. The text is read before it returns.
//
//go:wasmimport gouchdb deliver
func deliver(call, kind uint32, text string)

// requests holds the texts that JavaScript is writing, by call, so that the collector leaves them alone.
var requests = map[uint32][]byte{}

// begin makes room for the text of a request. JavaScript must look at the memory anew afterwards: it may have grown.
//
//go:wasmexport gouchdb_begin
func begin(call, size uint32) unsafe.Pointer {
	text := make([]byte, size)
	requests[call] = text
	return unsafe.Pointer(unsafe.SliceData(text))
}

// submit takes the request whose text, of that many bytes, has been written. It runs when Go is next resumed.
//
//go:wasmexport gouchdb_submit
func submit(call, size uint32) {
	text := requests[call][:size]
	delete(requests, call)
	running.Submit(call, text)
}

// cancel ends the context of a call, which then fails soon. It does no harm to a call that has been answered.
//
//go:wasmexport gouchdb_cancel
func cancel(call uint32) { running.Cancel(call) }
