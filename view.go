package gouchdb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
)

// ViewOptions choose the rows of a view. Keys are any values that encoding/json encodes, nil stands for none; the key null is json.RawMessage("null").
type ViewOptions struct {
	// Key chooses the rows of one key, Keys those of several, in this order; StartKey and EndKey those from one to the other, in reading order.
	Key, StartKey, EndKey any
	Keys                  []any
	// StartKeyDocID and EndKeyDocID choose further among the rows of the first and the last key.
	StartKeyDocID, EndKeyDocID string
	ExclusiveEnd               bool // leave the rows of EndKey out
	Descending                 bool
	Skip                       int
	Limit                      int  // 0: no limit; see NoRows
	NoReduce                   bool // rows as they were emitted, although the view has a reduce function
	Group                      bool // one row for each key
	GroupLevel                 int  // one row for each beginning of keys that are arrays, of this length
	IncludeDocs                bool // fill Doc: the document of the row, or the one that its value names by _id
	Conflicts                  bool // with IncludeDocs: fill its Conflicts
	Update                     ViewUpdate
}

// ViewUpdate says whether a view is brought up to date before it is read.
type ViewUpdate = core.ViewUpdate

// The ways to update a view. Ordinarily it is done before.
const (
	UpdateBefore = core.UpdateBefore
	UpdateNever  = core.UpdateNever
	UpdateAfter  = core.UpdateAfter
)

// ViewRow is a row of a view.
type ViewRow struct {
	ID         string // of the document; empty for a group
	Key, Value json.RawMessage
	Doc        *Document // with IncludeDocs; nil when there is none
}

// View yields the rows of a view of a design document, given with or without "_design/". Local databases run the JavaScript themselves, with nothing but CouchDB's functions for
// views within its reach. After an error it ends.
//
// Errors: ErrMissing (no such view), ErrBadRequest and ErrQueryParse (options that cannot be), and a compilation_error with status 400.
func (db *DB) View(ctx context.Context, designDoc, view string, options ViewOptions) iter.Seq2[*ViewRow, error] {
	return func(yield func(*ViewRow, error) bool) {
		viewer, err := db.viewer()
		if err != nil {
			yield(nil, err)
			return
		}
		yieldRows(options, yield, func(options core.ViewOptions, each func(*core.ViewRow) error) error {
			_, err := viewer.View(ctx, designDoc, view, options, each)
			return err
		})
	}
}

// View is a view whose functions are in Go, for [DB.QueryView]. What they made of documents is stored under the view's name and version, so whoever changes a function
// has to change the version.
type View struct {
	Name, Version string
	// Map emits the rows of a document: keys and values that encoding/json encodes. A document for which it fails has none.
	Map func(doc *Document, emit func(key, value any)) error
	// Reduce names a built-in reduce function: _sum, _count, _stats, _approx_count_distinct, _top_N, _bottom_N, _first, _last.
	Reduce string
	// ReduceFunc, in the place of Reduce, makes one value of many. keys is nil when the values are results of the function itself.
	ReduceFunc func(keys []ViewKey, values []json.RawMessage) (any, error)
}

// ViewKey tells where a value that is to be reduced comes from.
type ViewKey struct {
	Key json.RawMessage
	ID  string // of the document
}

// QueryView yields the rows of a view whose functions are in Go. Only local databases have them. After an error it ends.
func (db *DB) QueryView(ctx context.Context, view View, options ViewOptions) iter.Seq2[*ViewRow, error] {
	return func(yield func(*ViewRow, error) bool) {
		local, ok := db.adapter.(*docstore.DB)
		if !ok {
			yield(nil, ErrNotImplemented.Because("only local databases can run functions in Go"))
			return
		}
		yieldRows(options, yield, func(options core.ViewOptions, each func(*core.ViewRow) error) error {
			_, err := local.QueryView(ctx, view.stored(), options, each)
			return err
		})
	}
}

