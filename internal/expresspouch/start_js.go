//go:build js && wasm

package expresspouch

import (
	"strings"
	"syscall/js"
	"testing"
)

// spawn starts the server by Node's own means, because Go cannot start processes here. It settles with the first line that the server prints.
const spawn = `(childProcess, folder, server) => {
  const child = childProcess.spawn("node", ["express-pouchdb-server.mjs"], { cwd: folder, stdio: ["pipe", "pipe", "inherit"] })
  server.stop = () => child.stdin.end()
  return new Promise((resolve) => {
    child.stdout.once("data", (chunk) => resolve(String(chunk)))
    child.once("error", (error) => resolve(String(error)))
    child.once("exit", (code) => resolve("it ended with " + code))
  })
}`

// Start runs a server until the test ends and returns its URL. The tests must run under Node.
func Start(t testing.TB) string {
	t.Helper()
	folder := installed(t)
	server := js.Global().Get("Object").New()
	line := make(chan string, 1)
	settled := js.FuncOf(func(_ js.Value, arguments []js.Value) any {
		line <- arguments[0].String()
		return nil
	})
	defer settled.Release()
	js.Global().Call("eval", spawn).Invoke(js.Global().Call("require", "node:child_process"), folder, server).Call("then", settled)
	t.Cleanup(func() { server.Call("stop") })
	said := <-line
	port, ok := strings.CutPrefix(strings.TrimSpace(said), "listening on ")
	if !ok {
		t.Fatalf("express-pouchdb did not start: %s", said)
	}
	return "http://127.0.0.1:" + port
}
