package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/gouchdb/gouchdb/adapters/memory"
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/wasm/internal/engine"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// shell stands in for JavaScript: it numbers calls and waits for their answers.
type shell struct {
	t      *testing.T
	engine *engine.Engine

	mu      sync.Mutex
	last    uint32
	answers map[uint32]chan answer
	events  map[uint32][]string
	parts   map[uint32][]string // rows that were delivered ahead
	again   map[uint32]bool     // that were taken back
}

type answer struct {
	kind engine.Kind
	text string
}

func newShell(t *testing.T) *shell {
	s := &shell{t: t, answers: map[uint32]chan answer{}, events: map[uint32][]string{}, parts: map[uint32][]string{}, again: map[uint32]bool{}}
	open := func(ctx context.Context, name string, _ []byte) (core.Adapter, error) {
		if name == "broken" {
			return nil, core.ErrStorage.From(errors.New("no disk"))
		}
		return memory.Open(ctx, name)
	}
	s.engine = engine.New(engine.Openers{
		"memory":  {Open: open, Volatile: true},
		"passing": {Open: open},
		"remote":  {Open: open, Remote: true},
	}, s.deliver)
	return s
}

func (s *shell) deliver(call uint32, kind engine.Kind, text []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch kind {
	case engine.Event:
		s.events[call] = append(s.events[call], string(text))
		return
	case engine.Part:
		s.parts[call] = append(s.parts[call], string(text))
		return
	case engine.Again:
		delete(s.parts, call)
		s.again[call] = true
		return
	}
	s.answers[call] <- answer{kind, string(text)}
}

// submit sends a request without waiting for its answer.
func (s *shell) submit(request string) uint32 {
	s.mu.Lock()
	s.last++
	call := s.last
	s.answers[call] = make(chan answer, 2) // room for a second answer, which would be a defect
	s.mu.Unlock()
	s.engine.Submit(call, []byte(request))
	return call
}

func (s *shell) wait(call uint32) answer {
	s.t.Helper()
	s.mu.Lock()
	answers := s.answers[call]
	s.mu.Unlock()
	select {
	case a := <-answers:
		return a
	case <-time.After(10 * time.Second):
		require.Fail(s.t, "a call is not answered")
		return answer{}
	}
}

// call returns the result of a request that must succeed.
func (s *shell) call(request string) string {
	s.t.Helper()
	a := s.wait(s.submit(request))
	require.Equal(s.t, engine.Result, a.kind, "%s: %s", request, a.text)
	return a.text
}

type failure struct {
	Status           int
	Name, Reason, ID string
}

// fail returns the failure of a request that must not succeed.
func (s *shell) fail(request string) failure {
	s.t.Helper()
	a := s.wait(s.submit(request))
	require.Equal(s.t, engine.Failure, a.kind, "%s: %s", request, a.text)
	var f failure
	require.NoError(s.t, json.Unmarshal([]byte(a.text), &f))
	return f
}

func (s *shell) open(adapter, name string) string {
	s.t.Helper()
	return s.call(`["open",0,{"adapter":"` + adapter + `","name":"` + name + `"}]`)
}

func TestDocumentsGoInAndComeOut(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	db := s.open("memory", "a")
	written := s.call(`["put",` + db + `,{},{"_id":"x","n":1.0,"nested":{"a":[1,2]}}]`)
	assert.Regexp(t, `^\{"ok":true,"id":"x","rev":"1-[0-9a-f]{32}"\}$`, written)
	assert.Regexp(t, `^\{"_id":"x","_rev":"1-[0-9a-f]{32}","n":1.0,"nested":\{"a":\[1,2\]\}\}$`, s.call(`["get",`+db+`,{"id":"x"}]`))
	assert.Contains(t, s.call(`["allDocs",`+db+`,{"include_docs":true}]`), `"total_rows":1`)
	assert.Contains(t, s.call(`["changes",`+db+`,{"since":0}]`), `"last_seq":1`)
	assert.Contains(t, s.call(`["revsDiff",`+db+`,{},{"x":["2-aa"]}]`), `{"x":{"missing":["2-aa"]`)
	assert.Contains(t, s.call(`["bulkGet",`+db+`,{},{"docs":[{"id":"x"}]}]`), `{"results":[{"id":"x","docs":[{"ok":{"_id":"x"`)
	assert.Contains(t, s.call(`["openRevs",`+db+`,{"id":"x","open_revs":"all"}]`), `[{"ok":{"_id":"x"`)
	assert.Contains(t, s.call(`["info",`+db+`,{}]`), `"doc_count":1`)
	assert.Equal(t, "1000", s.call(`["revsLimit",`+db+`,{}]`))
	assert.Equal(t, "20", s.call(`["revsLimit",`+db+`,{"revs_limit":20}]`))
	assert.JSONEq(t, `{"ok":true}`, s.call(`["compact",`+db+`,{}]`))
}

