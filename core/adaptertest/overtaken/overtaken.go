// Package overtaken is a database for tests, whose readings end as those do that another tab's compaction has overtaken (see [kv.ErrOutlived]).
package overtaken

import (
	"context"
	"sync/atomic"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/kv"
)

// DB is a database whose readings are overtaken when all has been handed out, as often as Times says. A feed that has nothing to tell is not.
type DB struct {
	*docstore.DB
	Times atomic.Int64
}

func (o *DB) fail(err error) error {
	if err == nil && o.Times.Add(-1) >= 0 {
		return core.ErrStorage.From(kv.ErrOutlived)
	}
	return err
}

// AllDocs implements [core.Adapter].
func (o *DB) AllDocs(ctx context.Context, options core.AllDocsOptions, each func(*core.AllDocsRow) error) (core.AllDocsSummary, error) {
	summary, err := o.DB.AllDocs(ctx, options, each)
	return summary, o.fail(err)
}

// Changes implements [core.Adapter].
func (o *DB) Changes(ctx context.Context, options core.ChangesOptions, each func(*core.Change) error) (core.ChangesSummary, error) {
	given := false
	summary, err := o.DB.Changes(ctx, options, func(change *core.Change) error {
		given = true
		return each(change)
	})
	if given {
		err = o.fail(err)
	}
	return summary, err
}

// Find implements [core.Finder].
func (o *DB) Find(ctx context.Context, request []byte, each func([]byte) error) (core.FindSummary, error) {
	summary, err := o.DB.Find(ctx, request, each)
	return summary, o.fail(err)
}

// View implements [core.Viewer]; whichever view is asked for, it shows all documents.
func (o *DB) View(ctx context.Context, _, _ string, _ core.ViewOptions, each func(*core.ViewRow) error) (core.ViewSummary, error) {
	_, err := o.DB.AllDocs(ctx, core.AllDocsOptions{IncludeDocs: true}, func(row *core.AllDocsRow) error {
		return each(&core.ViewRow{ID: row.Key, Key: []byte("1"), Value: []byte("1"), Doc: row.Doc})
	})
	return core.ViewSummary{}, o.fail(err)
}

// EachLocal implements the listing of local documents that dumps are made with.
func (o *DB) EachLocal(ctx context.Context, each func(*core.Document) error) error {
	return o.fail(o.DB.EachLocal(ctx, each))
}
