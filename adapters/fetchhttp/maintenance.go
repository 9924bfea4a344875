package fetchhttp

import (
	"context"
	"errors"
	"time"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/core/wire"
	"github.com/gouchdb/gouchdb/internal/order"
)

// RevsDiff asks which revisions the server does not have.
func (db *DB) RevsDiff(ctx context.Context, requests []core.DocRevs) ([]core.RevsDiff, error) {
	requests = merged(requests)
	if len(requests) == 0 {
		return []core.RevsDiff{}, nil
	}
	text, err := db.ask(ctx, call{method: "POST", path: "/_revs_diff", body: wire.AppendDocRevs(nil, requests)})
	if err != nil {
		return nil, err
	}
	diffs, err := wire.ParseRevsDiff(text)
	if err != nil {
		return nil, err
	}
	position := positions(requests)
	for _, diff := range diffs {
		if _, asked := position[diff.ID]; !asked {
			return nil, core.ErrNotCouchDB.Because("the answer to _revs_diff names a document that was not asked about")
		}
		order.Func(diff.Missing, core.Rev.Compare)
	}
	order.Func(diffs, func(a, b core.RevsDiff) int { return position[a.ID] - position[b.ID] })
	return diffs, nil
}

// merged joins requests about the same document: as members of one object, the last would hide the others.
func merged(requests []core.DocRevs) []core.DocRevs {
	joined := make([]core.DocRevs, 0, len(requests))
	position := make(map[string]int, len(requests))
	for _, request := range requests {
		i, seen := position[request.ID]
		if !seen {
			i = len(joined)
			position[request.ID] = i
			joined = append(joined, core.DocRevs{ID: request.ID})
		}
		joined[i].Revs = append(joined[i].Revs, request.Revs...)
	}
	return joined
}

func positions(requests []core.DocRevs) map[string]int {
	position := make(map[string]int, len(requests))
	for i, request := range requests {
		position[request.ID] = i
	}
	return position
}

// RevsLimit returns how many revisions of each path the server remembers.
func (db *DB) RevsLimit(ctx context.Context) (int, error) {
	text, err := db.ask(ctx, call{method: "GET", path: "/_revs_limit"})
	if err != nil {
		return 0, notImplemented(err)
	}
	limit, ok := rawjson.Int(text)
	if !ok || limit < 1 {
		return 0, core.ErrNotCouchDB.Because("the answer to a request for the revisions limit is not a number")
	}
	return int(limit), nil
}

// SetRevsLimit sets how many revisions of each path the server remembers.
func (db *DB) SetRevsLimit(ctx context.Context, limit int) error {
	if limit < 1 {
		return core.ErrBadRequest.Because("the revisions limit must be at least 1")
	}
	_, err := db.ask(ctx, call{method: "PUT", path: "/_revs_limit", body: []byte(itoa(limit))})
	return notImplemented(err)
}

// Compact has the server compact the database, and returns when it says that it is done.
func (db *DB) Compact(ctx context.Context) error {
	if _, err := db.ask(ctx, call{method: "POST", path: "/_compact", body: []byte("{}")}); err != nil {
		return notImplemented(err)
	}
	// CouchDB only says that it has begun.
	for delay := 20 * time.Millisecond; ; delay = min(2*delay, 2*time.Second) {
		text, err := db.ask(ctx, call{method: "GET"})
		if err != nil {
			return err
		}
		if running, _ := rawjson.Bool(rawjson.Member(text, "compact_running")); !running {
			return nil
		}
		if err := db.pause(ctx, delay); err != nil {
			return err
		}
	}
}

// Purge removes revisions on the server.
func (db *DB) Purge(ctx context.Context, requests []core.DocRevs) (core.PurgeResult, error) {
	requests = merged(requests)
	text, err := db.ask(ctx, call{method: "POST", path: "/_purge", body: wire.AppendDocRevs(nil, requests)})
	if err != nil {
		return core.PurgeResult{}, notImplemented(err)
	}
	result, err := wire.ParsePurgeResult(text)
	if err != nil {
		return core.PurgeResult{}, err
	}
	purged := make(map[string][]core.Rev, len(result.Purged))
	for _, one := range result.Purged {
		purged[one.ID] = one.Revs
	}
	result.Purged = make([]core.DocRevs, len(requests))
	for i, request := range requests {
		result.Purged[i] = core.DocRevs{ID: request.ID, Revs: purged[request.ID]}
	}
	return result, nil
}

// Flush asks for what is acknowledged to be durable. CouchDB writes nothing without that: it is a formality there, but not everywhere.
func (db *DB) Flush(ctx context.Context) error {
	_, err := db.ask(ctx, call{method: "POST", path: "/_ensure_full_commit", body: []byte("{}")})
	return notImplemented(err)
}

// notImplemented names the failure of a server that has no such endpoint: CouchDB's ways of saying so, and those of express-pouchdb, which takes a POST to an unknown
// path for the upload of an attachment, and a number in a PUT for bad JSON.
func notImplemented(err error) error {
	failure, is := errors.AsType[*core.Error](err)
	if !is || isNoDatabase(err) {
		return err
	}
	switch {
	case failure.Status == 404, failure.Status == 405, failure.Status == 501,
		failure.Status == 400 && (failure.Reason == "only_multipart_accepted" || failure.Reason == "invalid_json"):
		return core.ErrNotImplemented.From(err)
	}
	return err
}
