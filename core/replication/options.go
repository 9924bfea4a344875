package replication

import (
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/gouchdb/gouchdb/core"
)

// Options choose what flows and how. The zero value replicates everything.
type Options struct {
	// DocIDs, when not nil, lets only these documents flow.
	DocIDs []string
	// Selector, View, DesignFilter with its QueryParams, and DesignDocs filter at the source, as [core.ChangesFilter] tells: at most one of them, and
	// not together with DocIDs. The functions are those that the source's design document has when the replication begins; with other ones it begins anew.
	Selector     []byte
	View         string
	DesignFilter string
	QueryParams  []byte
	DesignDocs   bool
	// Filter, when not nil, lets only those revisions flow that it answers true for. Each leaf is judged by itself, deleted ones too: a filter that
	// asks for fields should let tombstones pass, which often have none. It gets a batch of documents, which it must not modify, and answers
	// for each of them. An error ends the replication.
	Filter core.Predicate
	// FilterName tells filters apart: with another name the replication begins anew. Required with Filter; change it whenever the filter changes.
	FilterName string
	// FollowPouchDB goes on, when there is no checkpoint, from that of PouchDB for the same databases, documents, selector and filter of a design document: for
	// databases that were PouchDB's.
	FollowPouchDB bool
	// Since is where to begin when there is no checkpoint to go on from, and always with CheckpointNone.
	Since core.Seq
	// WinningRevsOnly leaves conflicts behind: of each document only the winner flows.
	WinningRevsOnly bool

	// Live goes on with what comes later, until the context ends.
	Live bool

	BatchSize    int // changes per batch; 0: 500 at first, then as many as the source answers quickly, 100 to 2,000
	BatchesLimit int // batches in flight; 0: 4
	// BatchBytes is how much one write may carry, as far as documents can be split; 0: 1,000,000, which proxies let through
	// that are set to 1 MiB. About BatchBytes times BatchesLimit is held in memory.
	BatchBytes int

	Checkpoint CheckpointMode // empty: CheckpointBoth
	// CheckpointInterval is how often a checkpoint is written before the end; 0: 30 s. A live replication writes one also when it has nothing to do.
	CheckpointInterval time.Duration

	Retry RetryPolicy
	// OnEvent is told what happens, one event at a time. It must return soon: the replication waits for it.
	OnEvent func(Event)

	// Clock and Random replace time and chance in tests. Random must be safe for concurrent use.
	Clock  Clock
	Random func() uint64

	adaptive    bool          // no BatchSize was given
	repeatAfter time.Duration // how long a live session goes on with documents left behind
}

// CheckpointMode tells which sides note how far a replication got.
type CheckpointMode string

const (
	// CheckpointBoth is the safe choice: it notices when either side was restored from a backup or made anew.
	CheckpointBoth CheckpointMode = "both"
	// CheckpointSource and CheckpointTarget trust one side alone, for when the other cannot be written to.
	CheckpointSource CheckpointMode = "source"
	CheckpointTarget CheckpointMode = "target"
	// CheckpointNone neither reads nor writes checkpoints: every run begins at Since.
	CheckpointNone CheckpointMode = "none"
)

// RetryPolicy tells how long failures that may pass (no answer, 408, 5xx) are borne with. An answer of 429 means to go more
// slowly and spends no attempts.
type RetryPolicy struct {
	Attempts int           // of each call, the first included; 0: 6; 1: no retries at all
	MinDelay time.Duration // before the first retry; it doubles with each; 0: 500 ms
	MaxDelay time.Duration // 0: 30 s

	// Forever makes a live replication outlive failures that may pass, however long that takes. After each it asks both sides anew where to go
	// on. Attempts then counts for the calls in between.
	Forever bool
	// BackOff, when not nil, tells with Forever how long to wait before connecting again, given the last such wait: 0 for the first failure since
	// something came through. Without it the wait doubles from MinDelay to MaxDelay, half of it chance.
	BackOff func(last time.Duration) time.Duration
}

const (
	defaultBatchSize          = 500
	defaultBatchesLimit       = 4
	defaultBatchBytes         = 1_000_000
	defaultCheckpointInterval = 30 * time.Second
)

// complete returns the options with defaults in place of zeros, or an ErrBadRequest that names the option that cannot be.
func (o Options) complete() (Options, error) {
	for _, docID := range o.DocIDs {
		if err := core.ValidateDocID(docID); err != nil {
			return o, badOption("DocIDs", strconv.Quote(docID)+" is not a document id").From(err)
		}
		if core.IsLocalID(docID) {
			return o, badOption("DocIDs", "local documents do not replicate: "+strconv.Quote(docID))
		}
	}
	feed := core.ChangesOptions{DocIDs: o.DocIDs, Filter: o.feedFilter()}
	if err := feed.CheckFilter(); err != nil {
		return o, core.ErrBadRequest.Because("replication: " + core.AsError(err).Reason)
	}
	if o.QueryParams != nil && o.DesignFilter == "" {
		return o, badOption("QueryParams", "goes together with DesignFilter only")
	}
	if o.Filter != nil && o.FilterName == "" {
		return o, badOption("FilterName", "a filter needs a name, by which its checkpoints are found")
	}
	if o.Retry.Forever && !o.Live {
		return o, badOption("Retry.Forever", "goes together with Live only")
	}
	o.adaptive = o.BatchSize == 0
	switch o.Checkpoint {
	case "":
		o.Checkpoint = CheckpointBoth
	case CheckpointBoth, CheckpointSource, CheckpointTarget, CheckpointNone:
	default:
		return o, badOption("Checkpoint", "there is no mode "+strconv.Quote(string(o.Checkpoint)))
	}
	err := firstError(
		setDefault("BatchSize", &o.BatchSize, defaultBatchSize),
		setDefault("BatchesLimit", &o.BatchesLimit, defaultBatchesLimit),
		setDefault("BatchBytes", &o.BatchBytes, defaultBatchBytes),
		setDefault("CheckpointInterval", &o.CheckpointInterval, defaultCheckpointInterval),
		setDefault("Retry.Attempts", &o.Retry.Attempts, 6),
		setDefault("Retry.MinDelay", &o.Retry.MinDelay, 500*time.Millisecond),
		setDefault("Retry.MaxDelay", &o.Retry.MaxDelay, 30*time.Second),
	)
	if o.Clock == nil {
		o.Clock = systemClock{}
	}
	if o.Random == nil {
		o.Random = rand.Uint64
	}
	return o, err
}

func setDefault[T int | time.Duration](name string, option *T, value T) error {
	if *option < 0 {
		return badOption(name, "must not be negative")
	}
	if *option == 0 {
		*option = value
	}
	return nil
}

func badOption(name, reason string) *core.Error {
	return core.ErrBadRequest.Because("replication option " + name + ": " + reason)
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
