//go:build js && wasm && !node

package main

// maxPolls leaves most of the six connections that a browser has to a server to short requests.
const maxPolls = 2
