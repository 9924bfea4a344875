// Command gouchdb serves databases over HTTP, as CouchDB does, and replicates between them. Each command is a file here
// and an entry in the table of run.go; what it does lives in the packages it calls.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/gouchdb/gouchdb/server"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal ends things in order; after it, the next one ends the process.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], process{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv, iterations: server.PasswordIterations}))
}
