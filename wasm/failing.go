//go:build js && wasm && enginetest

package main

import (
	"context"
	"os"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/wasm/internal/engine"
)

// Adapters that end the engine in each of the ways it can end, for the tests of the shell.
func init() {
	end := func(how func()) engine.Opener {
		return engine.Opener{Open: func(context.Context, string, []byte) (core.Adapter, error) {
			how()
			return nil, core.ErrInternal
		}}
	}
	openers["panics"] = end(func() { panic("out of order") })
	openers["exits"] = end(func() { os.Exit(3) })
	openers["exhausts"] = end(func() {
		var all [][]byte
		for {
			all = append(all, make([]byte, 256<<20))
		}
	})
}
