// Package model is a database of documents that is as plain as possible: maps, no encoding, no indexes, everything worked out
// anew at each question. Random scripts are run on it and on a real database; both must answer alike.
package model

import (
	"maps"
	"slices"
	"strings"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/revid"
)

// DB is a model database.
type DB struct {
	Limit          int  // of revisions remembered per path
	AutoCompaction bool // no body of an inner revision is kept
	Seq            int
	PurgeSeq       int
	docs           map[string]*document
}

type document struct {
	seq  int
	revs map[core.Rev]revision
}

// revision is what is known of one: a zero parent is an unknown one.
type revision struct {
	parent  core.Rev
	deleted bool
	hasBody bool
	body    string
}

// Leaf is a revision that no other descends from.
type Leaf struct {
	Rev      core.Rev
	Deleted  bool
	Body     string
	Ancestry []core.Rev // newest first, the leaf included, no more than the limit
}

// Write is one document of a batch. Path is for replicated writes, newest first; Parent for the others.
type Write struct {
	ID      string
	Parent  core.Rev
	Path    []core.Rev
	Deleted bool
	Body    string
}

// New returns an empty database.
func New() *DB {
	return &DB{Limit: 1000, docs: map[string]*document{}}
}

// Clone returns a database of its own with the same content.
func (db *DB) Clone() *DB {
	clone := *db
	clone.docs = map[string]*document{}
	for docID, doc := range db.docs {
		clone.docs[docID] = &document{seq: doc.seq, revs: maps.Clone(doc.revs)}
	}
	return &clone
}

// Batch writes documents, and returns which revisions they made, the zero Rev for a conflict.
func (db *DB) Batch(replicated bool, writes []Write) []core.Rev {
	results := make([]core.Rev, len(writes))
	before := map[string]map[core.Rev]revision{}
	for i, w := range writes {
		doc := db.docs[w.ID]
		if doc == nil {
			doc = &document{revs: map[core.Rev]revision{}}
			db.docs[w.ID] = doc
		}
		if _, seen := before[w.ID]; !seen {
			before[w.ID] = maps.Clone(doc.revs)
		}
		path := w.Path
		if !replicated {
			path = doc.edit(w)
		}
		if len(path) > 0 {
			doc.add(path, w.Deleted, w.Body)
			results[i] = path[0]
		}
	}
	for _, docID := range slices.Sorted(maps.Keys(before)) {
		doc := db.docs[docID]
		if !maps.Equal(doc.revs, before[docID]) {
			doc.stem(db.Limit)
			if db.AutoCompaction {
				doc.compact()
			}
		}
		switch {
		case len(doc.revs) == 0:
			delete(db.docs, docID)
		case !maps.Equal(doc.revs, before[docID]):
			db.Seq++
			doc.seq = db.Seq
		}
	}
	return results
}

// edit decides about a new edit: it returns the new revision and its parent, nothing for a conflict.
func (d *document) edit(w Write) []core.Rev {
	parent := w.Parent
	leaves := d.leaves()
	switch {
	case len(leaves) == 0:
		if !parent.IsZero() {
			return nil
		}
	case leaves[0].Deleted: // and so all others
		if !parent.IsZero() || w.Deleted {
			return nil
		}
		parent = leaves[0].Rev
	default:
		if !slices.ContainsFunc(leaves, func(leaf Leaf) bool { return leaf.Rev == parent }) {
			return nil
		}
	}
	rev, err := revid.New(parent, w.Deleted, []byte(w.Body), nil)
	if err != nil {
		return nil
	}
	if parent.IsZero() {
		return []core.Rev{rev}
	}
	if _, known := d.revs[rev]; known {
		return nil
	}
	return []core.Rev{rev, parent}
}

// add learns what a path says.
func (d *document) add(path []core.Rev, deleted bool, body string) {
	for i, rev := range path {
		known := d.revs[rev]
		if i == 0 && !known.hasBody {
			known.hasBody, known.body = true, body
			known.deleted = known.deleted || deleted
		}
		if i+1 < len(path) && known.parent.IsZero() {
			known.parent = path[i+1]
		}
		d.revs[rev] = known
	}
}

func (d *document) ancestry(rev core.Rev) []core.Rev {
	var path []core.Rev
	for !rev.IsZero() {
		path = append(path, rev)
		rev = d.revs[rev].parent
	}
	return path
}

