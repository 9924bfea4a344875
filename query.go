package gouchdb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"github.com/gouchdb/gouchdb/core"
)

// Query is a Mango query: which documents are wanted, in which order, and which parts of them.
type Query struct {
	// Selector is any value that encoding/json makes an object of, as map[string]any{"age": map[string]any{"$gt": 30}}, or JSON text as
	// [encoding/json.RawMessage]. Nil stands for all documents.
	Selector any
	// Fields names the parts that are wanted, "address.city" for an inner one. Nil: whole documents. Without "_id" the documents come without their ids.
	Fields []string
	// Sort names fields; documents that lack one of them are left out. An index on the fields gives the order for nothing, else it is made in memory.
	Sort       []string
	Descending bool // the Sort is
	Skip       int
	Limit      int // 0: no limit
	// UseIndex names a design document, and perhaps an index in it. With NoFallback the query fails when that index cannot answer it.
	UseIndex   []string
	NoFallback bool
	// Bookmark of a page makes the next page of the same query: see [DB.FindPage].
	Bookmark  string
	Conflicts bool // fill Conflicts
	// MayLag does not wait for an index that is being built.
	MayLag bool
}

// unlimited is a limit that no query reaches: CouchDB's is 25 unless it is given.
const unlimited = 1<<31 - 1

// MarshalJSON returns the query as the body of CouchDB's _find.
func (q Query) MarshalJSON() ([]byte, error) {
	body := map[string]any{"selector": q.Selector, "limit": q.Limit}
	if q.Selector == nil {
		body["selector"] = map[string]any{}
	}
	if q.Limit == 0 {
		body["limit"] = unlimited
	}
	if q.Fields != nil {
		body["fields"] = q.Fields
	}
	if len(q.Sort) > 0 {
		body["sort"] = directed(q.Sort, q.Descending)
	}
	if q.Skip != 0 {
		body["skip"] = q.Skip
	}
	if q.Bookmark != "" {
		body["bookmark"] = q.Bookmark
	}
	if len(q.UseIndex) > 0 {
		body["use_index"] = q.UseIndex
	}
	if q.NoFallback {
		body["allow_fallback"] = false
	}
	if q.Conflicts {
		body["conflicts"] = true
	}
	if q.MayLag {
		body["update"] = false
	}
	return json.Marshal(body)
}

func directed(fields []string, descending bool) []map[string]string {
	direction := "asc"
	if descending {
		direction = "desc"
	}
	list := make([]map[string]string, len(fields))
	for i, field := range fields {
		list[i] = map[string]string{field: direction}
	}
	return list
}

