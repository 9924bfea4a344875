package engine

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/core/replication"
	"github.com/gouchdb/gouchdb/internal/httpdate"
)

// Attempts for one call of a replication. A run that a person started should tell soon that nobody is there; with `retry` it bears
// with an outage of minutes.
const (
	attempts        = 3
	attemptsToRetry = 8
)

// replicate copies from one open database to another, once or, with `live`, until it is cancelled. It reports what happens, and answers with the result and, when the run
// came to nothing or not to all, the failure.
func replicate(ctx context.Context, e *Engine, r *request) ([]byte, error) {
	source, err := e.peer(r, "source")
	if err != nil {
		return nil, err
	}
	target, err := e.peer(r, "target")
	if err != nil {
		return nil, err
	}
	options, err := e.replicateOptions(ctx, r)
	task := &activeTask{call: r.call.id, source: r.string("source_name"), target: r.string("target_name"), live: options.Live}
	if err := errors.Join(err, r.err); err != nil {
		return nil, err
	}
	for _, db := range []*database{source, target} {
		if err := db.attach(r.call); err != nil {
			return nil, err
		}
		defer db.detach(r.call)
	}
	task.Task = replication.NewTask(source.adapter(), target.adapter(), options)
	e.beginTask(task)
	defer e.endTask(task)
	result, err := task.Run(ctx)
	if errors.Is(err, context.Canceled) || err != nil && result.StartTime.IsZero() {
		return nil, err // there is no result to tell of
	}
	dst := append([]byte(nil), `{"result":`...)
	dst = appendReplicationResult(dst, result)
	if err != nil {
		dst = append(dst, `,"failure":`...)
		dst = appendFailure(dst, core.AsError(err))
	}
	return append(dst, '}'), nil
}

func (e *Engine) peer(r *request, name string) (*database, error) {
	handle := r.handle(name)
	if r.err != nil {
		return nil, r.err
	}
	return e.databases.get(handle)
}

func (e *Engine) replicateOptions(ctx context.Context, r *request) (replication.Options, error) {
	batchSize, _ := r.count("batch_size")
	batchesLimit, _ := r.count("batches_limit")
	options := replication.Options{
		DocIDs:       r.strings("doc_ids"),
		Since:        r.seq("since"),
		BatchSize:    batchSize,
		BatchesLimit: batchesLimit,
		Checkpoint:   replication.CheckpointMode(r.string("checkpoint")),
		Retry:        replication.RetryPolicy{Attempts: attempts},
		Live:         r.bool("live"),

		FollowPouchDB: true,
		FilterName:    r.string("filter"),
	}
	filter := r.feedFilter()
	options.DesignDocs, options.Selector, options.View = filter.DesignDocs, filter.Selector, filter.View
	options.DesignFilter, options.QueryParams = filter.DesignFilter, filter.QueryParams
	if r.bool("retry") {
		options.Retry.Attempts = attemptsToRetry
		options.Retry.Forever = options.Live
	}
	if r.bool("back_off_function") {
		options.Retry.BackOff = func(last time.Duration) time.Duration { return e.backOff(ctx, r.call, last) }
	}
	if options.FilterName != "" {
		options.Filter = func(ctx context.Context, docs []*core.Document) ([]bool, error) { return e.filter(ctx, r.call, docs) }
	}
	options.WinningRevsOnly = r.bool("winning_revs_only")
	switch style := r.string("style"); style {
	case "", "all_docs":
	case "main_only":
		options.WinningRevsOnly = true
	default:
		r.refuse("style", "\"main_only\" or \"all_docs\"")
	}
	withDocs := r.bool("docs")
	report := func(text []byte) { e.deliver(r.call.id, Event, text) }
	options.OnEvent = func(event replication.Event) {
		switch event.Type {
		case replication.EventChange:
			report(appendChangeEvent(nil, event, withDocs))
		case replication.EventDenied:
			dst := append([]byte(nil), `{"type":"denied","failure":`...)
			report(append(appendFailure(dst, event.Err), '}'))
		case replication.EventCheckpoint:
			dst := append([]byte(nil), `{"type":"checkpoint","seq":`...)
			report(append(core.AppendSeq(dst, event.Seq), '}'))
		case replication.EventActive:
			report([]byte(`{"type":"active"}`))
		case replication.EventPaused:
			dst := append([]byte(nil), `{"type":"paused"`...)
			if event.Err != nil {
				dst = append(dst, `,"failure":`...)
				dst = appendFailure(dst, event.Err)
			}
			dst = append(dst, `,"result":`...)
			report(append(appendReplicationResult(dst, &event.Result), '}'))
		}
	}
	return options, r.err
}

func appendChangeEvent(dst []byte, event replication.Event, withDocs bool) []byte {
	dst = append(dst, `{"type":"change","result":`...)
	dst = appendReplicationResult(dst, &event.Result)
	dst = append(dst, `,"pending":`...)
	dst = strconv.AppendInt(dst, event.Pending, 10)
	dst = append(dst, `,"docs":[`...)
	if withDocs {
		dst = appendDocs(dst, event.Docs)
	}
	return append(dst, "]}"...)
}

// appendReplicationResult prints a result with PouchDB's names.
func appendReplicationResult(dst []byte, result *replication.Result) []byte {
	dst = append(dst, `{"ok":`...)
	dst = rawjson.AppendBool(dst, result.OK)
	dst = appendTime(dst, "start_time", result.StartTime)
	dst = appendTime(dst, "end_time", result.EndTime)
	dst = appendCounts(dst, result)
	dst = append(dst, `,"last_seq":`...)
	dst = core.AppendSeq(dst, result.LastSeq)
	dst = append(dst, `,"errors":[`...)
	for i, err := range result.Errors {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendFailure(dst, err)
	}
	return append(dst, "]}"...)
}

func appendCounts(dst []byte, result *replication.Result) []byte {
	for _, count := range []struct {
		name string
		n    int64
	}{
		{"docs_read", int64(result.DocsRead)},
		{"docs_written", int64(result.DocsWritten)},
		{"doc_write_failures", int64(result.DocWriteFailures)},
		{"bytes_read", result.BytesRead},
		{"bytes_written", result.BytesWritten},
	} {
		dst = append(dst, `,"`+count.name+`":`...)
		dst = strconv.AppendInt(dst, count.n, 10)
	}
	return dst
}

func appendTime(dst []byte, name string, t time.Time) []byte {
	if t.IsZero() {
		return dst
	}
	dst = append(dst, `,"`+name+`":"`...)
	t = t.UTC()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	dst = httpdate.AppendPadded(dst, year, 4, '-')
	dst = httpdate.AppendPadded(dst, int(month), 2, '-')
	dst = httpdate.AppendPadded(dst, day, 2, 'T')
	dst = httpdate.AppendPadded(dst, hour, 2, ':')
	dst = httpdate.AppendPadded(dst, minute, 2, ':')
	dst = httpdate.AppendPadded(dst, second, 2, '.')
	dst = httpdate.AppendPadded(dst, t.Nanosecond()/1_000_000, 3, 'Z')
	return append(dst, '"')
}
