package engine_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gouchdb/gouchdb/adapters/memory"
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/wasm/internal/engine"
)

// viewed is a database whose views are answered by a test.
type viewed struct {
	core.Adapter
	designDoc, view, mapSource, reduceSource, dropped string
	options                                           core.ViewOptions
}

func (v *viewed) View(_ context.Context, designDoc, view string, options core.ViewOptions, each func(*core.ViewRow) error) (core.ViewSummary, error) {
	v.designDoc, v.view, v.options = designDoc, view, options
	if view == "none" {
		return core.ViewSummary{}, core.ErrMissing.Because("missing_named_view")
	}
	return v.answer(options, each)
}

func (v *viewed) TemporaryView(_ context.Context, mapSource, reduceSource string, options core.ViewOptions, each func(*core.ViewRow) error) (core.ViewSummary, error) {
	v.mapSource, v.reduceSource, v.options = mapSource, reduceSource, options
	return v.answer(options, each)
}

func (v *viewed) DropTemporaryView(_ context.Context, mapSource, reduceSource string) error {
	v.dropped = mapSource + " " + reduceSource
	return nil
}

func (v *viewed) answer(options core.ViewOptions, each func(*core.ViewRow) error) (core.ViewSummary, error) {
	if options.Group {
		return core.ViewSummary{Reduced: true}, each(&core.ViewRow{Key: []byte("1"), Value: []byte("2")})
	}
	for _, id := range []string{"a", "b"} {
		row := &core.ViewRow{ID: id, Key: []byte("1"), Value: []byte("null")}
		if options.IncludeDocs {
			row.Doc = &core.Document{ID: id, Body: []byte(`{}`), Attachments: []core.Attachment{{Name: "f", Data: []byte("xyz"), Length: 3}}}
		}
		lent := *row
		if err := each(row); err != nil {
			return core.ViewSummary{}, err
		}
		if row.Doc != lent.Doc {
			return core.ViewSummary{}, core.ErrInternal.Because("what is lent must not be modified")
		}
	}
	return core.ViewSummary{TotalRows: 2, UpdateSeq: "7"}, nil
}

func (v *viewed) ViewInfo(_ context.Context, designDoc string) ([]byte, error) {
	return []byte(`{"name":"` + designDoc + `"}`), nil
}

func (v *viewed) ViewCleanup(context.Context) error { return nil }

// newQueryShell has databases "viewed", which a test answers for, and "plain", which can answer no queries.
func newQueryShell(t *testing.T) (*shell, *viewed) {
	s := newShell(t)
	v := &viewed{}
	s.engine = engine.New(engine.Openers{
		"memory": {Open: func(ctx context.Context, name string, _ []byte) (core.Adapter, error) { return memory.Open(ctx, name) }},
		"viewed": {Open: func(ctx context.Context, name string, _ []byte) (core.Adapter, error) {
			db, err := memory.Open(ctx, name)
			v.Adapter = db
			return v, err
		}},
		"plain": {Open: func(ctx context.Context, name string, _ []byte) (core.Adapter, error) {
			db, err := memory.Open(ctx, name)
			return struct{ core.Adapter }{db}, err
		}},
	}, s.deliver)
	return s, v
}

func TestFind(t *testing.T) {
	t.Parallel()
	s, _ := newQueryShell(t)
	db := s.open("memory", "a")
	s.call(`["bulkDocs",` + db + `,{},[{"_id":"a","n":1},{"_id":"b","n":2},{"_id":"c","n":3}]]`)
	created := s.call(`["createIndex",` + db + `,{},{"index":{"fields":["n"]},"ddoc":"d","name":"by_n"}]`)
	assert.Equal(t, `{"result":"created","id":"_design/d","name":"by_n"}`, created)
	assert.Contains(t, s.call(`["find",`+db+`,{},{"selector":{"n":{"$gt":1}},"fields":["_id","n"]}]`), `{"docs":[{"_id":"b","n":2},{"_id":"c","n":3}],"bookmark":"`)
	assert.Contains(t, s.call(`["explain",`+db+`,{},{"selector":{"n":{"$gt":1}}}]`), `"ddoc":"_design/d"`)
	assert.Contains(t, s.call(`["getIndexes",`+db+`,{}]`), `{"total_rows":2,"indexes":[{"ddoc":null,"name":"_all_docs"`)
	assert.Equal(t, `{"ok":true}`, s.call(`["deleteIndex",`+db+`,{},{"ddoc":"_design/d","name":"by_n","type":"json"}]`))
	assert.Equal(t, 404, s.fail(`["deleteIndex",`+db+`,{},{"ddoc":"_design/d","name":"by_n"}]`).Status)
	assert.Equal(t, 404, s.fail(`["deleteIndex",`+db+`,{},{"ddoc":"_design/d","name":"by_n","type":"text"}]`).Status)
	assert.Equal(t, "query_parse_error", s.fail(`["deleteIndex",`+db+`,{},{"ddoc":5,"name":"by_n"}]`).Name)
	assert.Equal(t, "invalid_operator", s.fail(`["find",`+db+`,{},{"selector":{"n":{"$bad":1}}}]`).Name)
}

