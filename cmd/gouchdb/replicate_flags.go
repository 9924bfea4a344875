package main

import (
	"encoding/json"
	"flag"

	"github.com/gouchdb/gouchdb"
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/replication"
)

// chooseFlags defines the flags that say what flows, and how. What it returns enters those that were given, once they are parsed.
func chooseFlags(flags *flag.FlagSet, options *gouchdb.ReplicateOptions) func() error {
	flags.BoolVar(&options.Live, "live", false, "go on with what comes later, and outlive failures of the network, until interrupted")
	docIDs := flags.String("doc-ids", "", "copy only the documents of this JSON array of `ids`")
	selector := flags.String("selector", "", "copy only what this Mango `selector` matches")
	flags.StringVar(&options.View, "view", "", "copy only what the map function of this `view`, ddoc/name, emits something for")
	flags.StringVar(&options.DesignFilter, "filter", "", "copy only what this filter function, `ddoc/name`, of the source's design document lets pass")
	params := flags.String("query-params", "", "JSON `object` of parameters for --filter")
	flags.BoolVar(&options.DesignDocs, "design-docs", false, "copy only design documents")
	flags.BoolVar(&options.WinningRevsOnly, "winning-revs-only", false, "leave conflicts behind")
	since := flags.String("since", "", "begin after this `sequence` when there is no checkpoint; now: with what comes from now on")
	checkpoint := flags.String("checkpoint", "both", "`sides` that note how far it got: both, source, target or none")
	flags.IntVar(&options.BatchSize, "batch-size", 0, "`changes` in a batch; 0: as many as the source answers quickly")
	flags.IntVar(&options.BatchesLimit, "batches-limit", 0, "`batches` in flight; 0: 4")
	return func() error {
		options.Retry.Forever = options.Live
		options.Since = core.Seq(*since)
		options.Checkpoint = replication.CheckpointMode(*checkpoint)
		if *selector != "" {
			options.Selector = []byte(*selector)
		}
		if *params != "" {
			options.QueryParams = []byte(*params)
		}
		if *docIDs != "" {
			options.DocIDs = []string{}
			if json.Unmarshal([]byte(*docIDs), &options.DocIDs) != nil || options.DocIDs == nil {
				return usageError{`--doc-ids takes a JSON array, such as '["a","b"]'`}
			}
		}
		return nil
	}
}
