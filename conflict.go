package gouchdb

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/gouchdb/gouchdb/core"
)

// Update makes a new revision of a document: change gets the current one, nil when there is none, and returns what is to be there in its place, as for
// [DB.Put], or nil to leave it. When somebody else has written meanwhile, change is called again with what is there then. It returns the revision that is there now,
// empty when there is none.
func (db *DB) Update(ctx context.Context, docID string, change func(current *Document) (any, error)) (rev string, err error) {
	for {
		current, err := db.Get(ctx, docID, GetOptions{})
		if errors.Is(err, ErrMissing) {
			current = nil
		} else if err != nil {
			return "", err
		}
		var was core.Rev
		if current != nil {
			rev, was = current.Rev, current.document.Rev
		} else {
			rev = ""
		}
		value, err := change(current)
		if err != nil || value == nil {
			return rev, err
		}
		document, err := encodeAs(value, docID, was)
		if err != nil {
			return rev, err
		}
		written, err := core.Put(ctx, db.adapter, document)
		if !errors.Is(err, ErrConflict) {
			return written.String(), err
		}
	}
}

// encodeAs encodes a value as a revision of a document that follows another, whatever it says itself.
func encodeAs(value any, docID string, follows core.Rev) (*core.Document, error) {
	document, err := encode(value)
	if err != nil {
		return nil, fmt.Errorf("encoding document %q: %w", docID, err)
	}
	document.ID, document.Rev = docID, follows
	return document, core.ValidateDocID(docID)
}

// Conflict is a document of which there is more than one current revision.
type Conflict struct {
	ID string
	// Rev is the winner, which reads show; empty when the document has been deleted.
	Rev string
	// Others are the other revisions. None, in a list that is live, once the conflict has been resolved.
	Others []string
}

// Conflicts yields the documents that are in conflict, in the order of their last changes. With live it goes on with conflicts that come, change and are resolved,
// until the context ends or the loop is left. After an error it ends.
func (db *DB) Conflicts(ctx context.Context, live bool) iter.Seq2[*Conflict, error] {
	return func(yield func(*Conflict, error) bool) {
		known := map[string]*Conflict{}
		for change, err := range db.Changes(ctx, ChangesOptions{AllLeaves: true, Live: live}) {
			if err != nil {
				yield(nil, err)
				return
			}
			before := known[change.ID]
			if len(change.Revs) == 1 && before == nil {
				continue
			}
			// Some of the leaves may be deleted, which is no conflict.
			now, err := db.conflict(ctx, change.ID)
			if err != nil {
				yield(nil, err)
				return
			}
			if before != nil && before.Rev == now.Rev && slices.Equal(before.Others, now.Others) || before == nil && len(now.Others) == 0 {
				continue
			}
			if len(now.Others) > 0 {
				known[now.ID] = now
			} else {
				delete(known, now.ID)
			}
			if !yield(now, nil) {
				return
			}
		}
	}
}

func (db *DB) conflict(ctx context.Context, docID string) (*Conflict, error) {
	document, err := db.adapter.Get(ctx, docID, core.GetOptions{Conflicts: true})
	if errors.Is(err, ErrMissing) {
		return &Conflict{ID: docID}, nil // it was deleted since
	}
	if err != nil {
		return nil, err
	}
	return &Conflict{ID: docID, Rev: document.Rev.String(), Others: revTexts(document.Conflicts)}, nil
}

// Resolve ends a conflict. merge gets all current revisions, the winner first, and the last revision that they have in common, nil when that cannot be read
// any more. What it returns, a value as for [DB.Put], follows the winner, and the others are deleted; nil leaves the conflict as it is. In a local database that happens whole or not
// at all; on a server the document is written first, so that an interruption leaves a conflict and loses nothing. When somebody else has written meanwhile, merge is called again with
// what is there then; without a conflict it is not called. Resolve returns the winner, or nothing when merge or somebody else has deleted the document.
//
// An attachment of which the value has the stub is taken from the version that has it.
func (db *DB) Resolve(ctx context.Context, docID string, merge func(versions []*Document, base *Document) (any, error)) (rev string, err error) {
	for again := false; ; again = true {
		versions, base, err := db.versions(ctx, docID)
		if err != nil {
			return "", fmt.Errorf("resolving document %q: %w", docID, err)
		}
		if len(versions) == 0 && again { // deleted, by merge or meanwhile
			return "", nil
		}
		if len(versions) == 0 {
			return "", ErrMissing.Of(docID)
		}
		rev = versions[0].Rev
		if len(versions) == 1 {
			return rev, nil
		}
		value, err := merge(versions, base)
		if err != nil || value == nil {
			return rev, err
		}
		merged, err := encodeAs(value, docID, versions[0].document.Rev)
		if err != nil {
			return rev, err
		}
		if err := db.takeAttachments(ctx, merged, versions); err != nil {
			return rev, fmt.Errorf("resolving document %q: %w", docID, err)
		}
		// Then it is looked at again: a revision that has come meanwhile is in conflict with what was written.
		if err := db.writeResolved(ctx, merged, versions[1:]); err != nil && !errors.Is(err, ErrConflict) {
			return rev, fmt.Errorf("resolving document %q: %w", docID, err)
		}
	}
}