func TestADocumentWithoutAnIDIsGivenOne(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	db := s.open("memory", "a")
	assert.Regexp(t, `"id":"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"`, s.call(`["put",`+db+`,{},{}]`))
	f := s.fail(`["put",` + db + `,{},{"_id":""}]`)
	assert.Equal(t, "illegal_docid", f.Name)
}

func TestBulkAnswersInOrderWithFailuresBetween(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	db := s.open("memory", "a")
	s.call(`["put",` + db + `,{},{"_id":"taken"}]`)
	var rows []struct {
		OK   bool
		ID   string
		Name string
	}
	require.NoError(t, json.Unmarshal([]byte(s.call(`["bulkDocs",`+db+`,{},[{"_id":"a"},{"_id":"taken"},{"_id":"b"}]]`)), &rows))
	require.Len(t, rows, 3)
	assert.True(t, rows[0].OK)
	assert.Equal(t, "conflict", rows[1].Name)
	assert.Equal(t, "taken", rows[1].ID)
	assert.True(t, rows[2].OK)
	assert.Equal(t, `[]`, s.call(`["bulkDocs",`+db+`,{"new_edits":false},[{"_id":"c","_rev":"3-abc"}]]`), "replicated writes only tell of failures")
}

func TestBadRequestsAreNamedAndWriteNothing(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	db := s.open("memory", "a")
	for _, test := range []struct {
		request      string
		name, reason string
	}{
		{`not json`, "bad_request", "not JSON"},
		{`[]`, "bad_request", "a request needs"},
		{`["put",` + db + `,{},{"_id":"x"},5]`, "bad_request", "text after the value"},
		{`["put",` + db + `,{},{"_id":"x"}`, "bad_request", "a comma or a closing bracket"},
		{`["put",` + db + `,{},{"_id":"x","a":"\ud800"}]`, "bad_request", "surrogate"},
		{`["bulkDocs",` + db + `,{},[{"_id":"x"},{"_id":"y","a":01}]]`, "bad_request", "(document 1 of `docs`)"},
		{`["info",` + db + `,{},5,5]`, "bad_request", "a request needs"},
		{`["unknown",` + db + `,{}]`, "not_implemented", "unknown"},
		{`["get",99,{"id":"x"}]`, "closed", ""},
		{`["get",` + db + `,{"id":5}]`, "query_parse_error", "`id`"},
		{`["get",` + db + `,{"id":"x","revs":"yes"}]`, "query_parse_error", "`revs`"},
		{`["get",` + db + `,{"id":"x","rev":"nonsense"}]`, "bad_request", "rev"},
		{`["openRevs",` + db + `,{"id":"x","open_revs":["bad"]}]`, "bad_request", "rev"},
		{`["openRevs",` + db + `,{"id":"x","open_revs":5}]`, "query_parse_error", "`open_revs`"},
		{`["allDocs",` + db + `,{"limit":-1}]`, "query_parse_error", "`limit`"},
		{`["allDocs",` + db + `,{"limit":1.5}]`, "query_parse_error", "`limit`"},
		{`["allDocs",` + db + `,{"keys":[1]}]`, "query_parse_error", "`keys`"},
		{`["allDocs",` + db + `,{"startkey":1}]`, "query_parse_error", "`startkey`"},
		{`["changes",` + db + `,{"style":"fancy"}]`, "query_parse_error", "`style`"},
		{`["changes",` + db + `,{"since":true}]`, "query_parse_error", "`since`"},
		{`["changes",` + db + `,{"doc_ids":"x"}]`, "query_parse_error", "`doc_ids`"},
		{`["revsLimit",` + db + `,{"revs_limit":0}]`, "query_parse_error", "`revs_limit`"},
		{`["put",` + db + `,{"new_edits":1},{"_id":"x"}]`, "query_parse_error", "`new_edits`"},
		{`["put",` + db + `,{},[]]`, "bad_request", "JSON object"},
		{`["put",` + db + `,{},{"_id":"_x"}]`, "illegal_docid", "underscore"},
		{`["put",` + db + `,{},{"_id":"x","_unknown":1}]`, "doc_validation", "_unknown"},
		{`["bulkDocs",` + db + `,{},{}]`, "bad_request", "`docs`"},
		{`["bulkDocs",` + db + `,{},[{"_id":"x"},{"_id":"y","_unknown":1}]]`, "doc_validation", "document 1 of `docs`"},
		{`["revsDiff",` + db + `,{},5]`, "bad_request", ""},
		{`["replicate",0,{"source":` + db + `}]`, "query_parse_error", "`target`"},
		{`["replicate",0,{"source":` + db + `,"target":` + db + `,"checkpoint":"maybe"}]`, "bad_request", "maybe"},
		{`["open",0,{"adapter":"memory"}]`, "query_parse_error", "`name`"},
		{`["open",0,{"adapter":"tape","name":"a"}]`, "not_implemented", "tape"},
		{`["open",0,{"adapter":"memory","name":"broken"}]`, "storage_error", "no disk"},
	} {
		f := s.fail(test.request)
		assert.Equal(t, test.name, f.Name, test.request)
		assert.Contains(t, f.Reason, test.reason, test.request)
	}
	assert.Contains(t, s.call(`["info",`+db+`,{}]`), `"update_seq":0`)
}