// Find yields the documents that a query is about. Without a Sort they come in the order of the index that is used. After an error it ends.
//
// A query without an index looks at all documents: [DB.CreateIndex] makes one, [DB.Explain] tells which is used.
//
// Errors: those of a bad query, of status 400.
func (db *DB) Find(ctx context.Context, query Query) iter.Seq2[*Document, error] {
	return func(yield func(*Document, error) bool) {
		_, err := db.find(ctx, query, func(doc *Document) error {
			if !yield(doc, nil) {
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield(nil, err)
		}
	}
}

// Page is a part of the documents that a query is about.
type Page struct {
	Docs []*Document
	// Bookmark, put into the same query, makes the next page. It is "nil" when the page is empty.
	Bookmark string
	// Warning tells what would make the query better, such as an index that is missing.
	Warning string
}

// FindPage returns as many documents as the query's Limit says, and where the next page begins: pages by bookmark cost no more the farther they are.
func (db *DB) FindPage(ctx context.Context, query Query) (*Page, error) {
	page := &Page{}
	summary, err := db.find(ctx, query, func(doc *Document) error {
		page.Docs = append(page.Docs, doc)
		return nil
	})
	if err != nil {
		return nil, err
	}
	page.Bookmark, page.Warning = summary.Bookmark, summary.Warning
	return page, nil
}

func (db *DB) find(ctx context.Context, query Query, each func(*Document) error) (core.FindSummary, error) {
	finder, request, err := db.query(query)
	if err != nil {
		return core.FindSummary{}, err
	}
	return finder.Find(ctx, request, func(text []byte) error {
		document, err := core.ParseDocument(text)
		if err != nil {
			return fmt.Errorf("reading what was found: %w", err)
		}
		return each(foundOf(document, text))
	})
}

// foundOf makes a document of what was found, which may be a part of one.
func foundOf(document *core.Document, text []byte) *Document {
	doc := documentOf(document)
	if document.ID == "" || document.Rev.IsZero() {
		doc.text = append([]byte(nil), text...) // without what was not asked for
		if document.Rev.IsZero() {
			doc.Rev = ""
		}
	}
	return doc
}

// query returns who answers a query, and its text.
func (db *DB) query(query Query) (core.Finder, []byte, error) {
	finder, err := db.finder()
	if err != nil {
		return nil, nil, err
	}
	request, err := json.Marshal(query)
	if err != nil {
		return nil, nil, fmt.Errorf("encoding a query: %w", err)
	}
	return finder, request, nil
}

func (db *DB) finder() (core.Finder, error) {
	finder, ok := db.adapter.(core.Finder)
	if !ok {
		return nil, ErrNotImplemented.Because("this database answers no queries")
	}
	return finder, nil
}

// Explain tells how a query would be answered, as the JSON object of CouchDB's _explain: which index is used, for which range of its keys.
func (db *DB) Explain(ctx context.Context, query Query) ([]byte, error) {
	finder, request, err := db.query(query)
	if err != nil {
		return nil, err
	}
	return finder.Explain(ctx, request)
}

// Index is an index of queries: the documents that have all of its fields, in the order of their values.
type Index struct {
	// DesignDoc holds the index, and replicates with it; empty: one of its own. The prefix "_design/" may be left out.
	DesignDoc string
	Name      string // empty: derived from the definition
	Fields    []string
	// Descending is for CouchDB's eyes: an index is read in both directions.
	Descending bool
	// Partial, when not nil, is a selector of the documents that the index holds. Only a query that names the index in UseIndex is answered by it.
	Partial any
}

// MarshalJSON returns the index as the body of CouchDB's POST _index.
func (x Index) MarshalJSON() ([]byte, error) {
	definition := map[string]any{"fields": directed(x.Fields, x.Descending)}
	if x.Partial != nil {
		definition["partial_filter_selector"] = x.Partial
	}
	body := map[string]any{"index": definition, "type": "json"}
	if x.DesignDoc != "" {
		body["ddoc"] = x.DesignDoc
	}
	if x.Name != "" {
		body["name"] = x.Name
	}
	return json.Marshal(body)
}

// CreateIndex makes an index, unless it is there. It is built in the background; queries that use it wait for it. It returns the names under which
// [DB.DeleteIndex] knows it.
func (db *DB) CreateIndex(ctx context.Context, index Index) (designDoc, name string, err error) {
	finder, err := db.finder()
	if err != nil {
		return "", "", err
	}
	request, err := json.Marshal(index)
	if err != nil {
		return "", "", fmt.Errorf("encoding an index: %w", err)
	}
	created, err := finder.CreateIndex(ctx, request)
	return created.ID, created.Name, err
}

// IndexDescription describes an index; the first that [DB.Indexes] lists is that of the ids.
type IndexDescription = core.IndexDescription

// Indexes lists the indexes.
func (db *DB) Indexes(ctx context.Context) ([]IndexDescription, error) {
	finder, err := db.finder()
	if err != nil {
		return nil, err
	}
	return finder.Indexes(ctx)
}

// DeleteIndex removes an index. Errors: ErrMissing.
func (db *DB) DeleteIndex(ctx context.Context, designDoc, name string) error {
	finder, err := db.finder()
	if err != nil {
		return err
	}
	return finder.DeleteIndex(ctx, designDoc, name)
}
