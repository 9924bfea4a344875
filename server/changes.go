package server

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/mango"
)

// changesRequest is what a request for changes asks for.
type changesRequest struct {
	feed    string // "normal", "longpoll", "continuous", "eventsource"
	options core.ChangesOptions
	fields  *mango.Fields // what is shown of documents, nil for all of them
	// A waiting feed that has nothing to send says so every heartbeat, or, without heartbeats, ends after timeout.
	heartbeat, timeout time.Duration
}

func (req *request) getChanges() error { return req.changes(nil) }

func (req *request) postChanges() error {
	// CouchDB takes a request without a body for one without a filter.
	if req.ContentLength == 0 {
		return req.changes(nil)
	}
	body, err := req.postedObject()
	if err != nil {
		return err
	}
	return req.changes(body)
}

func (req *request) changes(body []byte) error {
	parsed, err := req.parseChanges(body)
	if err != nil {
		return err
	}
	switch parsed.feed {
	case "normal":
		return req.normalFeed(parsed, body)
	case "longpoll":
		return req.longPoll(parsed)
	}
	return req.continuousFeed(parsed)
}

// normalFeed answers with what there is.
func (req *request) normalFeed(parsed *changesRequest, body []byte) error {
	info, err := req.db.Info(req.Context())
	if err != nil {
		return err
	}
	// The tag may be older than the rows, never newer.
	hash := sha256.Sum256([]byte(strings.Join([]string{req.db.opaque, string(info.UpdateSeq), req.URL.RawQuery, string(body)}, "\x00")))
	etag := `"` + hex.EncodeToString(hash[:12]) + `"`
	req.answer.Header().Set("ETag", etag)
	if matchesETag(req.Header.Get("If-None-Match"), etag) {
		req.answer.WriteHeader(http.StatusNotModified)
		return nil
	}
	f := req.newFeed(parsed, jsonFeed)
	if err := f.read(req.Context(), 0); err != nil {
		return err
	}
	return f.end()
}

func (req *request) parseChanges(body []byte) (*changesRequest, error) {
	q := req.query
	parsed := &changesRequest{feed: "normal"}
	if feed, ok := q.get("feed"); ok {
		switch feed {
		case "live":
			feed = "continuous"
		case "normal", "longpoll", "continuous", "eventsource":
		default:
			return nil, core.ErrBadRequest.Because("Supported `feed` types: normal, continuous, live, longpoll, eventsource")
		}
		parsed.feed = feed
	}
	options := &parsed.options
	options.Descending, options.IncludeDocs, options.Conflicts = q.is("descending"), q.is("include_docs"), q.is("conflicts")
	options.Attachments = options.IncludeDocs && q.is("attachments")
	switch style, ok := q.get("style"); {
	case !ok || style == "main_only":
	case style == "all_docs":
		options.AllLeaves = true
	default:
		return nil, core.ErrBadRequest.Because("`style` must be main_only or all_docs")
	}
	if err := parsed.parseNumbers(q); err != nil {
		return nil, err
	}
	if err := parsed.parseFilter(q, body); err != nil {
		return nil, err
	}
	if err := parsed.parseTimes(q, req.server.options.FeedTimeout); err != nil {
		return nil, err
	}
	since, ok := q.get("since")
	if lastID, found := q.get("last-event-id"); found {
		since, ok = lastID, true
	}
	if lastID := req.Header.Get("Last-Event-ID"); lastID != "" && parsed.feed == "eventsource" {
		// Ids are sent as JSON strings, and browsers send them back as they came.
		since, ok = strings.Trim(lastID, `"`), true
	}
	if !ok {
		since = "0"
	}
	var err error
	options.Since, err = req.db.openSeq(req.Context(), since)
	return parsed, err
}

func (parsed *changesRequest) parseNumbers(q query) error {
	if value, ok := q.get("limit"); ok {
		limit, err := strconv.Atoi(value)
		if err != nil {
			return core.ErrBadRequest.Because("`limit` must be an integer")
		}
		if limit == 0 {
			limit = core.NoRows
		} else if limit < 0 {
			limit = 0 // CouchDB takes it for no limit
		}
		parsed.options.Limit = limit
	}
	if value, ok := q.get("seq_interval"); ok {
		interval, err := strconv.Atoi(value)
		if err != nil || interval < 1 {
			return core.ErrBadRequest.Because("invalid_seq_interval")
		}
		parsed.options.SeqInterval = interval
	}
	return nil
}

func (parsed *changesRequest) parseTimes(q query, feedTimeout time.Duration) error {
	parsed.timeout = feedTimeout
	timeout, given, err := q.milliseconds("timeout")
	if err != nil {
		return err
	}
	if given {
		parsed.timeout = min(timeout, feedTimeout)
	}
	value, ok := q.get("heartbeat")
	switch {
	case !ok:
		return nil
	case value == "true":
		parsed.heartbeat = feedTimeout
		return nil
	}
	heartbeat, err := strconv.ParseInt(value, 10, 32)
	if err != nil {
		return core.ErrBadRequest.Because("Invalid heartbeat value. Expecting a positive integer value (in milliseconds).")
	}
	if heartbeat < 1 {
		return core.ErrBadRequest.Because("The heartbeat value should be a positive integer (in milliseconds).")
	}
	// A client must not be able to keep the server busy with nothing.
	parsed.heartbeat = max(time.Duration(heartbeat)*time.Millisecond, minHeartbeat)
	return nil
}

const minHeartbeat = 50 * time.Millisecond
