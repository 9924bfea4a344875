package fetchhttp

import (
	"context"
	"errors"
	"time"

	"github.com/gouchdb/gouchdb/core"
)

// judgedAtOnce is how many changes a predicate is asked about together.
const judgedAtOnce = 100

// errFull ends a reading of the feed that has shown enough.
var errFull = errors.New("the limit is reached")

// changesThatPass asks the predicate here, on documents that the server sends with its feed: the server cannot run it.
func (db *DB) changesThatPass(ctx context.Context, options core.ChangesOptions, each func(*core.Change) error) (core.ChangesSummary, error) {
	s := &sieve{ctx: ctx, db: db, options: options, each: each, left: options.Limit}
	inner := options
	inner.Filter.Predicate = nil
	inner.IncludeDocs = true
	inner.Attachments = inner.Attachments && options.IncludeDocs
	if inner.Limit > 0 {
		inner.Limit = 0 // it is for rows that pass
	}
	ends := time.Now().Add(options.Wait)
	for {
		summary, err := db.Changes(ctx, inner, s.add)
		if err == nil {
			err = s.judge()
		}
		if errors.Is(err, errFull) {
			return core.ChangesSummary{LastSeq: s.last, Pending: s.pending(summary)}, nil
		}
		if err != nil {
			return core.ChangesSummary{}, err
		}
		inner.Since, inner.Wait = summary.LastSeq, time.Until(ends)
		if s.shown > 0 || options.Wait <= 0 || inner.Wait <= 0 || options.Descending || options.Limit == core.NoRows {
			return summary, nil
		}
	}
}

// sieve holds changes back until there are enough to ask about.
type sieve struct {
	ctx     context.Context
	db      *DB
	options core.ChangesOptions
	each    func(*core.Change) error
	waiting []*core.Change
	left    int // rows until the limit, 0 without one
	shown   int
	after   int64 // rows that came after the limit was reached
	last    core.Seq
}

func (s *sieve) add(change *core.Change) error {
	s.waiting = append(s.waiting, change)
	if len(s.waiting) < judgedAtOnce {
		return nil
	}
	return s.judge()
}

// pending is known when the feed had come to its end before the limit was reached.
func (s *sieve) pending(summary core.ChangesSummary) int64 {
	if summary.LastSeq == "" {
		return 1 // there is more, though nobody has counted it
	}
	return s.after + summary.Pending
}

// judge shows those of the waiting changes that pass.
func (s *sieve) judge() error {
	if len(s.waiting) == 0 {
		return nil
	}
	docs, owners, err := s.leaves()
	if err != nil {
		return err
	}
	pass, err := s.options.Filter.Predicate.Ask(s.ctx, docs)
	if err != nil {
		return err
	}
	passing := make([][]core.Rev, len(s.waiting))
	for i, doc := range docs {
		if pass[i] {
			passing[owners[i]] = append(passing[owners[i]], doc.Rev)
		}
	}
	waiting := s.waiting
	s.waiting = nil
	for i, change := range waiting {
		if len(passing[i]) == 0 {
			continue
		}
		change.Revs = passing[i]
		if !s.options.IncludeDocs {
			change.Doc = nil
		}
		s.shown, s.last = s.shown+1, change.Seq
		if err := s.each(change); err != nil {
			return err
		}
		if s.left--; s.left == 0 {
			s.after = int64(len(waiting) - i - 1)
			return errFull
		}
	}
	return nil
}

// leaves returns the documents to ask about, and to which change each belongs. Leaves other than the winner do not come with the feed.
func (s *sieve) leaves() (docs []*core.Document, owners []int, err error) {
	var requests []core.DocRev
	var of []int
	for i, change := range s.waiting {
		if change.Doc == nil {
			return nil, nil, core.ErrNotCouchDB.Because("the changes feed lacks a document").Of(change.ID)
		}
		docs, owners = append(docs, change.Doc), append(owners, i)
		for _, rev := range change.Revs {
			if rev != change.Doc.Rev {
				requests, of = append(requests, core.DocRev{ID: change.ID, Rev: rev}), append(of, i)
			}
		}
	}
	if len(requests) == 0 {
		return docs, owners, nil
	}
	results, err := s.db.BulkGet(s.ctx, requests, core.BulkGetOptions{})
	if err != nil {
		return nil, nil, err
	}
	for i, result := range results {
		for _, found := range result.Docs {
			if found.Doc != nil { // what has been purged meanwhile is not there any more
				docs, owners = append(docs, found.Doc), append(owners, of[i])
			}
		}
	}
	return docs, owners, nil
}
