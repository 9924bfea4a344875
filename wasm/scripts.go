//go:build js && wasm

package main

import (
	"unsafe"

	"github.com/gouchdb/gouchdb/wasm/internal/scripts"
)

// hosted runs the functions of design documents where they are at home.
var hosted = scripts.New(func(request []byte) []byte {
	answer := make([]byte, run(view(request)))
	if len(answer) > 0 {
		take(unsafe.Pointer(unsafe.SliceData(answer)))
	}
	return answer
})

// run has JavaScript answer a request about functions. It keeps the answer, and says how long it is.
//
//go:wasmimport gouchdb run
func run(request string) (size uint32)

// take has JavaScript write the answer that it kept.
//
//go:wasmimport gouchdb take
func take(into unsafe.Pointer)
