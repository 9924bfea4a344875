package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/gouchdb/gouchdb"
)

// dump writes a database as lines of JSON, to the standard output or to a file.
func dump(ctx context.Context, p process, flags *flag.FlagSet, args []string) (err error) {
	path := flags.String("out", "", "write to this `file`, which must not be there, in place of the standard output")
	locations, err := parse(flags, args, 1)
	if err != nil {
		return err
	}
	db, err := openSource(ctx, locations[0])
	if err != nil {
		return fmt.Errorf("opening the database: %w", err)
	}
	defer closing(db, &err)
	summary, err := dumpTo(ctx, p, db, *path)
	if err == nil {
		printDump(p, "dumped", summary)
	}
	return err
}

func dumpTo(ctx context.Context, p process, db *gouchdb.DB, path string) (summary gouchdb.DumpSummary, err error) {
	if path == "" {
		return db.Dump(ctx, p.stdout)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return summary, err
	}
	summary, err = db.Dump(ctx, file)
	if err = errors.Join(err, file.Close()); err != nil {
		err = errors.Join(err, os.Remove(path)) // a part of a dump is of no use
	}
	return summary, err
}

// load makes a database of a dump, from the standard input or a file.
func load(ctx context.Context, p process, flags *flag.FlagSet, args []string) (err error) {
	path := flags.String("in", "", "read this `file` in place of the standard input")
	create := flags.Bool("create", false, "make the database when it is a remote one that is not there")
	locations, err := parse(flags, args, 1)
	if err != nil {
		return err
	}
	in := p.stdin
	if *path != "" {
		file, err := os.Open(*path)
		if err != nil {
			return err
		}
		defer func() { _ = file.Close() }() // it was only read
		in = file
	}
	db, err := gouchdb.Open(ctx, locations[0], gouchdb.Options{Create: *create})
	if err != nil {
		return fmt.Errorf("opening the database: %w", err)
	}
	defer closing(db, &err)
	summary, err := db.Load(ctx, in)
	if err == nil {
		printDump(p, "loaded", summary)
	}
	return err
}

// printDump goes to the standard error output: the dump itself may be on the other one.
func printDump(p process, what string, s gouchdb.DumpSummary) {
	_, _ = fmt.Fprintf(p.stderr, "%s %d documents with %d current revisions, %d attachments and %d local documents\n", what, s.Documents, s.Revisions, s.Attachments, s.LocalDocs)
}
