package docstore

import (
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// flush gives the rows that wait their documents, and hands them out.
func (q *viewQuery) flush() error {
	if q.options.IncludeDocs {
		if err := q.join(); err != nil {
			return err
		}
	}
	for _, made := range q.rows {
		q.given = true
		if err := q.each(&made.row); err != nil {
			return err
		}
	}
	clear(q.rows)
	q.rows = q.rows[:0]
	if q.options.Passing {
		q.memory.reuse()
		q.keys = q.keys[:0]
	}
	return nil
}

// linked tells which document a row is to be shown with: its own, or the one that its value names. named is false when it names something that
// cannot be the id of a document.
func linked(row *core.ViewRow) (docID string, rev core.Rev, named bool) {
	if rawjson.KindOf(row.Value) != rawjson.Object {
		return row.ID, rev, true
	}
	id := rawjson.Member(row.Value, "_id")
	if id == nil {
		return row.ID, rev, true
	}
	if docID, named = rawjson.Text(id); !named {
		return "", rev, false
	}
	if text, ok := rawjson.Text(rawjson.Member(row.Value, "_rev")); ok {
		parsed, err := core.ParseRev(text)
		return docID, parsed, err == nil
	}
	return docID, rev, true
}

// join reads the documents of the rows that wait, all together.
func (q *viewQuery) join() error {
	n := &q.named
	n.rows, n.docIDs, n.revs = n.rows[:0], n.docIDs[:0], n.revs[:0]
	for _, made := range q.rows {
		if docID, rev, named := linked(&made.row); named {
			n.rows, n.docIDs, n.revs = append(n.rows, made), append(n.docIDs, docID), append(n.revs, rev)
		}
	}
	values, err := q.snapshot.GetMany(q.ctx, n.keys.ofIDs(documentPrefix, n.docIDs))
	if err != nil {
		return err
	}
	for i, value := range values {
		if value == nil {
			continue
		}
		if err := q.want(n.rows[i], n.docIDs[i], n.revs[i], value); err != nil {
			return err
		}
	}
	size, err := q.bodies.read(q.ctx, q.snapshot)
	q.chunk = nextChunk(len(q.rows), size)
	return err
}

// want gives a row a document of which the body is to be read: a revision, or the winner. One that is deleted or missing is not shown.
func (q *viewQuery) want(made *viewed, docID string, rev core.Rev, value []byte) error {
	winner, leaves, err := decodeWinner(docID, value)
	if err != nil {
		return err
	}
	node := winner
	var rec *record
	if !rev.IsZero() && rev != winner.Rev || q.options.Conflicts && leaves > 1 {
		if rec, err = decodeRecord(docID, value); err != nil {
			return err
		}
	}
	if !rev.IsZero() && rev != winner.Rev {
		found := false
		if node, found = rec.tree.Lookup(rev); !found || node.Body == noBody {
			return nil
		}
	}
	if node.Deleted {
		return nil
	}
	made.doc = core.Document{ID: docID, Rev: node.Rev}
	made.row.Doc = &made.doc
	if q.options.Conflicts && rec != nil {
		made.doc.Conflicts = rec.tree.Conflicts()
	}
	q.bodies.want(&made.doc, node.Body)
	return nil
}
