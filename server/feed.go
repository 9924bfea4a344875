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
	summary, err := f.req.db.Changes(ctx, options, func(change *core.Change) error {
		if f.options.Limit > 0 {
			if f.options.Limit--; f.options.Limit == 0 {
				f.options.Limit = core.NoRows
			}
		}
		return f.row(change)
	})
	if err != nil {
		return err
	}
	f.options.Since = summary.LastSeq
	if options.DocIDs == nil && !options.Filter.DesignDocs {
		f.pending = 0 // these filters count as pending what they leave out, all the way from the beginning
	}
	f.pending += summary.Pending
	return nil
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
	switch {
	case f.framing.events:
		f.out.text = append(f.out.text, "data: "...)
		f.out.text = f.appendChange(f.out.text, &sealed)
		f.out.text = append(f.out.text, "\nid: "...)
		f.out.text = core.AppendSeq(f.out.text, f.req.db.sealSeq(change.Seq))
		f.out.text = append(f.out.text, "\n\n"...)
	case f.framing.lines:
		f.out.text = append(f.appendChange(f.out.text, &sealed), '\n')
	default:
		if f.rows > 0 {
			f.out.text = append(f.out.text, ",\n"...)
		}
		f.out.text = f.appendChange(f.out.text, &sealed)
	}
	f.rows++
	return f.out.flushFull()
}

// appendChange prints a row, with as much of its document as was asked for.
func (f *feed) appendChange(dst []byte, change *core.Change) []byte {
	includeDocs := f.parsed.options.IncludeDocs
	if !includeDocs || f.parsed.fields == nil {
		return wire.AppendChange(dst, change, includeDocs)
	}
	dst = wire.AppendChange(dst, change, false)
	dst = append(dst[:len(dst)-1], `,"doc":`...) // before the last brace
	return append(f.parsed.fields.Append(dst, change.Doc), '}')
}

// end writes the summary, where there is one.
func (f *feed) end() error {
	if !f.framing.events {
		if f.framing.lines {
			f.out.text = append(f.out.text, '{')
		} else {
			f.out.text = append(f.out.text, "\n],\n"...)
		}
		summary := core.ChangesSummary{LastSeq: f.req.db.sealSeq(f.options.Since), Pending: f.pending}
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
