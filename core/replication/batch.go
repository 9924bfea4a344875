package replication

import (
	"slices"

	"github.com/gouchdb/gouchdb/core"
)

// batch is one page of the changes feed on its way through the pipeline.
type batch struct {
	number  int
	rows    []row
	lastSeq core.Seq // where the feed goes on after it
	final   bool
	idle    bool // the feed had nothing more when it was read
	awaited bool // came while waiting, one or a few, and in a sync often what the other half has just written
	// uneventful: the wait has ended without a change. It is time to see whether the sides are still what they were.
	uneventful bool
	pending    int64 // what it held beyond this

	// chunks come from the goroutine that fetches the batch. When it is closed, what follows is set.
	chunks chan chunk
	err    error
	there  []core.DocRevs // what the target said it has

	failures int64 // of connections, before it was read
}

// chunksAhead is how many chunks of a batch may wait for the writer. It only has to be more than usual: the budget bounds what they hold.
const chunksAhead = 16

// row is a changed document.
type row struct {
	seq  core.Seq // empty when the source left it out
	id   string
	revs []core.Rev
}

// chunk is as many documents of a batch as are fetched at once.
type chunk struct {
	docs     []*core.Document
	bytes    int
	failures []*core.Error // documents that could not be had
	counts   Counts        // what was done to get it
	left     int           // revisions of the batch that are still to come
}

// revsByID lists the revisions of a batch by document. Feeds may repeat a document.
func (b *batch) revsByID() []core.DocRevs {
	requests := make([]core.DocRevs, 0, len(b.rows))
	position := make(map[string]int, len(b.rows))
	for _, row := range b.rows {
		at, found := position[row.id]
		if !found {
			position[row.id] = len(requests)
			requests = append(requests, core.DocRevs{ID: row.id, Revs: row.revs})
			continue
		}
		revs := slices.Clone(requests[at].Revs)
		for _, rev := range row.revs {
			if !slices.Contains(revs, rev) {
				revs = append(revs, rev)
			}
		}
		requests[at].Revs = revs
	}
	return requests
}

// progress is how far the checkpoint may go.
type progress struct {
	seq    core.Seq
	pinned bool // a document was not copied: seq stands before it and stays there
}

// pass takes the next batch in order, of which everything has been written but the failed documents.
func (p *progress) pass(b *batch, failed map[string]bool) {
	if p.pinned {
		return
	}
	if len(failed) == 0 {
		p.seq = b.lastSeq
		return
	}
	p.pinned = true
	first := slices.IndexFunc(b.rows, func(row row) bool { return failed[row.id] })
	for _, row := range b.rows[:max(first, 0)] {
		if row.seq != "" {
			p.seq = row.seq
		}
	}
}

// docSize is about how many bytes a document takes in memory and on the way.
func docSize(doc *core.Document) int {
	size := len(doc.ID) + len(doc.Body) + attachedBytes(doc) + 100
	if doc.Revisions != nil {
		size += 35 * len(doc.Revisions.Hashes)
	}
	return size
}

func sizeOf(docs []*core.Document) (bytes int64) {
	for _, doc := range docs {
		bytes += int64(docSize(doc))
	}
	return bytes
}

// split cuts docs into groups of at most maxCount documents and maxBytes, where a single document may be larger.
func split(docs []*core.Document, maxCount, maxBytes int) [][]*core.Document {
	var groups [][]*core.Document
	start, bytes := 0, 0
	for i, doc := range docs {
		size := sentSize(doc)
		if i > start && (i-start == maxCount || bytes+size > maxBytes) {
			groups = append(groups, docs[start:i])
			start, bytes = i, 0
		}
		bytes += size
	}
	if start < len(docs) {
		groups = append(groups, docs[start:])
	}
	return groups
}

// attachedBytes is what of a document's attachments is held in memory.
func attachedBytes(doc *core.Document) int {
	size := 0
	for i := range doc.Attachments {
		size += len(doc.Attachments[i].Data) + 200
	}
	return size
}
