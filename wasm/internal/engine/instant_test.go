package engine_test

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/core/kv/logkv/memdevice"
	"github.com/gouchdb/gouchdb/javascript"
	"github.com/gouchdb/gouchdb/wasm/internal/engine"
)

// answer sends a request that is to be answered at once, if it is.
func (s *shell) answer(request string) (answer, bool) {
	s.mu.Lock()
	s.last++
	call := s.last
	s.answers[call] = make(chan answer, 2)
	s.mu.Unlock()
	if s.engine.Answer(call, []byte(request)) == engine.Not {
		return answer{}, false
	}
	return s.wait(call), true
}

func (s *shell) atOnce(request string) string {
	s.t.Helper()
	a, done := s.answer(request)
	require.True(s.t, done, request)
	return a.text
}

func TestReadsOfMemoryAreAnsweredAtOnce(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	db := s.open("memory", "a")
	s.call(`["put",` + db + `,{},{"_id":"x","n":1}]`)
	for _, request := range []string{
		`["get",` + db + `,{"id":"x"}]`,
		`["get",` + db + `,{"id":"none"}]`,
		`["get",` + db + `,{"id":7}]`,
		`["get",` + db + `,{"id":"x","revs":true,"conflicts":true,"local_seq":true}]`,
		`["openRevs",` + db + `,{"id":"x","open_revs":"all"}]`,
		`["bulkGet",` + db + `,{},{"docs":[{"id":"x"},{"id":"y"}]}]`,
		`["allDocs",` + db + `,{"include_docs":true,"update_seq":true}]`,
		`["changes",` + db + `,{"since":0,"include_docs":true}]`,
		`["revsDiff",` + db + `,{},{"x":["2-aa"]}]`,
		`["find",` + db + `,{},{"selector":{"n":1}}]`,
		`["find",` + db + `,{},{"selector":{"m":1}}]`,
		`["explain",` + db + `,{},{"selector":{"n":1}}]`,
		`["query",` + db + `,{"ddoc":"none","view":"none"}]`,
	} {
		got, done := s.answer(request)
		require.True(t, done, request)
		assert.Equal(t, s.wait(s.submit(request)), got, request)
	}
}

func TestWhatMustWaitIsNotAnsweredAtOnce(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	db, remote := s.open("memory", "a"), s.open("remote", "a")
	for _, request := range []string{
		`["put",` + db + `,{},{"_id":"x"}]`,
		`["info",` + db + `,{}]`,
		`["query",` + db + `,{"map":"function () {}","transient":true}]`, // what is stored for it is removed
		`["changes",` + db + `,{"since":"now","wait":10000}]`,
		`["get",` + remote + `,{"id":"x"}]`,
		`["get",99,{"id":"x"}]`,
		`["nothing",` + db + `,{}]`,
		`["get",` + db + `,{`,
		`[`,
		``,
	} {
		_, done := s.answer(request)
		assert.False(t, done, request)
	}
}

// A read that needs what is on the device waits for it as it always did, and the next one does not.
func TestWhatIsNotInMemoryIsReadTheOrdinaryWay(t *testing.T) {
	t.Parallel()
	storage := memdevice.New()
	s := newShell(t)
	s.engine = engine.New(engine.Openers{"log": {Open: func(ctx context.Context, name string, _ []byte) (core.Adapter, error) {
		store, err := logkv.Open(ctx, storage.Open(nil), logkv.Options{})
		if err != nil {
			return nil, err
		}
		return docstore.Open(ctx, store, docstore.Options{Name: name})
	}}}, s.deliver)
	db := s.open("log", "a")
	s.call(`["put",` + db + `,{},{"_id":"x","long":"` + strings.Repeat("long ", 200) + `"}]`)
	get := `["get",` + db + `,{"id":"x"}]`
	written := s.atOnce(get)
	s.call(`["close",0,{"db":` + db + `}]`)

	db = s.open("log", "a")
	get = `["get",` + db + `,{"id":"x"}]`
	s.call(`["compact",` + db + `,{}]`)
	first, done := s.answer(get)
	if !done {
		first = s.wait(s.submit(get))
	}
	assert.Equal(t, written, first.text)
	assert.Equal(t, written, s.atOnce(get))
	s.call(`["close",0,{"db":` + db + `}]`)
	_, done = s.answer(get)
	assert.False(t, done)
	assert.Equal(t, "closed", s.fail(get).Name)
}