func TestFailuresNameTheDocument(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	db := s.open("memory", "a")
	s.call(`["put",` + db + `,{},{"_id":"x"}]`)
	assert.Equal(t, failure{404, "not_found", "missing", "y"}, s.fail(`["get",`+db+`,{"id":"y"}]`))
	conflict := s.fail(`["put",` + db + `,{},{"_id":"x"}]`)
	assert.Equal(t, 409, conflict.Status)
	assert.Equal(t, "x", conflict.ID)
}

func TestEachOfManyCallsIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	db := s.open("memory", "a")
	var writes []uint32
	for i := range 500 {
		writes = append(writes, s.submit(`["put",`+db+`,{},{"_id":"`+strconv.Itoa(i)+`"}]`))
	}
	for i, write := range writes {
		a := s.wait(write)
		assert.Equal(t, engine.Result, a.kind, a.text)
		assert.Contains(t, a.text, `"id":"`+strconv.Itoa(i)+`"`)
	}
	assert.Contains(t, s.call(`["info",`+db+`,{}]`), `"doc_count":500`)
	assert.JSONEq(t, `{"calls":0,"handles":1,"databases":1,"tasks":0,"questions":0}`, s.call(`["usage",0,{}]`))
	for _, write := range writes {
		assert.Empty(t, s.answers[write])
	}
}

func TestHandlesShareADatabase(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	one, two := s.open("passing", "a"), s.open("passing", "a")
	assert.NotEqual(t, one, two)
	s.call(`["put",` + one + `,{},{"_id":"x"}]`)
	s.call(`["get",` + two + `,{"id":"x"}]`)
	s.call(`["close",0,{"db":` + one + `}]`)
	s.call(`["close",0,{"db":` + one + `}]`)
	assert.Equal(t, "closed", s.fail(`["get",`+one+`,{"id":"x"}]`).Name)
	s.call(`["get",` + two + `,{"id":"x"}]`)
	s.call(`["close",0,{"db":` + two + `}]`)
	assert.JSONEq(t, `{"calls":0,"handles":0,"databases":0,"tasks":0,"questions":0}`, s.call(`["usage",0,{}]`))
	assert.Equal(t, "not_found", s.fail(`["get",`+s.open("passing", "a")+`,{"id":"x"}]`).Name, "the last close closes the adapter")

	remote, same := s.open("remote", "a"), s.open("remote", "a")
	s.call(`["put",` + remote + `,{},{"_id":"x"}]`)
	assert.Equal(t, "not_found", s.fail(`["get",`+same+`,{"id":"x"}]`).Name, "remote databases are not shared")
}

