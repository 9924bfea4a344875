//go:build !js

package expresspouch

import (
	"bufio"
	"bytes"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// patience is how long a server may take to start. Node reads a few hundred files for it.
const patience = time.Minute

// Start runs a server until the test ends and returns its URL. Arguments are those of node_test/express-pouchdb-server.mjs.
func Start(t testing.TB, arguments ...string) string {
	t.Helper()
	folder := installed(t)
	command := exec.Command("node", append([]string{"express-pouchdb-server.mjs"}, arguments...)...)
	command.Dir = folder
	complaints := &bytes.Buffer{}
	command.Stderr = complaints
	life, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatalf("starting node: %v", err)
	}
	t.Cleanup(func() {
		_ = life.Close() // by which it ends
		_ = command.Wait()
		if t.Failed() && complaints.Len() > 0 {
			t.Logf("express-pouchdb said:\n%s", complaints)
		}
	})
	timer := time.AfterFunc(patience, func() { _ = command.Process.Kill() })
	defer timer.Stop()
	line, err := bufio.NewReader(output).ReadString('\n')
	port, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if err != nil || !ok {
		_ = life.Close()
		_ = command.Wait()
		t.Fatalf("express-pouchdb did not start: %q\n%s", line, complaints)
	}
	return "http://127.0.0.1:" + port
}
