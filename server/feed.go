package server

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/wire"
)

// framing is how the rows of a feed, and what stands around them, are written.
type framing struct {
	contentType string
	begin       string
	heartbeat   string
	lines       bool // one row a line, and the summary in a line of its own
	events      bool // server-sent events, without a summary
}

var (
	jsonFeed  = framing{contentType: "application/json", begin: "{\"results\":[\n", heartbeat: "\n"}
	lineFeed  = framing{contentType: "application/json", heartbeat: "\n", lines: true}
	eventFeed = framing{contentType: "text/event-stream", heartbeat: "event: heartbeat\ndata: \n\n", events: true}
)

// feed is an answer to a request for changes.
type feed struct {
	req     *request
	parsed  *changesRequest
	framing framing
	out     *stream
	options core.ChangesOptions // for the next reading: Since and Limit move on
	rows    int
	skipped int // rows that the filter left out
	pending int64
}

func (req *request) newFeed(parsed *changesRequest, framing framing) *feed {
	f := &feed{req: req, parsed: parsed, framing: framing, out: req.stream(framing.contentType), options: parsed.options}
	if framing.events {
		req.answer.Header().Set("Cache-Control", "no-cache")
	}
	f.out.text = append(f.out.text, framing.begin...)
	return f
}

// read reads the feed once, and waits that long for a first row.
func (f *feed) read(ctx context.Context, wait time.Duration) error {
	options := f.options
	options.Wait = wait
	if f.parsed.designOnly {
		// The limit is for rows that pass.
		options.Limit = 0
	}
	var last core.Seq
	summary, err := f.req.db.Changes(ctx, options, func(change *core.Change) error {
		if f.parsed.designOnly && !core.IsDesignID(change.ID) {
			f.skipped++
			return nil
		}
		if f.options.Limit == core.NoRows {
			return errEnough
		}
		last = change.Seq
		if err := f.row(change); err != nil {
			return err
		}
		if f.options.Limit > 0 {
			if f.options.Limit--; f.options.Limit == 0 {
				f.options.Limit = core.NoRows
				if f.parsed.designOnly {
					return errEnough
				}
			}
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		// How much more there is can only be counted; what was asked for has been found.
		if last != "" {
			f.options.Since = last
		}
		return f.count(ctx)
	}
	if err != nil {
		return err
	}
	f.options.Since, f.pending = summary.LastSeq, summary.Pending
	return nil
}

// count finds out how many changes come after the last row.
func (f *feed) count(ctx context.Context) error {
	summary, err := f.req.db.Changes(ctx, core.ChangesOptions{Since: f.options.Since, Limit: core.NoRows}, func(*core.Change) error { return nil })
	f.pending = summary.Pending
	return err
}

func (f *feed) row(change *core.Change) error {
	sealed := *change
	if change.Seq != "" {
		sealed.Seq = f.req.db.sealSeq(change.Seq)
	}
	interval := f.parsed.options.SeqInterval
	if interval > 1 && f.rows%interval != 0 {
		sealed.Seq = ""
	}
	includeDocs := f.parsed.options.IncludeDocs
	switch {
	case f.framing.events:
		f.out.text = append(f.out.text, "data: "...)
		f.out.text = wire.AppendChange(f.out.text, &sealed, includeDocs)
		f.out.text = append(f.out.text, "\nid: "...)
		f.out.text = core.AppendSeq(f.out.text, f.req.db.sealSeq(change.Seq))
		f.out.text = append(f.out.text, "\n\n"...)
	case f.framing.lines:
		f.out.text = append(wire.AppendChange(f.out.text, &sealed, includeDocs), '\n')
	default:
		if f.rows > 0 {
			f.out.text = append(f.out.text, ",\n"...)
		}
		f.out.text = wire.AppendChange(f.out.text, &sealed, includeDocs)
	}
	f.rows++
	return f.out.flushFull()
}

// end writes the summary, where there is one.
func (f *feed) end() error {
	if !f.framing.events {
		if f.framing.lines {
			f.out.text = append(f.out.text, '{')
		} else {
			f.out.text = append(f.out.text, "\n],\n"...)
		}
		summary := core.ChangesSummary{LastSeq: f.req.db.sealSeq(f.options.Since), Pending: f.pending + int64(f.skipped)}
		f.out.text = append(wire.AppendChangesSummary(f.out.text, summary), "}\n"...)
	} else {
		f.out.text = append(f.out.text, '\n')
	}
	return f.out.end()
}

// longPoll answers as soon as there is a row, or when the time is over.
func (req *request) longPoll(parsed *changesRequest) error {
	f := req.newFeed(parsed, jsonFeed)
	if err := f.wait(func() bool { return f.rows > 0 }); err != nil {
		return err
	}
	return f.end()
}

// continuousFeed goes on until its limit is reached, or nothing has happened for too long.
func (req *request) continuousFeed(parsed *changesRequest) error {
	framing := lineFeed
	if parsed.feed == "eventsource" {
		framing = eventFeed
	}
	f := req.newFeed(parsed, framing)
	if err := f.wait(func() bool { return false }); err != nil {
		return err
	}
	return f.end()
}

// wait reads the feed again and again until it is done, its limit is reached, it has been silent for too long, or the server
// closes. What was read is sent at once.
func (f *feed) wait(done func() bool) error {
	ctx, cancel := context.WithCancelCause(f.req.Context())
	defer cancel(nil)
	finished := make(chan struct{})
	defer close(finished)
	go func() {
		select {
		case <-f.req.server.draining:
			cancel(errShuttingDown)
		case <-finished:
		}
	}()

	quiet, sent := time.Now(), time.Now()
	var wait time.Duration // the first reading does not wait, so that the client soon knows it is connected
	for {
		before := f.rows
		err := f.read(ctx, wait)
		if err != nil && errors.Is(context.Cause(ctx), errShuttingDown) {
			return nil
		}
		if err != nil {
			return err
		}
		now := time.Now()
		if f.rows > before {
			quiet, sent = now, now
		}
		if done() || f.options.Limit == core.NoRows || f.options.Descending || f.req.Method == http.MethodHead {
			return nil
		}
		if heartbeat := f.parsed.heartbeat; heartbeat > 0 {
			if now.Sub(sent) >= heartbeat {
				f.out.text = append(f.out.text, f.framing.heartbeat...)
				sent = now
			}
			wait = heartbeat - now.Sub(sent)
		} else if wait = f.parsed.timeout - now.Sub(quiet); wait <= 0 {
			return nil
		}
		if err := f.out.flush(); err != nil {
			return err
		}
	}
}
