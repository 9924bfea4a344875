package docstore

import (
	"bytes"
	"context"
	"time"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/mango"
)

var _ core.Finder = (*DB)(nil)

// Find answers a query on one snapshot of the data. It waits for an index that is being built, unless the request says that it does not care.
func (db *DB) Find(ctx context.Context, request []byte, each func(doc []byte) error) (core.FindSummary, error) {
	began := time.Now()
	parsed, err := mango.ParseRequest(request, db.options.Regexp)
	if err != nil {
		return core.FindSummary{}, err
	}
	f := finder{db: db, request: parsed, each: each, finderMemory: memoryOfFinders.Get().(*finderMemory)}
	defer f.release()
	err = db.withPlan(ctx, parsed, &f.given, func(s kv.Snapshot, c *catalogue, plan *mango.Plan) error {
		f.ctx, f.snapshot, f.catalogue, f.plan = ctx, s, c, plan
		err := f.run()
		f.last = bytes.Clone(f.last) // the snapshot's memory ends with it
		return err
	})
	if err != nil {
		return core.FindSummary{}, err
	}
	f.stats.Time = time.Since(began)
	return f.summary(), nil
}

// Explain tells how Find would answer.
func (db *DB) Explain(ctx context.Context, request []byte) (answer []byte, err error) {
	parsed, err := mango.ParseRequest(request, db.options.Regexp)
	if err != nil {
		return nil, err
	}
	if err := db.indexer.adopt(ctx); err != nil {
		return nil, err
	}
	err = db.view(ctx, false, func(s kv.Snapshot) error {
		c, err := db.catalogue(ctx, s)
		if err != nil {
			return err
		}
		plan, err := mango.NewPlan(parsed, c.indexes)
		if err == nil {
			answer = plan.AppendExplain(nil, db.options.Name)
		}
		return err
	})
	return answer, err
}

// withPlan runs use with a plan whose indexes are complete, or may be as they are. use may run several times as long as it has not given anything out.
func (db *DB) withPlan(ctx context.Context, request *mango.Request, given *bool, use func(kv.Snapshot, *catalogue, *mango.Plan) error) error {
	if err := db.indexer.adopt(ctx); err != nil {
		return err
	}
	for wait := !request.MayLag(); ; {
		ready := false
		err := db.viewUnlessGiven(ctx, false, given, func(s kv.Snapshot) error {
			c, err := db.catalogue(ctx, s)
			if err != nil {
				return err
			}
			built, err := c.states(ctx, s)
			if err != nil {
				return err
			}
			plan, err := mango.NewPlan(request, c.indexes)
			if err != nil {
				return err
			}
			if ready = c.canUse(plan, built); !ready && !wait {
				plan, ready = c.planWithout(request, plan, built), true
			}
			if !ready {
				return nil
			}
			return use(s, c, plan)
		})
		if err != nil || ready {
			return err
		}
		// What is acknowledged and cannot be committed for now is not built: then it goes without.
		last, err := db.indexer.await(ctx)
		if err != nil {
			return err
		}
		wait = !last
	}
}

// canUse reports whether the indexes of a plan hold all documents.
func (c *catalogue) canUse(plan *mango.Plan, built []uint64) bool {
	for _, part := range plan.Parts {
		if !c.canUse(part, built) {
			return false
		}
	}
	return !c.building(plan.Index, built)
}

// planWithout plans a request that will not wait without the indexes that are being built. One that insists on such an index gets what is there, as
// in CouchDB.
func (c *catalogue) planWithout(request *mango.Request, plan *mango.Plan, built []uint64) *mango.Plan {
	var whole []*mango.Index
	for _, index := range c.indexes {
		if !c.building(index, built) {
			whole = append(whole, index)
		}
	}
	if other, err := mango.NewPlan(request, whole); err == nil {
		return other
	}
	return plan
}

// finder is one Find on its way. Documents wait until there is a chunk of them, so that bodies are read together.
type finder struct {
	db        *DB
	request   *mango.Request
	each      func(doc []byte) error
	ctx       context.Context
	snapshot  kv.Snapshot
	catalogue *catalogue
	plan      *mango.Plan

	*finderMemory
	chunk  int
	sorter *mango.Sorter
	skip   int
	left   int    // of the limit
	last   []byte // the position of the last document that was shown
	stats  core.ExecutionStats
	given  bool // documents were handed out
}

