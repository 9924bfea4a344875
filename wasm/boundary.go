//go:build js && wasm

package main

import (
	"bytes"
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

// short is where JavaScript writes the texts of requests that fit, one after the other.
var short [64 << 10]byte

// writing is the room in which JavaScript is writing a request, so that the collector leaves it alone.
var writing []byte

// begin makes room for the text of a request. JavaScript must look at the memory anew afterwards: it may have grown.
//
//go:wasmexport gouchdb_begin
func begin(size uint32) unsafe.Pointer {
	writing = short[:]
	if int(size) > len(short) {
		writing = make([]byte, size)
	}
	return unsafe.Pointer(unsafe.SliceData(writing))
}

// What submit returns, as js/src/boundary.ts knows it.
const (
	answered = iota
	later    // the request runs when Go is next resumed
	soon     // answered, and Go is to be resumed some time soon
)

// submit takes the request whose text, of that many bytes, has been written. One that memory can answer is answered before it returns.
//
//go:wasmexport gouchdb_submit
func submit(call, size uint32) uint32 {
	text := writing[:size]
	switch running.Answer(call, text) {
	case engine.Wholly:
		return answered
	case engine.Leaving:
		return soon
	}
	if len(writing) == len(short) {
		text = bytes.Clone(text)
	}
	writing = nil
	running.Submit(call, text)
	return later
}

// cancel ends the context of a call, which then fails soon. It does no harm to a call that has been answered.
//
//go:wasmexport gouchdb_cancel
func cancel(call uint32) { running.Cancel(call) }