func TestQueryOptions(t *testing.T) {
	t.Parallel()
	s, v := newQueryShell(t)
	db := s.open("viewed", "a")
	no := false
	for request, want := range map[string]core.ViewOptions{
		`{"x":1}`: {},
		`{"key":null,"startkey":[1],"endkey":"x","startkey_docid":"a","endkey_docid":"b","inclusive_end":false,"descending":true,"skip":1,"limit":0}`: {
			Key: []byte("null"), StartKey: []byte("[1]"), EndKey: []byte(`"x"`), StartKeyDocID: "a", EndKeyDocID: "b", ExclusiveEnd: true, Descending: true, Skip: 1, Limit: core.NoRows},
		`{"keys":[1,"a"],"limit":5,"reduce":false,"update_seq":true,"update":"lazy"}`: {
			Keys: [][]byte{[]byte("1"), []byte(`"a"`)}, Limit: 5, Reduce: &no, UpdateSeq: true, Update: core.UpdateAfter},
		`{"keys":[],"group_level":2,"update":"false"}`:              {Keys: [][]byte{}, GroupLevel: 2, Update: core.UpdateNever},
		`{"group":true,"attachments":true}`:                         {Group: true},
		`{"include_docs":true,"conflicts":true,"attachments":true}`: {IncludeDocs: true, Conflicts: true, Attachments: true},
	} {
		s.call(`["query",` + db + `,{"ddoc":"d","view":"v",` + request[1:] + `]`)
		want.Passing = true // rows are printed at once
		assert.Equal(t, want, v.options, request)
		assert.Equal(t, "d/v", v.designDoc+"/"+v.view)
	}
	for _, option := range []string{`"keys":5`, `"limit":-1`, `"skip":"x"`, `"descending":1`, `"update":"never"`, `"startkey_docid":5`, `"reduce":"x"`} {
		f := s.fail(`["query",` + db + `,{"ddoc":"d","view":"v",` + option + `}]`)
		assert.Equal(t, "query_parse_error", f.Name, option)
		assert.Contains(t, f.Reason, "`", option)
	}
}

func TestQuery(t *testing.T) {
	t.Parallel()
	s, v := newQueryShell(t)
	db := s.open("viewed", "a")
	assert.Equal(t, `{"rows":[{"id":"a","key":1,"value":null},{"id":"b","key":1,"value":null}],"total_rows":2,"offset":0,"update_seq":7}`, s.call(`["query",`+db+`,{"ddoc":"d","view":"v"}]`))
	assert.Equal(t, `{"rows":[{"key":1,"value":2}]}`, s.call(`["query",`+db+`,{"map":"f","reduce_function":"g","group":true}]`))
	assert.Equal(t, "f g", v.mapSource+" "+v.reduceSource)
	assert.Empty(t, v.dropped)
	s.call(`["query",` + db + `,{"map":"f","transient":true,"update":"false"}]`)
	assert.Equal(t, "f ", v.dropped)
	assert.Equal(t, core.UpdateBefore, v.options.Update)
	assert.Contains(t, s.call(`["query",`+db+`,{"ddoc":"d","view":"v","include_docs":true,"attachments":true}]`), `"doc":{"_id":"a","_attachments":{"f":{`)
	framed := s.call(`["query",` + db + `,{"ddoc":"d","view":"v","include_docs":true,"attachments":true,"binary":true}]`)
	assert.Contains(t, framed, `xyzxyz`, "contents follow")
	assert.Equal(t, "missing_named_view", s.fail(`["query",`+db+`,{"ddoc":"d","view":"none"}]`).Reason)
	assert.Equal(t, `{"ok":true}`, s.call(`["viewCleanup",`+db+`,{}]`))
	assert.Equal(t, `{"name":"d"}`, s.call(`["viewInfo",`+db+`,{"ddoc":"d"}]`))
}

func TestQueriesOfASimpleDatabase(t *testing.T) {
	t.Parallel()
	s, _ := newQueryShell(t)
	db := s.open("plain", "a")
	for _, request := range []string{
		`["find",` + db + `,{},{}]`, `["explain",` + db + `,{},{}]`, `["createIndex",` + db + `,{},{}]`, `["getIndexes",` + db + `,{}]`, `["deleteIndex",` + db + `,{},{}]`,
		`["query",` + db + `,{"ddoc":"d","view":"v"}]`, `["query",` + db + `,{"map":"f"}]`, `["viewCleanup",` + db + `,{}]`, `["viewInfo",` + db + `,{}]`,
	} {
		assert.Equal(t, "not_implemented", s.fail(request).Name, request)
	}
	assert.Equal(t, "bad_request", s.fail(`["find",`+db+`,{},5]`).Name)
	assert.Equal(t, "bad_request", s.fail(`["createIndex",`+db+`,{}]`).Name)
}
