package server_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/gouchdb/gouchdb/adapters/memory"
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/internal/regexps"
	"github.com/gouchdb/gouchdb/javascript"
	"github.com/gouchdb/gouchdb/server"
)

// What would go on for ever, because somebody wrote it so, ends as an error that says what it was, and the server goes on serving.
func TestWhatWouldNotEndIsAnError(t *testing.T) {
	t.Parallel()
	s := start(t, server.Options{Databases: server.Memory(func(ctx context.Context, name string) (core.Adapter, error) {
		scripts := javascript.New(javascript.Options{Timeout: 50 * time.Millisecond})
		return memory.OpenWith(ctx, docstore.Options{Name: name, Regexp: regexps.Compile, Scripts: scripts})
	})})
	s.ok(t, "PUT", "/db", "")
	s.ok(t, "PUT", "/db/slow", `{"n":1,"a":"`+strings.Repeat("a", 60)+`!"}`)
	s.ok(t, "PUT", "/db/_design/d", `{
		"views":{
			"map":{"map":"function (doc) { for (;;) {} }"},
			"reduce":{"map":"function (doc) { emit(doc.n); }","reduce":"function (keys, values) { for (;;) {} }"},
			"fine":{"map":"function (doc) { emit(doc.n); }"}},
		"filters":{"filter":"function (doc) { for (;;) {} }"}}`)
	s.ok(t, "PUT", "/db/_design/e", `{"views":{"fine":{"map":"function (doc) { emit(doc.n); }"},
		"reduce":{"map":"function (doc) { emit(doc.n); }","reduce":"function (keys, values) { for (;;) {} }"}}}`)
	const slow = `{"selector":{"a":{"$regex":"^(a+)+$"}}}`
	for _, test := range []struct {
		call   call
		status int
		error  string
	}{
		{call{path: "/db/_design/d/_view/map"}, 500, "timeout"},
		{call{path: "/db/_design/d/_view/fine"}, 500, "timeout"}, // which shares a pass over the documents with the one that does not end
		{call{path: "/db/_design/e/_view/reduce"}, 500, "timeout"},
		{call{path: "/db/_changes?filter=d/filter"}, 500, "timeout"},
		{call{path: "/db/_changes?filter=_view&view=d/map"}, 500, "timeout"},
		{call{method: http.MethodPost, path: "/db/_find", body: slow}, 400, "regex_too_slow"},
		{call{method: http.MethodPost, path: "/db/_changes?filter=_selector", body: slow}, 400, "regex_too_slow"},
	} {
		response, text := s.do(t, test.call)
		assert.Equal(t, test.status, response.StatusCode, "%s: %s", test.call.path, text)
		assert.Contains(t, text, `"error":"`+test.error+`"`, test.call.path)
		assert.Contains(t, s.ok(t, "GET", "/db/_design/e/_view/fine?key=1", ""), `"id":"slow"`)
	}
	// An index that has such a pattern does not keep anybody from writing, or from using it.
	s.ok(t, "POST", "/db/_index", `{"index":{"fields":["n"],"partial_filter_selector":{"a":{"$regex":"^(a+)+$"}}},"ddoc":"partial"}`)
	s.ok(t, "PUT", "/db/quick", `{"n":1,"a":"aa"}`)
	found := s.ok(t, "POST", "/db/_find", `{"selector":{"n":1},"use_index":"partial"}`)
	assert.Contains(t, found, `"quick"`)
	assert.NotContains(t, found, `"slow"`)
}