// versions returns the current revisions of a document, the winner first, and what they have in common.
func (db *DB) versions(ctx context.Context, docID string) (versions []*Document, base *Document, err error) {
	leaves, err := db.adapter.OpenRevs(ctx, docID, core.OpenRevsOptions{All: true, WithRevisions: true})
	if err != nil {
		return nil, nil, err
	}
	var living []*core.Document
	for _, leaf := range leaves {
		if leaf.Doc != nil && !leaf.Doc.Deleted {
			living = append(living, leaf.Doc)
		}
	}
	slices.SortFunc(living, func(a, b *core.Document) int { return b.Rev.Compare(a.Rev) })
	for _, document := range living {
		shown := *document
		shown.Revisions = nil
		versions = append(versions, documentOf(&shown))
	}
	if common, ok := commonAncestor(living); ok && len(living) > 1 {
		document, err := db.adapter.Get(ctx, docID, core.GetOptions{Rev: common})
		if err != nil && !errors.Is(err, ErrMissing) { // compacted away
			return nil, nil, err
		}
		base = documentOf(document)
	}
	return versions, base, nil
}

// commonAncestor returns the last revision in the history of all documents.
func commonAncestor(documents []*core.Document) (common core.Rev, ok bool) {
	count := map[core.Rev]int{}
	for _, document := range documents {
		for i := range document.Revisions.Hashes {
			rev := document.Revisions.Rev(i)
			count[rev]++
			if count[rev] == len(documents) && (!ok || rev.Generation > common.Generation) {
				common, ok = rev, true
			}
		}
	}
	return common, ok
}

// takeAttachments gives contents to stubs that stand for attachments of other versions than the winner, whose own need none.
func (db *DB) takeAttachments(ctx context.Context, merged *core.Document, versions []*Document) error {
	for i := range merged.Attachments {
		stub := &merged.Attachments[i]
		if !stub.Stub {
			continue
		}
		from := slices.IndexFunc(versions, func(version *Document) bool {
			there := version.document.Attachment(stub.Name)
			return there != nil && there.Digest == stub.Digest
		})
		if from > 0 {
			attachment, err := db.adapter.GetAttachment(ctx, merged.ID, stub.Name, versions[from].document.Rev)
			if err != nil {
				return err
			}
			*stub = core.Attachment{Name: stub.Name, ContentType: attachment.ContentType, Data: attachment.Data, Content: attachment.Content}
		}
	}
	return nil
}

// writeResolved writes a document and deletes the versions that it replaces. Errors: ErrConflict when somebody was faster.
func (db *DB) writeResolved(ctx context.Context, merged *core.Document, losers []*Document) error {
	var deletions []*core.Document
	for _, loser := range losers {
		deletions = append(deletions, &core.Document{ID: merged.ID, Rev: loser.document.Rev, Deleted: true, Body: core.EmptyBody})
	}
	results, err := db.adapter.BulkDocs(ctx, append([]*core.Document{merged}, deletions...), core.BulkDocsOptions{Atomic: true})
	if errors.Is(err, ErrNotImplemented) { // a server does not write all or nothing
		if _, err := core.Put(ctx, db.adapter, merged); err != nil {
			return err
		}
		results, err = db.adapter.BulkDocs(ctx, deletions, core.BulkDocsOptions{})
	}
	if err != nil {
		return err
	}
	var conflict error
	for _, result := range results {
		switch {
		case result.Err == nil, errors.Is(result.Err, core.ErrNotWritten):
		case errors.Is(result.Err, ErrConflict):
			conflict = result.Err
		default:
			return result.Err
		}
	}
	return conflict
}
