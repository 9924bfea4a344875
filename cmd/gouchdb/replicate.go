package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"time"

	"github.com/gouchdb/gouchdb"
)

// replicate copies from one database to another, once or, with --live, until it is interrupted.
func replicate(ctx context.Context, p process, flags *flag.FlagSet, args []string) (err error) {
	create := flags.Bool("create", false, "make the target when it is a remote database that is not there")
	asJSON := flags.Bool("json", false, "print the result as JSON")
	options := gouchdb.ReplicateOptions{}
	choose := chooseFlags(flags, &options)
	locations, err := parse(flags, args, 2)
	if err != nil {
		return err
	}
	if err := choose(); err != nil {
		return err
	}
	source, err := openSource(ctx, locations[0])
	if err != nil {
		return fmt.Errorf("opening the source: %w", err)
	}
	defer closing(source, &err)
	target, err := gouchdb.Open(ctx, locations[1], gouchdb.Options{Create: *create})
	if err != nil {
		return fmt.Errorf("opening the target: %w", err)
	}
	defer closing(target, &err)
	if options.Live {
		options.OnEvent = func(event gouchdb.ReplicationEvent) { printEvent(p, event) }
	}
	result, err := gouchdb.Replicate(ctx, source, target, options)
	if result != nil {
		printResult(p, result, *asJSON)
	}
	if options.Live && ctx.Err() != nil {
		return nil // interrupted, as it is meant to end
	}
	return err
}

// printEvent tells on the standard error output how a live replication stands.
func printEvent(p process, event gouchdb.ReplicationEvent) {
	switch {
	case event.Type == "paused" && event.Err != nil:
		_, _ = fmt.Fprintf(p.stderr, "waiting %s to try again: %v\n", event.Delay.Round(time.Millisecond), event.Err)
	case event.Type == "paused":
		_, _ = fmt.Fprintf(p.stderr, "up to date, %d written so far\n", event.Result.DocsWritten)
	case event.Type == "active":
		_, _ = fmt.Fprintln(p.stderr, "replicating")
	case event.Type == "denied" || event.Type == "failed":
		_, _ = fmt.Fprintf(p.stderr, "%s: %v\n", event.Type, event.Err)
	}
}

func closing(db *gouchdb.DB, err *error) {
	if failure := db.Close(); failure != nil && *err == nil {
		*err = failure
	}
}

func printResult(p process, result *gouchdb.ReplicateResult, asJSON bool) {
	if asJSON {
		text, _ := json.Marshal(map[string]any{
			"ok": result.OK, "docs_read": result.DocsRead, "docs_written": result.DocsWritten,
			"doc_write_failures": result.DocWriteFailures, "doc_read_failures": result.DocReadFailures,
			"missing_checked": result.MissingChecked, "missing_found": result.MissingFound, "denied": result.Denied,
			"start_time": result.StartTime, "end_time": result.EndTime, "last_seq": result.LastSeq,
		})
		_, _ = fmt.Fprintln(p.stdout, string(text))
		return
	}
	_, _ = fmt.Fprintf(p.stdout, "%d revisions looked at, %d were missing, %d written", result.MissingChecked, result.MissingFound, result.DocsWritten)
	if failures := result.DocWriteFailures + result.DocReadFailures; failures > 0 {
		_, _ = fmt.Fprintf(p.stdout, ", %d failed (%d of these were refused)", failures, result.Denied)
	}
	_, _ = fmt.Fprintln(p.stdout)
	for _, failure := range result.Errors {
		_, _ = fmt.Fprintln(p.stderr, failure)
	}
}