// leaves are in winner order.
func (d *document) leaves() []Leaf {
	inner := map[core.Rev]bool{}
	for _, known := range d.revs {
		inner[known.parent] = true
	}
	var leaves []Leaf
	for rev, known := range d.revs {
		if !inner[rev] {
			leaves = append(leaves, Leaf{Rev: rev, Deleted: known.deleted, Body: known.body, Ancestry: d.ancestry(rev)})
		}
	}
	slices.SortFunc(leaves, func(a, b Leaf) int {
		if a.Deleted != b.Deleted {
			if a.Deleted {
				return 1
			}
			return -1
		}
		return b.Rev.Compare(a.Rev)
	})
	return leaves
}

func (d *document) stem(limit int) {
	keep := map[core.Rev]bool{}
	for _, leaf := range d.leaves() {
		for i, rev := range leaf.Ancestry {
			if i < limit {
				keep[rev] = true
			}
		}
	}
	for rev, known := range d.revs {
		if !keep[rev] {
			delete(d.revs, rev)
		} else if !keep[known.parent] {
			known.parent = core.Rev{}
			d.revs[rev] = known
		}
	}
}

func (d *document) compact() {
	leaves := d.leaves()
	for rev, known := range d.revs {
		if !slices.ContainsFunc(leaves, func(leaf Leaf) bool { return leaf.Rev == rev }) {
			d.revs[rev] = revision{parent: known.parent} // also that it was a tombstone is forgotten, as in CouchDB
		}
	}
}

// SetLimit sets how many revisions of a path are remembered.
func (db *DB) SetLimit(limit int) {
	db.Limit = limit
	db.Seq++
}

// Compact forgets the bodies of inner revisions.
func (db *DB) Compact() {
	for _, doc := range db.docs {
		doc.compact()
	}
}

// Purge removes leaves with what only they descend from, and returns which were leaves.
func (db *DB) Purge(docID string, revs []core.Rev) []core.Rev {
	db.Seq++
	db.PurgeSeq++
	doc := db.docs[docID]
	if doc == nil {
		return nil
	}
	var purged []core.Rev
	for _, rev := range revs {
		leaves := doc.leaves()
		at := slices.IndexFunc(leaves, func(leaf Leaf) bool { return leaf.Rev == rev })
		if at < 0 {
			continue
		}
		keep := map[core.Rev]bool{}
		for i, leaf := range leaves {
			if i != at {
				for _, needed := range leaf.Ancestry {
					keep[needed] = true
				}
			}
		}
		maps.DeleteFunc(doc.revs, func(rev core.Rev, _ revision) bool { return !keep[rev] })
		purged = append(purged, rev)
	}
	switch {
	case len(doc.revs) == 0:
		delete(db.docs, docID)
	case len(purged) > 0:
		doc.seq = db.Seq
	}
	return purged
}

// IDs lists all documents by their ids.
func (db *DB) IDs() []string { return slices.Sorted(maps.Keys(db.docs)) }

// Feed lists all documents by their sequences.
func (db *DB) Feed() (docIDs []string, seqs []int) {
	docIDs = db.IDs()
	slices.SortFunc(docIDs, func(a, b string) int { return db.docs[a].seq - db.docs[b].seq })
	for _, docID := range docIDs {
		seqs = append(seqs, db.docs[docID].seq)
	}
	return docIDs, seqs
}

// Leaves returns the leaves of a document in winner order.
func (db *DB) Leaves(docID string) []Leaf {
	doc := db.docs[docID]
	if doc == nil {
		return nil
	}
	leaves := doc.leaves()
	for i := range leaves {
		leaves[i].Ancestry = leaves[i].Ancestry[:min(len(leaves[i].Ancestry), db.Limit)]
	}
	return leaves
}

// Known reports whether a revision is known, and its body if it has one.
func (db *DB) Known(docID string, rev core.Rev) (known, hasBody bool, body string) {
	if doc := db.docs[docID]; doc != nil {
		found, ok := doc.revs[rev]
		return ok, found.hasBody, found.body
	}
	return false, false, ""
}

// String spells the database for a failure.
func (db *DB) String() string {
	var text strings.Builder
	for _, docID := range db.IDs() {
		text.WriteString(docID)
		for _, leaf := range db.Leaves(docID) {
			text.WriteString(" [")
			for _, rev := range leaf.Ancestry {
				text.WriteString(" " + rev.String())
			}
			text.WriteString(" ]")
		}
		text.WriteString("\n")
	}
	return text.String()
}
