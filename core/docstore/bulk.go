package docstore

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/core/revid"
	"github.com/gouchdb/gouchdb/internal/order"
)

// BulkDocs writes documents. Sequences are given out in the order of the ids unless options say otherwise, one for each changed document.
//
// A document that is too large fails the whole call, as in CouchDB, and so does a stub of an attachment that the revision before does not have.
func (db *DB) BulkDocs(ctx context.Context, docs []*core.Document, options core.BulkDocsOptions) ([]core.BulkResult, error) {
	b := batch{db: db, replicated: options.Replicated, atomic: options.Atomic, inOrder: options.InOrder, results: make([]core.BulkResult, len(docs))}
	if err := b.prepare(docs); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil || len(b.writes) == 0 {
		return b.results, err
	}
	staged, err := b.stage(ctx)
	if err == nil {
		err = db.store.Update(ctx, func(tx kv.Tx) error {
			if b.deletes() {
				kv.Frees(tx)
			}
			if err := b.run(ctx, tx); err != nil {
				return err
			}
			if b.atomic && b.failed() {
				return errNotWritten
			}
			b.offerRedo(tx)
			return nil
		})
	}
	// What is written has no mark any more, and is left alone.
	if dropErr := db.dropStaged(ctx, staged); err == nil && dropErr != nil {
		err = dropErr
	}
	if err == errNotWritten {
		b.failRest()
		return b.results, nil
	}
	if err != nil {
		return nil, err
	}
	if b.indexDue {
		db.indexer.start()
	}
	return b.results, nil
}

// errNotWritten undoes the update of a batch of which all or nothing is to be written.
var errNotWritten = errors.New("a document of the batch cannot be written")

func (b *batch) failed() bool {
	return slices.ContainsFunc(b.results, func(result core.BulkResult) bool { return result.Err != nil })
}

// failRest tells of those documents that could have been written that they were not.
func (b *batch) failRest() {
	for i := range b.results {
		if result := &b.results[i]; result.Err == nil {
			result.Rev, result.Err = core.Rev{}, core.ErrNotWritten.Of(result.ID)
		}
	}
}

// batch is one BulkDocs on its way.
type batch struct {
	db         *DB
	replicated bool
	atomic     bool
	inOrder    bool
	writes     []write // those of one id one after the other, in the order they came; all of them by id, or in the order they came
	docIDs     []string
	results    []core.BulkResult
	// indexDue says that the batch has made an index that is to be built, or unmade one.
	indexDue bool
	// borrows says that it refers to contents of attachments that it has not written.
	borrows bool
}

// write is one document of a batch, as far as it could be worked out without looking into the store.
type write struct {
	place   int // among the results
	docID   string
	deleted bool
	body    []byte
	// attachments, of which stubs are to be resolved.
	attachments []attachment
	// revisions is the path of a replicated write.
	revisions core.Revisions
	// parent and rev are of a new edit: rev is what it makes if parent is the right one, revError why it cannot be made.
	parent, rev core.Rev
	revError    error
	// local is the new number of a local document's revision.
	local uint64
}

// deletes reports whether nothing but short tombstones is written.
func (b *batch) deletes() bool {
	const short = 1 << 10
	return !slices.ContainsFunc(b.writes, func(w write) bool { return !w.deleted || len(w.body) > short || len(w.attachments) > 0 })
}

// prepare checks the documents and does what needs no look into the store.
func (b *batch) prepare(docs []*core.Document) error {
	b.writes = make([]write, 0, len(docs))
	for i, doc := range docs {
		w, err := b.check(doc)
		if err != nil {
			return err
		}
		w.place = i
		b.results[i].ID = w.docID
		if err := b.number(&w, doc); err != nil {
			b.results[i].Err = core.AsError(err).Of(w.docID)
			continue
		}
		b.writes = append(b.writes, w)
	}
	inOrder := func(a, b write) int { return strings.Compare(a.docID, b.docID) }
	if !slices.IsSortedFunc(b.writes, inOrder) && !(b.inOrder && b.allDiffer()) {
		order.Func(b.writes, inOrder)
	}
	b.docIDs = make([]string, 0, len(b.writes))
	for i := range b.writes {
		if docID := b.writes[i].docID; !core.IsLocalID(docID) && (i == 0 || b.writes[i-1].docID != docID) {
			b.docIDs = append(b.docIDs, docID)
		}
	}
	return nil
}

// allDiffer reports whether no id comes twice.
func (b *batch) allDiffer() bool {
	seen := make(map[string]bool, len(b.writes))
	for i := range b.writes {
		seen[b.writes[i].docID] = true
	}
	return len(seen) == len(b.writes)
}

