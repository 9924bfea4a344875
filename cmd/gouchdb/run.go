package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"runtime/debug"
)

// process is what a command may use of the process it runs in.
type process struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
	iterations     int // for hashing the administrator's password; tests have no time for many
}

// command is one of gouchdb's commands.
type command struct {
	name, arguments, summary string
	run                      func(ctx context.Context, p process, flags *flag.FlagSet, args []string) error
}

var commands = []command{
	{"serve", "[flags]", "serve databases over HTTP", serve},
	{"replicate", "[flags] SOURCE TARGET", "copy to one database what it lacks of another", replicate},
	{"dump", "[flags] DATABASE", "write a database as lines of JSON, with everything that it has", dump},
	{"load", "[flags] DATABASE", "make a database of a dump", load},
	{"check", "[flags] FILE", "check a database's file, and save what can be read of a damaged one", check},
	{"version", "", "print the version", printVersion},
}

// The exit codes.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
)

// usageError is a command line that cannot be understood.
type usageError struct{ text string }

func (e usageError) Error() string { return e.text }

// run runs the command that args name, and returns the exit code.
func run(ctx context.Context, args []string, p process) int {
	if len(args) == 0 {
		usage(p.stderr)
		return exitUsage
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		usage(p.stdout)
		return exitOK
	}
	for _, c := range commands {
		if c.name == args[0] {
			return c.start(ctx, p, args[1:])
		}
	}
	_, _ = fmt.Fprintf(p.stderr, "gouchdb: there is no command %q\n", args[0])
	usage(p.stderr)
	return exitUsage
}

func (c command) start(ctx context.Context, p process, args []string) int {
	flags := flag.NewFlagSet(c.name, flag.ContinueOnError)
	flags.SetOutput(p.stderr)
	flags.Usage = func() {
		_, _ = fmt.Fprintf(p.stderr, "Usage: gouchdb %s %s\n\n%s.\n\n", c.name, c.arguments, c.summary)
		flags.PrintDefaults()
	}
	err := c.run(ctx, p, flags, args)
	var wrong usageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return exitOK
	case errors.As(err, &wrong):
		_, _ = fmt.Fprintf(p.stderr, "gouchdb %s: %s\n", c.name, wrong.text)
		return exitUsage
	}
	_, _ = fmt.Fprintf(p.stderr, "gouchdb %s: %v\n", c.name, err)
	return exitFailure
}

// parse reads flags and returns the arguments after them, of which there must be so many.
func parse(flags *flag.FlagSet, args []string, want int) ([]string, error) {
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil, err
		}
		return nil, usageError{err.Error()}
	}
	if flags.NArg() != want {
		return nil, usageError{fmt.Sprintf("it takes %d arguments after its flags, not %d", want, flags.NArg())}
	}
	return flags.Args(), nil
}

func usage(w io.Writer) {
	_, _ = fmt.Fprint(w, "Usage: gouchdb COMMAND [flags] [arguments]\n\n")
	for _, c := range commands {
		_, _ = fmt.Fprintf(w, "  %-32s %s\n", c.name+" "+c.arguments, c.summary)
	}
	_, _ = fmt.Fprint(w, "\ngouchdb COMMAND --help tells more.\n")
}

func printVersion(_ context.Context, p process, flags *flag.FlagSet, args []string) error {
	if _, err := parse(flags, args, 0); err != nil {
		return err
	}
	_, err := fmt.Fprintln(p.stdout, "gouchdb", version())
	return err
}

func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "dev"
	}
	return info.Main.Version
}