// hit is a document that may be wanted.
type hit struct {
	docID    string
	record   []byte // nil when it is not read yet
	position []byte // in the order of the plan; nil: that of its id
}

func (f *finder) run() error {
	f.skip, f.left = f.request.Skip, f.request.Limit
	f.waiting, f.last, f.stats = f.waiting[:0], nil, core.ExecutionStats{}
	if f.plan.SortInMemory {
		f.sorter = mango.NewSorter(f.plan)
	}
	// An index finds mostly what is wanted; so a small page takes no more documents than it has.
	f.chunk = min(max(f.skip+f.left, 1), maxChunk)
	var err error
	switch {
	case f.left == 0:
	case len(f.plan.Parts) > 0:
		err = f.walkParts()
	case f.plan.Index != nil:
		err = f.walkIndex(f.plan, f.add)
	default:
		f.chunk = min(f.chunk, firstChunk)
		err = f.walkDocuments(f.plan, f.add)
	}
	if err == nil {
		err = f.flush()
	}
	if err != nil || f.sorter == nil {
		return err
	}
	f.skip = 0 // the sorter has left them out
	for _, sorted := range f.sorter.Documents() {
		if err := f.show(sorted.Doc, sorted.Position); err != nil {
			return err
		}
	}
	return nil
}

// full reports whether no more documents are wanted.
func (f *finder) full() bool { return f.left == 0 }

// add takes a hit, and reads documents when there is a chunk of them.
func (f *finder) add(c hit) error {
	f.waiting = append(f.waiting, c)
	if len(f.waiting) < f.chunk {
		return nil
	}
	return f.flush()
}

// flush reads the documents that wait, and takes those that match.
func (f *finder) flush() error {
	if len(f.waiting) == 0 {
		return nil
	}
	docIDs, records := f.docIDs[:0], f.records[:0]
	for i := range f.waiting {
		docIDs, records = append(docIDs, f.waiting[i].docID), append(records, f.waiting[i].record)
	}
	f.docIDs, f.records = docIDs, records
	if records[0] == nil {
		var err error
		if records, err = f.snapshot.GetMany(f.ctx, f.winners.keys.ofIDs(documentPrefix, docIDs)); err != nil {
			return err
		}
	}
	winners := &f.winners
	if f.sorter != nil {
		winners = new(winnersMemory) // which keeps them
	}
	docs, size, err := winners.read(f.ctx, f.snapshot, docIDs, records, f.request.Conflicts)
	if err != nil {
		return err
	}
	f.chunk = nextChunk(len(docs), size)
	for i, doc := range docs {
		if doc == nil {
			continue
		}
		if f.full() {
			break
		}
		f.stats.DocsExamined++
		if err := f.take(doc, f.waiting[i].position); err != nil {
			return err
		}
	}
	f.waiting = f.waiting[:0]
	return nil
}

// take shows a document that matches, or lets it be sorted.
func (f *finder) take(doc *core.Document, position []byte) error {
	if !f.plan.Decided {
		if matches, err := f.request.Selector.Matches(doc); err != nil || !matches {
			return err
		}
	}
	if f.sorter != nil {
		f.sorter.Add(doc)
		return nil
	}
	return f.show(doc, position)
}

func (f *finder) show(doc *core.Document, position []byte) error {
	if f.skip > 0 {
		f.skip--
		return nil
	}
	if f.left == 0 {
		return nil
	}
	f.left--
	if f.last = position; position == nil {
		f.last = mango.DocKey(doc.ID)
	}
	f.stats.ResultsReturned++
	if f.request.Fields != nil {
		f.buffer = f.request.Fields.Append(f.buffer[:0], doc)
	} else {
		f.buffer = doc.AppendJSON(f.buffer[:0])
	}
	f.given = true
	return f.each(f.buffer)
}

func (f *finder) summary() core.FindSummary {
	summary := core.FindSummary{Bookmark: mango.NoBookmark, Warning: f.plan.Warning(f.stats.DocsExamined, f.stats.ResultsReturned)}
	if f.last != nil {
		summary.Bookmark = f.plan.Bookmark(f.last)
	}
	if f.request.ExecutionStats {
		summary.Stats = &f.stats
	}
	return summary
}
