//go:build js && wasm && node

package main

// maxPolls: Node has as many connections as it wants.
const maxPolls = 0
