package fetchhttp

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/core/wire"
)

func itoa(n int) string { return strconv.Itoa(n) }

// Changes reads the changes feed, row by row as it arrives. With Wait it is a long poll, which may end early and empty-handed when the server says so.
func (db *DB) Changes(ctx context.Context, options core.ChangesOptions, each func(*core.Change) error) (core.ChangesSummary, error) {
	if err := options.CheckFilter(); err != nil {
		return core.ChangesSummary{}, err
	}
	if options.Filter.Predicate != nil {
		return db.changesThatPass(ctx, options, each)
	}
	if options.Wait <= 0 || options.Descending || options.Limit == core.NoRows {
		return db.readChanges(ctx, db.changesCall(options), each)
	}
	if options.Since == core.Now {
		// Where now is must be known before the waiting begins, or there would be nothing to go on from when nothing happens.
		now := options
		now.Wait = 0
		summary, err := db.readChanges(ctx, db.changesCall(now), each)
		if err != nil {
			return core.ChangesSummary{}, err
		}
		options.Since = summary.LastSeq
	}
	if db.options.MaxPolls > 0 {
		return db.pollInTurn(ctx, options, each)
	}
	return db.longPoll(ctx, options, each)
}

// changesCall is the request for one reading that does not wait.
func (db *DB) changesCall(options core.ChangesOptions) call {
	c := call{method: "GET", path: "/_changes"}
	switch filter := &options.Filter; {
	case options.DocIDs != nil:
		c.method = "POST"
		c.query = c.query.with("filter", "_doc_ids")
		c.body = append(rawjson.AppendQuoted([]byte(`{"doc_ids":`), options.DocIDs), '}')
	case filter.Selector != nil:
		c.method = "POST"
		c.query = c.query.with("filter", "_selector")
		c.body = append(append([]byte(`{"selector":`), filter.Selector...), '}')
	case filter.DesignDocs:
		c.query = c.query.with("filter", "_design")
	case filter.View != "":
		c.query = c.query.with("filter", "_view").with("view", strings.TrimPrefix(filter.View, core.DesignPrefix))
	case filter.DesignFilter != "":
		// They stand before what means something to the server, of which the last counts.
		for name, value := range rawjson.Members(filter.QueryParams) {
			name, _ := rawjson.Text(name)
			text, ok := rawjson.Text(value)
			if !ok {
				text = string(rawjson.AppendCompact(nil, value))
			}
			c.query = c.query.with(name, text)
		}
		c.query = c.query.with("filter", strings.TrimPrefix(filter.DesignFilter, core.DesignPrefix))
	}
	if options.AllLeaves {
		c.query = c.query.with("style", "all_docs")
	}
	if options.Since != "" {
		c.query = c.query.with("since", string(options.Since))
	}
	c.query = withLimit(c.query.when("descending", options.Descending), options.Limit).
		when("include_docs", options.IncludeDocs).when("conflicts", options.IncludeDocs && options.Conflicts).
		when("attachments", options.IncludeDocs && options.Attachments)
	if options.SeqInterval > 1 {
		c.query = c.query.with("seq_interval", itoa(options.SeqInterval))
	}
	return c
}

func (db *DB) readChanges(ctx context.Context, c call, each func(*core.Change) error) (core.ChangesSummary, error) {
	rest, err := db.stream(ctx, c, "results", func(text []byte) error {
		change, err := wire.ParseChange(text)
		if err != nil {
			return err
		}
		return each(change)
	})
	if err != nil {
		return core.ChangesSummary{}, err
	}
	return wire.ParseChanges(rest, nil)
}

const (
	// lateness is what an answer may take beyond the time that the server was told, before this side gives up waiting.
	lateness = 2 * time.Second
	// minPoll is how long a long poll takes at least that brings nothing, so that a server that does not know how to wait is not asked without pause.
	minPoll = time.Second
)

// longPoll waits for the first change. A short wait is left to the server, which then says where it stands. In a long one
// the server gives signs of life for as long as it is let, and this side ends it.
func (db *DB) longPoll(ctx context.Context, options core.ChangesOptions, each func(*core.Change) error) (core.ChangesSummary, error) {
	heartbeat := options.Heartbeat
	if heartbeat <= 0 {
		heartbeat = db.options.Heartbeat
	}
	c := db.changesCall(options)
	c.query = c.query.with("feed", "longpoll")
	if options.Wait <= heartbeat {
		c.query = c.query.with("timeout", milliseconds(options.Wait))
		c.quiet, c.patience = options.Wait, options.Wait+lateness
	} else {
		c.query = c.query.with("heartbeat", milliseconds(heartbeat))
		c.quiet, c.patience = heartbeat, options.Wait
	}
	began, rows := time.Now(), 0
	summary, err := db.readChanges(ctx, c, func(change *core.Change) error {
		rows++
		return each(change)
	})
	if err == errWaited {
		return core.ChangesSummary{LastSeq: options.Since}, nil
	}
	if err == nil && rows == 0 {
		err = db.pause(ctx, min(minPoll, options.Wait)-time.Since(began))
	}
	return summary, err
}

// pause waits, unless the context ends or the database is closed.
func (db *DB) pause(ctx context.Context, delay time.Duration) error {
	if delay <= 0 {
		return nil
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-db.life.Done():
		return core.ErrClosed
	}
}

// milliseconds prints a duration as CouchDB takes it, 1 at least.
func milliseconds(d time.Duration) string {
	return strconv.FormatInt(max(d.Milliseconds(), 1), 10)
}