// Writes are answered at once where they are acknowledged before they are stored, and nowhere else.
func TestMemoryFirstWritesAreAnsweredAtOnce(t *testing.T) {
	t.Parallel()
	storage := memdevice.New()
	s := newShell(t)
	s.engine = engine.New(engine.Openers{"log": {Open: func(ctx context.Context, name string, _ []byte) (core.Adapter, error) {
		durability := logkv.Relaxed
		if name == "memory-first" {
			durability = logkv.MemoryFirst
		}
		store, err := logkv.Open(ctx, storage.Open(nil), logkv.Options{Durability: durability})
		if err != nil {
			return nil, err
		}
		return docstore.Open(ctx, store, docstore.Options{Name: name})
	}}}, s.deliver)
	db := s.open("log", "memory-first")
	atOnce := 0
	for i := range 100 {
		id := strconv.Itoa(i)
		answer, done := s.answer(`["put",` + db + `,{},{"_id":"` + id + `"}]`)
		if !done { // the flush of those before has just got the log
			continue
		}
		atOnce++
		assert.Regexp(t, `^\{"ok":true,"id":"`+id+`","rev":"1-[0-9a-f]{32}"\}$`, answer.text)
		assert.Contains(t, s.atOnce(`["get",`+db+`,{"id":"`+id+`"}]`), `"_id":"`+id+`"`)
	}
	assert.Positive(t, atOnce)
	s.wait(s.submit(`["put",` + db + `,{},{"_id":"0"}]`)) // unless it is there already
	_, done := s.answer(`["put",` + db + `,{},{"_id":"0"}]`)
	assert.False(t, done, "what fails is tried on the newest state")
	assert.Equal(t, "conflict", s.fail(`["put",`+db+`,{},{"_id":"0"}]`).Name)
	s.call(`["flush",` + db + `,{}]`)
	s.call(`["close",0,{"db":` + db + `}]`)

	relaxed := s.open("log", "relaxed")
	assert.Contains(t, s.call(`["info",`+relaxed+`,{}]`), `"doc_count":`)
	_, done = s.answer(`["put",` + relaxed + `,{},{"_id":"x"}]`)
	assert.False(t, done)
	s.call(`["close",0,{"db":` + relaxed + `}]`)
}

// A query of a view is answered at once when the view is up to date, and is none the worse for having been tried at once when it is not.
func TestQueriesOfWhatIsUpToDateAreAnsweredAtOnce(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.engine = engine.New(engine.Openers{"log": {Open: func(ctx context.Context, name string, _ []byte) (core.Adapter, error) {
		store, err := logkv.Open(ctx, memdevice.New().Open(nil), logkv.Options{})
		if err != nil {
			return nil, err
		}
		return docstore.Open(ctx, store, docstore.Options{Name: name, Scripts: javascript.New(javascript.Options{})})
	}}}, s.deliver)
	db := s.open("log", "a")
	s.call(`["put",` + db + `,{},{"_id":"_design/d","views":{
		"n":{"map":"function (doc) { emit(doc.n, 1) }","reduce":"_sum"},
		"own":{"map":"function (doc) { emit(doc.n, 1) }","reduce":"function (keys, values) { return sum(values) }"}}}]`)
	s.call(`["put",` + db + `,{},{"_id":"x","n":1}]`)
	atOnce := func(query string) bool {
		request := `["query",` + db + `,{"ddoc":"d",` + query + `}]`
		got, done := s.answer(request)
		want := s.wait(s.submit(request))
		if done {
			assert.Equal(t, want, got, query)
		}
		assert.Contains(t, want.text, `"rows":[{`)
		return done
	}
	for _, query := range []string{`"view":"n"`, `"view":"n","reduce":false,"include_docs":true`, `"view":"n","group":true`} {
		atOnce(query) // the view is built, or values of nodes are kept
		assert.True(t, atOnce(query), query)
	}
	for _, query := range []string{`"view":"n","update":"lazy"`, `"view":"own"`} {
		atOnce(query)
		assert.False(t, atOnce(query), query)
	}
	s.call(`["put",` + db + `,{},{"_id":"y","n":2}]`)
	assert.False(t, atOnce(`"view":"n"`), "there is something to map")
	assert.True(t, atOnce(`"view":"n"`))
	s.call(`["close",0,{"db":` + db + `}]`)
}
