package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/gouchdb/gouchdb/adapters/file"
	"github.com/gouchdb/gouchdb/core/docstore"
)

// check reads all of a database's file and says what it has found. With --salvage it copies what can be read to a new one.
func check(ctx context.Context, p process, flags *flag.FlagSet, args []string) error {
	out := flags.String("salvage", "", "copy the documents that can be read to a new database in this file")
	paths, err := parse(flags, args, 1)
	if err != nil {
		return err
	}
	report, err := file.Check(ctx, paths[0])
	if err != nil {
		return err
	}
	_, _ = fmt.Fprint(p.stdout, report)
	if *out != "" {
		return salvage(ctx, p, paths[0], *out)
	}
	if !report.Sound() {
		return errors.New("the database is damaged; --salvage FILE copies what can still be read")
	}
	return nil
}

func salvage(ctx context.Context, p process, from, to string) (err error) {
	if _, err := os.Stat(to); !errors.Is(err, os.ErrNotExist) {
		return errors.Join(fmt.Errorf("%s is there already", to), err)
	}
	target, err := file.Open(ctx, to, file.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	salvaged, err := file.Salvage(ctx, from, target)
	printSalvaged(p, salvaged)
	return err
}

func printSalvaged(p process, s docstore.Salvaged) {
	_, _ = fmt.Fprintf(p.stdout, "Salvaged %d documents whole, with %d current revisions. %d local documents were left out.\n", s.Documents, s.Revisions, s.LocalDocs)
	for _, group := range []struct {
		heading string
		entries []string
	}{
		{"An older revision was saved:", s.Older}, {"Lost:", s.Lost}, {"Not accepted:", s.Refused},
	} {
		if len(group.entries) > 0 {
			_, _ = fmt.Fprintln(p.stdout, group.heading)
		}
		for _, entry := range group.entries {
			_, _ = fmt.Fprintln(p.stdout, " ", entry)
		}
	}
}
