package core

import "context"

// Put writes one document and returns its new revision.
func Put(ctx context.Context, db Adapter, doc *Document) (Rev, error) {
	results, err := db.BulkDocs(ctx, []*Document{doc}, BulkDocsOptions{})
	if err != nil {
		return Rev{}, err
	}
	if results[0].Err != nil {
		return Rev{}, results[0].Err
	}
	return results[0].Rev, nil
}

// Delete replaces a revision by a tombstone without a body and returns the tombstone's revision.
func Delete(ctx context.Context, db Adapter, docID string, rev Rev) (Rev, error) {
	return Put(ctx, db, &Document{ID: docID, Rev: rev, Deleted: true, Body: EmptyBody})
}

// ListAllDocs collects the rows of a listing.
func ListAllDocs(ctx context.Context, db Adapter, options AllDocsOptions) ([]*AllDocsRow, AllDocsSummary, error) {
	var rows []*AllDocsRow
	summary, err := db.AllDocs(ctx, options, func(row *AllDocsRow) error {
		rows = append(rows, row)
		return nil
	})
	return rows, summary, err
}

// ListChanges collects the rows of a reading of the changes feed.
func ListChanges(ctx context.Context, db Adapter, options ChangesOptions) ([]*Change, ChangesSummary, error) {
	var changes []*Change
	summary, err := db.Changes(ctx, options, func(change *Change) error {
		changes = append(changes, change)
		return nil
	})
	return changes, summary, err
}
