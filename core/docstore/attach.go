package docstore

import (
	"context"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/revid"
	"github.com/gouchdb/gouchdb/core/revtree"
)

func newAttachments(docID string, sent []core.Attachment, replicated bool) ([]attachment, error) {
	attachments := make([]attachment, len(sent))
	for i := range sent {
		for j := range sent[:i] {
			if sent[i].Name == sent[j].Name {
				return nil, core.ErrBadRequest.Because("there are two attachments with the name " + sent[i].Name).Of(docID)
			}
		}
		var err error
		if attachments[i], err = newAttachment(docID, &sent[i], replicated); err != nil {
			return nil, err
		}
	}
	return attachments, nil
}

// attach works out the attachments of a new edit, and with them its revision: stubs stand for what the parent has.
func (e *edit) attach(docID string, tree revtree.Tree, w *write, parent core.Rev) (core.Rev, []attachment, error) {
	var inherited []attachment
	if !parent.IsZero() {
		node, _ := tree.Lookup(parent)
		var err error
		if inherited, err = readAttachments(e.ctx, e.tx, docID, node.Body); err != nil {
			return core.Rev{}, nil, err
		}
	}
	attachments := make([]attachment, len(w.attachments))
	for i := range w.attachments {
		a := w.attachments[i]
		if a.Stub {
			stored := find(inherited, a.Name)
			if stored == nil || a.RevPos != 0 && a.RevPos != stored.RevPos {
				return core.Rev{}, nil, core.MissingStub(docID, a.Name)
			}
			a = *stored
		} else {
			a.RevPos = parent.Generation + 1
		}
		attachments[i] = a
	}
	rev, err := revid.New(parent, w.deleted, w.body, hashed(attachments))
	return rev, attachments, err
}

// inherit works out the attachments of a replicated revision: stubs stand for what the nearest ancestor with the attachment has.
func (e *edit) inherit(docID string, tree revtree.Tree, w *write) ([]attachment, error) {
	if node, known := tree.Lookup(w.revisions.Rev(0)); known && node.Body != noBody {
		return nil, nil // it is here already, and stays as it is
	}
	attachments := make([]attachment, len(w.attachments))
	for i := range w.attachments {
		a := w.attachments[i]
		if a.Stub {
			stored, err := e.ancestral(docID, tree, w, &a)
			if err != nil {
				return nil, err
			}
			a = *stored
		}
		attachments[i] = a
	}
	return attachments, nil
}

func (e *edit) ancestral(docID string, tree revtree.Tree, w *write, stub *attachment) (*attachment, error) {
	for i := 1; i < len(w.revisions.Hashes); i++ {
		node, known := tree.Lookup(w.revisions.Rev(i))
		if !known || !hasAttachments(node.Body) {
			continue
		}
		inherited, err := readAttachments(e.ctx, e.tx, docID, node.Body)
		if err != nil {
			return nil, err
		}
		stored := find(inherited, stub.Name)
		if stored != nil && (stub.RevPos == 0 || stub.RevPos == stored.RevPos) && (stub.Digest == "" || stub.Digest == stored.Digest) {
			return stored, nil
		}
	}
	return nil, core.MissingStub(docID, stub.Name)
}

func find(attachments []attachment, name string) *attachment {
	for i := range attachments {
		if attachments[i].Name == name {
			return &attachments[i]
		}
	}
	return nil
}

// GetAttachment reads an attachment of the winner, or of the revision asked for.
func (db *DB) GetAttachment(ctx context.Context, docID, name string, rev core.Rev) (*core.Attachment, error) {
	if err := checkDocID(docID); err != nil {
		return nil, err
	}
	var found *core.Attachment
	err := db.view(ctx, false, func(s kv.Snapshot) error {
		rec, err := readRecord(ctx, s, docID)
		if err != nil {
			return err
		}
		if rec == nil {
			return core.ErrMissing.Of(docID)
		}
		node, err := rec.choose(core.GetOptions{Rev: rev})
		if err != nil {
			return core.AsError(err).Of(docID)
		}
		attachments, err := readAttachments(ctx, s, docID, node.Body)
		if err != nil {
			return err
		}
		a := find(attachments, name)
		if a == nil {
			return core.ErrNoAttachment.Of(docID)
		}
		found = &a.Attachment
		return a.fill(ctx, db, s)
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// PutAttachment adds or replaces an attachment. As in CouchDB it becomes the first of the document.
func (db *DB) PutAttachment(ctx context.Context, docID string, rev core.Rev, attachment core.Attachment) (core.Rev, error) {
	if err := refuseLocal(docID); err != nil {
		return core.Rev{}, err
	}
	doc := &core.Document{ID: docID}
	if !rev.IsZero() {
		was, err := db.revisionToEdit(ctx, docID, rev)
		if err != nil {
			return core.Rev{}, err
		}
		doc = was
	}
	if attachment.ContentType == "" {
		attachment.ContentType = core.DefaultContentType
	}
	attachment.Stub, attachment.RevPos = false, 0
	attachments := []core.Attachment{attachment}
	for _, other := range doc.Attachments {
		if other.Name != attachment.Name {
			attachments = append(attachments, other)
		}
	}
	doc.Attachments = attachments
	return core.Put(ctx, db, doc)
}

// RemoveAttachment removes an attachment.
func (db *DB) RemoveAttachment(ctx context.Context, docID, name string, rev core.Rev) (core.Rev, error) {
	if err := refuseLocal(docID); err != nil {
		return core.Rev{}, err
	}
	if rev.IsZero() {
		return core.Rev{}, core.ErrConflict.Of(docID)
	}
	doc, err := db.revisionToEdit(ctx, docID, rev)
	if err != nil {
		return core.Rev{}, err
	}
	if doc.Attachment(name) == nil {
		return core.Rev{}, core.ErrNoAttachment.Of(docID)
	}
	var rest []core.Attachment
	for _, other := range doc.Attachments {
		if other.Name != name {
			rest = append(rest, other)
		}
	}
	doc.Attachments = rest
	return core.Put(ctx, db, doc)
}

func refuseLocal(docID string) error {
	if core.IsLocalID(docID) {
		return core.ErrBadRequest.Because("_local documents do not accept attachments.").Of(docID)
	}
	return checkDocID(docID)
}

// revisionToEdit reads a revision that is to be followed by another. One that cannot be is a conflict.
func (db *DB) revisionToEdit(ctx context.Context, docID string, rev core.Rev) (*core.Document, error) {
	doc, err := db.Get(ctx, docID, core.GetOptions{Rev: rev})
	if core.AsError(err) != nil && core.AsError(err).Status == 404 {
		return nil, core.ErrConflict.Of(docID)
	}
	return doc, err
}
