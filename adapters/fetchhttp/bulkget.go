package fetchhttp

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/core/wire"
)

// noBulkGetFor is how long a server that says it has no _bulk_get is believed.
const noBulkGetFor = 5 * time.Minute

// BulkGet reads revisions of many documents: by _bulk_get, or one by one where the server has none.
func (db *DB) BulkGet(ctx context.Context, requests []core.DocRev, options core.BulkGetOptions) ([]core.BulkGetResult, error) {
	if len(requests) == 0 {
		return []core.BulkGetResult{}, nil
	}
	if time.Now().Unix() < db.noBulkGetUntil.Load() {
		return db.singleGets(ctx, requests, options)
	}
	results, err := db.bulkGetOnly(ctx, requests, options)
	if err != nil && db.lacksBulkGet(err) {
		db.noBulkGetUntil.Store(time.Now().Add(noBulkGetFor).Unix())
		return db.singleGets(ctx, requests, options)
	}
	return results, err
}

// bulkGetOnly is a _bulk_get for which nothing can stand in.
func (db *DB) bulkGetOnly(ctx context.Context, requests []core.DocRev, options core.BulkGetOptions) ([]core.BulkGetResult, error) {
	if len(requests) == 0 {
		return []core.BulkGetResult{}, nil
	}
	var q query
	c := call{method: "POST", path: "/_bulk_get", query: q.when("revs", options.Revs).when("latest", options.Latest).when("attachments", options.Attachments),
		body: wire.AppendBulkGetRequest(nil, requests)}
	results := make([]core.BulkGetResult, 0, len(requests))
	var bodies core.Bodies
	length := 0
	rest, err := db.stream(ctx, c, "results", func(row []byte) error {
		if length += len(row); length > db.options.MaxResponseBytes {
			return tooLarge(db.options.MaxResponseBytes)
		}
		result, err := wire.ParseBulkGetResult(row, &bodies)
		results = append(results, result)
		return err
	})
	if err != nil {
		return nil, err
	}
	if rawjson.KindOf(rawjson.Member(rest, "results")) != rawjson.Array {
		return nil, core.ErrNotCouchDB.Because("the answer to a bulk get has no results")
	}
	db.bulkGetKnown.Store(true)
	return align(requests, results, options.Latest), nil
}

// lacksBulkGet tells a server without _bulk_get from one request that went wrong, which says nothing about the next.
func (db *DB) lacksBulkGet(err error) bool {
	failure, is := errors.AsType[*core.Error](err)
	if !is || isNoDatabase(err) {
		return false
	}
	switch failure.Status {
	case 404, 405, 501:
		return true
	case 400:
		return !db.bulkGetKnown.Load()
	}
	return false
}

// align puts results into the order of the requests. CouchDB answers in that order; PouchDB's servers answer once for all revisions of a document.
func align(requests []core.DocRev, results []core.BulkGetResult, latest bool) []core.BulkGetResult {
	if slices.EqualFunc(requests, results, func(request core.DocRev, result core.BulkGetResult) bool { return request.ID == result.ID }) {
		for i, request := range requests {
			results[i].Docs = atLeastMissing(request, results[i].Docs)
		}
		return results
	}
	byID := make(map[string][]core.BulkGetDoc, len(results))
	for _, result := range results {
		byID[result.ID] = append(byID[result.ID], result.Docs...)
	}
	aligned := make([]core.BulkGetResult, len(requests))
	for i, request := range requests {
		aligned[i] = core.BulkGetResult{ID: request.ID, Docs: pick(request, byID[request.ID], latest)}
	}
	return aligned
}

// pick chooses what answers one request from what is there of its document: the revision, or else, with latest, the leaves below it.
func pick(request core.DocRev, docs []core.BulkGetDoc, latest bool) []core.BulkGetDoc {
	var exact, below []core.BulkGetDoc
	for _, doc := range docs {
		switch {
		case request.Rev.IsZero() || doc.Rev == request.Rev:
			exact = append(exact, doc)
		case latest && doc.Doc != nil && descends(doc.Doc.Revisions, request.Rev):
			below = append(below, doc)
		}
	}
	if exact == nil {
		exact = below
	}
	return atLeastMissing(request, exact)
}

func descends(revisions *core.Revisions, rev core.Rev) bool {
	if revisions == nil || rev.Generation > revisions.Start {
		return false
	}
	i := revisions.Start - rev.Generation
	return i < uint64(len(revisions.Hashes)) && revisions.Hashes[i] == rev.Hash
}

// atLeastMissing sees to it that a request has an answer, and that errors name the revision asked for.
func atLeastMissing(request core.DocRev, docs []core.BulkGetDoc) []core.BulkGetDoc {
	if len(docs) == 0 {
		return []core.BulkGetDoc{{Rev: request.Rev, Err: core.ErrMissing.Of(request.ID)}}
	}
	for i := range docs {
		if docs[i].Err != nil {
			docs[i].Rev = request.Rev
		}
	}
	return docs
}

// singleGets stands in for _bulk_get: one read of open revisions for each document, a few at a time.
func (db *DB) singleGets(ctx context.Context, requests []core.DocRev, options core.BulkGetOptions) ([]core.BulkGetResult, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := make([]core.BulkGetResult, len(requests))
	errs := make([]error, len(requests))
	free := make(chan struct{}, db.options.MaxParallel)
	var all sync.WaitGroup
	for i, request := range requests {
		free <- struct{}{}
		if ctx.Err() != nil {
			errs[i] = ctx.Err()
			break
		}
		all.Go(func() {
			defer func() { <-free }()
			results[i], errs[i] = db.singleGet(ctx, request, options)
			if errs[i] != nil {
				cancel()
			}
		})
	}
	all.Wait()
	var failure error
	for _, err := range errs {
		// The first that is not a consequence of another one's failure.
		if err != nil && (failure == nil || errors.Is(failure, context.Canceled)) {
			failure = err
		}
	}
	if failure != nil {
		return nil, failure
	}
	return results, nil
}

// singleGet answers one request of a bulk get. What concerns this document only is part of the answer.
func (db *DB) singleGet(ctx context.Context, request core.DocRev, options core.BulkGetOptions) (core.BulkGetResult, error) {
	wanted := core.OpenRevsOptions{All: request.Rev.IsZero(), Latest: options.Latest, WithRevisions: options.Revs, Attachments: options.Attachments}
	if !wanted.All {
		wanted.Revs = []core.Rev{request.Rev}
	}
	result := core.BulkGetResult{ID: request.ID}
	revs, err := db.OpenRevs(ctx, request.ID, wanted)
	if failure, is := errors.AsType[*core.Error](err); is && failure.ID == request.ID && failure.Status < 500 && failure.Status != 401 && failure.Status != 429 {
		result.Docs = []core.BulkGetDoc{{Rev: request.Rev, Err: failure}}
		return result, nil
	}
	if err != nil {
		return result, err
	}
	for _, rev := range revs {
		if rev.Doc == nil {
			result.Docs = append(result.Docs, core.BulkGetDoc{Rev: rev.Rev, Err: core.ErrMissing.Of(request.ID)})
		} else {
			result.Docs = append(result.Docs, core.BulkGetDoc{Rev: rev.Rev, Doc: rev.Doc})
		}
	}
	result.Docs = atLeastMissing(request, result.Docs)
	return result, nil
}