func TestAVolatileDatabaseOutlivesItsHandles(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	db := s.open("memory", "a")
	s.call(`["put",` + db + `,{},{"_id":"x"}]`)
	s.call(`["close",0,{"db":` + db + `}]`)
	db = s.open("memory", "a")
	s.call(`["get",` + db + `,{"id":"x"}]`)
	other := s.open("memory", "a")
	s.call(`["destroy",0,{"db":` + db + `}]`)
	assert.Equal(t, "closed", s.fail(`["get",`+other+`,{"id":"x"}]`).Name)
	assert.Equal(t, "not_found", s.fail(`["get",`+s.open("memory", "a")+`,{"id":"x"}]`).Name)
}

func TestAWaitingCallCanBeCancelled(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	db := s.open("memory", "a")
	call := s.submit(`["changes",` + db + `,{"wait":600000}]`)
	s.engine.Cancel(call)
	a := s.wait(call)
	assert.Equal(t, engine.Failure, a.kind)
	assert.Contains(t, a.text, `"canceled"`)
	s.engine.Cancel(call) // does no harm
	assert.JSONEq(t, `{"calls":0,"handles":1,"databases":1,"tasks":0,"questions":0}`, s.call(`["usage",0,{}]`))
}

func TestClosingAHandleEndsItsCalls(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	one, two := s.open("memory", "a"), s.open("memory", "a")
	ended := s.submit(`["changes",` + one + `,{"wait":600000}]`)
	going := s.submit(`["changes",` + two + `,{"wait":600000}]`)
	s.call(`["info",` + one + `,{}]`)
	s.call(`["close",0,{"db":` + one + `}]`)
	assert.Contains(t, s.wait(ended).text, `"closed"`)
	s.call(`["put",` + two + `,{},{"_id":"x"}]`)
	assert.Contains(t, s.wait(going).text, `"id":"x"`, "other handles are not concerned")
}

func TestReplicationReportsAndAnswers(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	source, target := s.open("memory", "source"), s.open("memory", "target")
	s.call(`["bulkDocs",` + source + `,{},[{"_id":"a"},{"_id":"b"}]]`)
	call := s.submit(`["replicate",0,{"source":` + source + `,"target":` + target + `,"checkpoint":"both","docs":true}]`)
	a := s.wait(call)
	require.Equal(t, engine.Result, a.kind, a.text)
	var result struct {
		Result struct {
			OK          bool `json:"ok"`
			DocsRead    int  `json:"docs_read"`
			DocsWritten int  `json:"docs_written"`
			Errors      []failure
		}
		Failure *failure
	}
	require.NoError(t, json.Unmarshal([]byte(a.text), &result))
	assert.Nil(t, result.Failure)
	assert.True(t, result.Result.OK)
	assert.Equal(t, 2, result.Result.DocsRead)
	assert.Equal(t, 2, result.Result.DocsWritten)
	s.mu.Lock()
	events := s.events[call]
	s.mu.Unlock()
	require.NotEmpty(t, events)
	assert.True(t, json.Valid([]byte(events[0])), events[0])
	assert.Contains(t, events[0], `"docs":[{"_id":"a"`)
	s.call(`["get",` + target + `,{"id":"b"}]`)
}

func TestClosingAPeerEndsAReplication(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	source, target := s.open("memory", "source"), s.open("passing", "target")
	s.call(`["put",` + source + `,{},{"_id":"a"}]`)
	s.call(`["close",0,{"db":` + target + `}]`)
	f := s.fail(`["replicate",0,{"source":` + source + `,"target":` + target + `}]`)
	assert.Equal(t, "closed", f.Name)
}
