package docstore

import (
	"context"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/mango"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// judge tells of documents whether a feed shows them.
type judge struct {
	ask   core.Predicate
	close func()
}

// judges are those of one filter; a document has to pass them all. Nil: all documents pass.
type judges []judge

// judges makes a filter ready. Its functions are those that the design document has now.
func (db *DB) judges(ctx context.Context, filter core.ChangesFilter) (js judges, err error) {
	switch {
	case filter.Selector != nil:
		var j judge
		j, err = db.judgeBySelector(filter.Selector)
		js = append(js, j)
	case filter.View != "":
		var j judge
		j, err = db.judgeByView(ctx, filter.View)
		js = append(js, j)
	case filter.DesignFilter != "":
		var j judge
		j, err = db.judgeByFunction(ctx, filter.DesignFilter, filter.QueryParams)
		js = append(js, j)
	}
	if filter.Predicate != nil {
		js = append(js, judge{ask: filter.Predicate, close: func() {}})
	}
	if err != nil {
		return nil, err
	}
	return js, nil
}

func (js judges) close() {
	for _, j := range js {
		j.close()
	}
}

// pass answers for each document.
func (js judges) pass(ctx context.Context, docs []*core.Document) ([]bool, error) {
	pass := make([]bool, len(docs))
	at := make([]int, len(docs)) // where those that are still in question stand
	for i := range at {
		at[i] = i
	}
	for _, j := range js {
		if len(docs) == 0 {
			break
		}
		answers, err := j.ask.Ask(ctx, docs)
		if err != nil {
			return nil, err
		}
		var left []*core.Document
		var leftAt []int
		for i, doc := range docs {
			if answers[i] {
				left, leftAt = append(left, doc), append(leftAt, at[i])
			}
		}
		docs, at = left, leftAt
	}
	for _, i := range at {
		pass[i] = true
	}
	return pass, nil
}

func (db *DB) judgeBySelector(text []byte) (judge, error) {
	if rawjson.KindOf(text) != rawjson.Object {
		return judge{}, core.ErrBadRequest.Because("Selector error: expected a JSON object")
	}
	selector, err := mango.Parse(text, db.options.Regexp)
	if err != nil {
		// CouchDB gives the errors of selectors this name when they come from the feed.
		return judge{}, core.ErrBadRequest.Because(core.AsError(err).Reason).From(err)
	}
	ask := func(_ context.Context, docs []*core.Document) ([]bool, error) {
		pass := make([]bool, len(docs))
		for i, doc := range docs {
			matches, err := selector.Matches(doc)
			if err != nil {
				return nil, core.AsError(err).Of(doc.ID)
			}
			pass[i] = matches
		}
		return pass, nil
	}
	return judge{ask: ask, close: func() {}}, nil
}

func (db *DB) judgeByView(ctx context.Context, name string) (judge, error) {
	scripts, source, err := db.function(ctx, name, "views", "map")
	if err != nil {
		return judge{}, err
	}
	view, err := scripts.Maps(ctx, []string{source})
	if err != nil {
		return judge{}, err
	}
	ask := func(ctx context.Context, docs []*core.Document) ([]bool, error) {
		mapped, err := view.Map(ctx, texts(docs))
		if err != nil {
			return nil, err
		}
		pass := make([]bool, len(mapped))
		for i := range mapped {
			// In a view, a document that the function fails on has no rows. Here that would keep it from the reader for good, so it is told, as in CouchDB.
			if err := mapped[i][0].Err; err != nil {
				return nil, core.AsError(err).Of(docs[i].ID)
			}
			pass[i] = len(mapped[i][0].Rows) > 0
		}
		return pass, nil
	}
	return judge{ask: ask, close: view.Close}, nil
}

func (db *DB) judgeByFunction(ctx context.Context, name string, params []byte) (judge, error) {
	scripts, source, err := db.function(ctx, name, "filters", "")
	if err != nil {
		return judge{}, err
	}
	filter, err := scripts.Filter(ctx, source)
	if err != nil {
		return judge{}, err
	}
	if params == nil {
		params = core.EmptyBody
	}
	request := append(append([]byte(`{"query":`), params...), '}')
	ask := func(ctx context.Context, docs []*core.Document) ([]bool, error) {
		return filter.Filter(ctx, texts(docs), request)
	}
	return judge{ask: ask, close: filter.Close}, nil
}

func texts(docs []*core.Document) [][]byte {
	texts := make([][]byte, len(docs))
	for i, doc := range docs {
		texts[i] = doc.AppendJSON(nil)
	}
	return texts
}

// function finds the source of a function, given as "ddoc/name", in its design document, and what can run it.
func (db *DB) function(ctx context.Context, name, kind, member string) (core.Scripts, string, error) {
	docID, name, _ := core.SplitDesignName(name)
	doc, err := db.Get(ctx, docID, core.GetOptions{})
	if err != nil {
		return nil, "", err
	}
	value := doc.Body
	for _, key := range []string{kind, name, member} {
		if key == "" {
			continue
		}
		if value = rawjson.Member(value, key); value == nil {
			return nil, "", core.ErrMissing.Because("missing json key: " + key).Of(docID)
		}
	}
	source, ok := rawjson.Text(value)
	language, isText := rawjson.Text(rawjson.Member(doc.Body, "language"))
	if !ok || isText && language != "javascript" {
		return nil, "", core.ErrBadRequest.Because("filters and maps must be functions in JavaScript").Of(docID)
	}
	if db.options.Scripts == nil {
		return nil, "", core.ErrNotImplemented.Because("this database was opened without anything that runs functions of design documents").Of(docID)
	}
	return db.options.Scripts, source, nil
}