// stored is the view as docstore has it.
func (v View) stored() *docstore.View {
	stored := &docstore.View{Name: v.Name, Version: v.Version, Reduce: v.Reduce}
	if v.Map != nil {
		stored.Map = func(document *core.Document, emit func(key, value []byte)) error {
			var failure error
			encode := func(value any) []byte {
				text, err := json.Marshal(value)
				if err != nil && failure == nil {
					failure = fmt.Errorf("encoding what view %q emits: %w", v.Name, err)
				}
				return text
			}
			err := v.Map(documentOf(document), func(key, value any) { emit(encode(key), encode(value)) })
			return errors.Join(err, failure)
		}
	}
	if v.ReduceFunc == nil {
		return stored
	}
	stored.ReduceFunc = func(keys []docstore.ReducedKey, values [][]byte, rereduce bool) ([]byte, error) {
		var from []ViewKey
		for _, key := range keys {
			from = append(from, ViewKey{Key: key.Key, ID: key.DocID})
		}
		raw := make([]json.RawMessage, len(values))
		for i, value := range values {
			raw[i] = value
		}
		result, err := v.ReduceFunc(from, raw)
		if err != nil {
			return nil, err
		}
		return json.Marshal(result)
	}
	return stored
}

// ViewCleanup removes what is stored for views that no design document has any more, and of views in Go those that were not queried since the database was opened.
func (db *DB) ViewCleanup(ctx context.Context) error {
	viewer, err := db.viewer()
	if err != nil {
		return err
	}
	return viewer.ViewCleanup(ctx)
}

// ViewInfo describes the views of a design document.
type ViewInfo struct {
	Name      string
	Signature string // design documents with the same signature have the same rows
	Language  string
	Updating  bool  // an update is under way
	Size      int64 // bytes of keys and values
}

// ViewInfo describes the views of a design document. Errors: ErrMissing.
func (db *DB) ViewInfo(ctx context.Context, designDoc string) (ViewInfo, error) {
	viewer, err := db.viewer()
	if err != nil {
		return ViewInfo{}, err
	}
	text, err := viewer.ViewInfo(ctx, designDoc)
	if err != nil {
		return ViewInfo{}, err
	}
	var info struct {
		Name  string
		Index struct {
			Signature, Language string
			Updating            bool `json:"updater_running"`
			Sizes               struct{ Active int64 }
		} `json:"view_index"`
	}
	if err := json.Unmarshal(text, &info); err != nil {
		return ViewInfo{}, fmt.Errorf("decoding the description of views: %w", err)
	}
	return ViewInfo{
		Name: info.Name, Signature: info.Index.Signature, Language: info.Index.Language, Updating: info.Index.Updating, Size: info.Index.Sizes.Active,
	}, nil
}

func (db *DB) viewer() (core.Viewer, error) {
	viewer, ok := db.adapter.(core.Viewer)
	if !ok {
		return nil, ErrNotImplemented.Because("this database does not answer views")
	}
	return viewer, nil
}

// yieldRows yields what a query answers.
func yieldRows(options ViewOptions, yield func(*ViewRow, error) bool, query func(core.ViewOptions, func(*core.ViewRow) error) error) {
	asked, err := options.encode()
	if err == nil {
		err = query(asked, func(row *core.ViewRow) error {
			if !yield(&ViewRow{ID: row.ID, Key: row.Key, Value: row.Value, Doc: documentOf(row.Doc)}, nil) {
				return errEnough
			}
			return nil
		})
	}
	if err != nil && !errors.Is(err, errEnough) {
		yield(nil, err)
	}
}

func (o *ViewOptions) encode() (core.ViewOptions, error) {
	options := core.ViewOptions{
		StartKeyDocID: o.StartKeyDocID, EndKeyDocID: o.EndKeyDocID, ExclusiveEnd: o.ExclusiveEnd, Descending: o.Descending,
		Skip: o.Skip, Limit: o.Limit, Group: o.Group, GroupLevel: o.GroupLevel,
		IncludeDocs: o.IncludeDocs, Conflicts: o.Conflicts, Update: o.Update,
	}
	if o.NoReduce {
		options.Reduce = new(bool)
	}
	var failure error
	encode := func(key any) []byte {
		text, err := json.Marshal(key)
		if err != nil && failure == nil {
			failure = ErrBadRequest.Because("a key of the query cannot be encoded").From(err)
		}
		return text
	}
	for _, key := range []struct {
		from any
		to   *[]byte
	}{{o.Key, &options.Key}, {o.StartKey, &options.StartKey}, {o.EndKey, &options.EndKey}} {
		if key.from != nil {
			*key.to = encode(key.from)
		}
	}
	if o.Keys != nil {
		options.Keys = make([][]byte, len(o.Keys))
		for i, key := range o.Keys {
			options.Keys[i] = encode(key)
		}
	}
	return options, failure
}