// check finds what makes CouchDB refuse the whole request.
func (b *batch) check(doc *core.Document) (write, error) {
	if doc == nil {
		return write{}, core.ErrBadRequest.Because("Document must be a JSON object")
	}
	w := write{docID: doc.ID, deleted: doc.Deleted, body: doc.Body}
	if w.docID == "" {
		w.docID = b.db.options.NewUUID()
	}
	if err := checkDocID(w.docID); err != nil {
		return w, err
	}
	if w.body == nil {
		w.body = core.EmptyBody
	}
	if rawjson.KindOf(w.body) != rawjson.Object {
		return w, core.ErrBadRequest.Because("Document must be a JSON object").Of(w.docID)
	}
	if len(w.body) > b.db.options.MaxDocumentSize {
		return w, core.ErrTooLarge.Because(w.docID).Of(w.docID)
	}
	if b.replicated && doc.Rev.IsZero() && doc.Revisions == nil {
		return w, core.ErrBadRequest.Because("When `new_edits: false`, the document needs `_rev` or `_revisions` specified").Of(w.docID)
	}
	if doc.Revisions != nil && len(doc.Revisions.Hashes) == 0 {
		return w, core.ErrDocValidation.Because("_revisions holds no ids").Of(w.docID)
	}
	if len(doc.Attachments) == 0 || core.IsLocalID(w.docID) {
		return w, nil
	}
	var err error
	w.attachments, err = newAttachments(w.docID, doc.Attachments, b.replicated)
	return w, err
}

// stage writes the contents that are too large to be held, and returns the numbers under which they are.
func (b *batch) stage(ctx context.Context) (numbers []uint64, err error) {
	for i := range b.writes {
		for j := range b.writes[i].attachments {
			a := &b.writes[i].attachments[j]
			if a.Content == nil {
				continue
			}
			err := b.db.stage(ctx, a)
			if a.staged != 0 {
				numbers = append(numbers, a.staged)
			}
			if err != nil {
				return numbers, err
			}
			a.setDigest(b.replicated)
		}
	}
	return numbers, nil
}

func checkDocID(docID string) error {
	if !utf8.ValidString(docID) {
		return core.ErrIllegalDocID.Because("Document id must be valid UTF-8")
	}
	if err := core.ValidateDocID(docID); err != nil {
		return core.AsError(err).Of(docID)
	}
	return nil
}

// number works out the revision that a document gets, or refuses it alone.
func (b *batch) number(w *write, doc *core.Document) (err error) {
	// What a document brings as its ancestry counts more than its _rev, also in a new edit, where it names the parent.
	parent := doc.Rev
	if doc.Revisions != nil {
		parent = doc.Revisions.Rev(0)
	}
	if core.IsLocalID(w.docID) {
		w.local, err = nextLocal(parent, w.deleted)
		return err
	}
	if !b.replicated {
		w.parent = parent
		w.rev, w.revError = revid.New(parent, w.deleted, w.body, nil)
		return nil
	}
	w.revisions = core.Revisions{Start: parent.Generation, Hashes: []string{parent.Hash}}
	if doc.Revisions != nil {
		w.revisions = *doc.Revisions
	}
	return nil
}

// run writes the batch in one update. It may run again, so it sets every result that it is responsible for.
func (b *batch) run(ctx context.Context, tx kv.Tx) error {
	if len(b.docIDs) == 0 {
		b.runLocal(tx)
		return nil
	}
	m, err := readMeta(ctx, tx)
	if err != nil {
		return err
	}
	records, err := readRecords(ctx, tx, b.docIDs)
	if err != nil {
		return err
	}
	before := m
	e := edit{ctx: ctx, db: b.db, tx: tx, meta: &m, results: b.results, replicated: b.replicated}
	if err := e.readIndexes(); err != nil {
		return err
	}
	writes := b.writes
	for i, docID := range b.docIDs {
		for writes[0].docID != docID { // local documents stand between others
			b.writeLocal(tx, &writes[0])
			writes = writes[1:]
		}
		own := 1
		for own < len(writes) && writes[own].docID == docID {
			own++
		}
		if err := e.readReplaced(i, b.docIDs, records); err != nil {
			return err
		}
		if err := e.document(docID, records[i], writes[:own]); err != nil {
			return err
		}
		writes = writes[own:]
	}
	for i := range writes {
		b.writeLocal(tx, &writes[i])
	}
	if b.indexDue, err = e.finishIndexes(); err != nil {
		return err
	}
	b.borrows = e.borrows
	if m != before {
		m.write(tx)
	}
	return nil
}
