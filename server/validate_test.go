package server_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/javascript"
	"github.com/gouchdb/gouchdb/server"
)

// putFunction makes a function the validate_doc_update of a design document, and returns the revision.
func (s *testServer) putFunction(t *testing.T, rev, source string) string {
	t.Helper()
	path := "/db/_design/rules"
	if rev != "" {
		path += "?rev=" + rev
	}
	text := s.ok(t, "PUT", path, fmt.Sprintf(`{"validate_doc_update":%q}`, source))
	_, after, _ := strings.Cut(text, `"rev":"`)
	rev, _, _ = strings.Cut(after, `"`)
	return rev
}

// noSecrets refuses documents with a member secret, or an attachment of that name.
const noSecrets = `function (doc) { if (doc.secret || (doc._attachments || {}).secret) throw {forbidden: "no secrets"} }`

// Each way of writing asks the functions.
func TestValidationOfAllWrites(t *testing.T) {
	t.Parallel()
	s := start(t, server.Options{})
	s.ok(t, "PUT", "/db", "")
	s.ok(t, "PUT", "/db/old", `{"secret":1}`)
	s.ok(t, "PUT", "/db/att/secret", "x")
	s.putFunction(t, "", noSecrets)
	related := map[string]string{"Content-Type": `multipart/related; boundary="b"`}
	for _, c := range []call{
		{method: "PUT", path: "/db/a", body: `{"secret":1}`},
		{method: "POST", path: "/db", body: `{"_id":"a","secret":1}`},
		{method: "PUT", path: "/db/a?new_edits=false", body: `{"_rev":"1-a","secret":1}`},
		{method: "PUT", path: "/db/a", header: related, body: "--b\r\n\r\n{\"_attachments\":{\"secret\":{\"follows\":true,\"length\":5}}}\r\n--b\r\n\r\nhello\r\n--b--"},
		{method: "PUT", path: "/db/a", body: `{"_attachments":{"secret":{"data":"aGk="}}}`},
		{method: "PUT", path: "/db/a/secret", body: "x"},
		{method: "COPY", path: "/db/old", header: map[string]string{"Destination": "a"}},
	} {
		response, text := s.do(t, c)
		assert.Equal(t, http.StatusForbidden, response.StatusCode, "%s %s: %s", c.method, c.path, text)
		assert.Contains(t, text, `"reason":"no secrets"`)
		response, _ = s.do(t, call{path: "/db/a"})
		assert.Equal(t, http.StatusNotFound, response.StatusCode)
	}
	text := s.ok(t, "POST", "/db/_bulk_docs", `{"docs":[{"_id":"b"},{"_id":"c","secret":1},{"_id":"d"}]}`)
	assert.Contains(t, text, `{"id":"c","error":"forbidden","reason":"no secrets"},{"ok":true,"id":"d"`)
	s.ok(t, "PUT", "/db/_local/a", `{"secret":1}`)
	s.ok(t, "PUT", "/db/_design/a", `{"secret":1}`)
	s.ok(t, "PUT", "/db/b/public?rev=1-967a00dff5e02add41819138abb3284d", "x")
}

// Whoever writes, and what was there before, is told to the functions.
func TestWhatValidationSees(t *testing.T) {
	t.Parallel()
	s := start(t, server.Options{Users: []server.User{user(t, "admin", "password", "_admin"), user(t, "bob", "builder", "staff")}})
	s.ok(t, "PUT", "/db", "")
	s.ok(t, "PUT", "/db/_security", `{"members":{"roles":["staff"]}}`)
	s.ok(t, "PUT", "/db/a", `{"n":1,"_attachments":{"f":{"content_type":"text/plain","data":"aGk="}}}`)
	s.putFunction(t, "", `function (doc, old, user, security) { throw {forbidden: toJSON([doc, old, user, security])} }`)
	_, current := s.do(t, call{path: "/db/a"})
	_, after, _ := strings.Cut(current, `"_rev":"`)
	rev, _, _ := strings.Cut(after, `"`)
	hash := strings.TrimPrefix(rev, "1-")
	seen := func(c call) string {
		c.auth = "bob:builder"
		response, text := s.do(t, c)
		require.Equal(t, http.StatusForbidden, response.StatusCode, text)
		_, reason, _ := strings.Cut(text, `"reason":"`)
		return strings.ReplaceAll(strings.TrimSuffix(strings.TrimSpace(reason), `"}`), `\"`, `"`)
	}
	about := `{"db":"db","name":"bob","roles":["staff"]},{"members":{"roles":["staff"]}}`
	revisions := fmt.Sprintf(`"_revisions":{"start":1,"ids":[%q]}`, hash)
	file := func(members string) string {
		return `"_attachments":{"f":{"content_type":"text/plain",` + members + `"stub":true}}`
	}
	stored := file(`"revpos":1,"digest":"md5-SfaKXIST7CwL9ImCHCH8Ow==","length":2,`)
	before := fmt.Sprintf(`{"_id":"a","_rev":%q,"n":1,%s,%s}`, rev, revisions, stored)
	for name, test := range map[string]struct {
		call call
		want string
	}{
		"new":      {call{method: "PUT", path: "/db/new", body: `{"n":2}`}, `[{"_id":"new","n":2},null,`},
		"edit":     {call{method: "PUT", path: "/db/a?rev=" + rev, body: `{"n":2}`}, fmt.Sprintf(`[{"_id":"a","_rev":%q,"n":2,%s},%s,`, rev, revisions, before)},
		"deletion": {call{method: "DELETE", path: "/db/a?rev=" + rev}, fmt.Sprintf(`[{"_id":"a","_rev":%q,"_deleted":true,%s},%s,`, rev, revisions, before)},
		"attachment": {
			call{method: "PUT", path: "/db/a/g?rev=" + rev, body: "abc", header: map[string]string{"Content-Type": "text/css"}},
			fmt.Sprintf(`[{"_id":"a","_rev":%q,"n":1,%s,%s},%s,`, rev, revisions, strings.Replace(stored, `{"f"`, `{"g":{"content_type":"text/css","stub":true},"f"`, 1), before),
		},
		"no attachment": {call{method: "DELETE", path: "/db/a/f?rev=" + rev}, fmt.Sprintf(`[{"_id":"a","_rev":%q,"n":1,%s},%s,`, rev, revisions, before)},
		"replicated": {
			call{method: "PUT", path: "/db/a?new_edits=false", body: fmt.Sprintf(`{"_rev":"3-c","_revisions":{"start":3,"ids":["c","b",%q]}}`, hash)},
			fmt.Sprintf(`[{"_id":"a","_rev":"3-c","_revisions":{"start":3,"ids":["c","b",%q]}},%s,`, hash, before),
		},
		"a replicated conflict": {call{method: "PUT", path: "/db/a?new_edits=false", body: `{"_rev":"1-c"}`}, `[{"_id":"a","_rev":"1-c","_revisions":{"start":1,"ids":["c"]}},null,`},
	} {
		assert.Equal(t, test.want+about+"]", seen(test.call), name)
	}
}

// Conflicts are conflicts, whatever functions think, and what is here already has been accepted.
func TestValidationComesAfterConflicts(t *testing.T) {
	t.Parallel()
	s := start(t, server.Options{})
	s.ok(t, "PUT", "/db", "")
	s.ok(t, "PUT", "/db/a", `{"secret":1}`)
	s.ok(t, "PUT", "/db/b?new_edits=false", `{"_rev":"1-b","secret":1}`)
	s.putFunction(t, "", noSecrets)
	for _, c := range []call{
		{method: "PUT", path: "/db/a", body: `{"secret":2}`},
		{method: "PUT", path: "/db/a?rev=1-a", body: `{"secret":2}`},
		{method: "PUT", path: "/db/new?rev=1-a", body: `{}`},
		{method: "PUT", path: "/db/a/secret", body: "x"},
		{method: "PUT", path: "/db/a/secret?rev=1-a", body: "x"},
	} {
		response, text := s.do(t, c)
		assert.Equal(t, http.StatusConflict, response.StatusCode, "%s: %s", c.path, text)
	}
	text := s.ok(t, "POST", "/db/_bulk_docs", `{"new_edits":false,"docs":[{"_id":"b","_rev":"1-b","secret":1},{"_id":"b","_rev":"1-c","secret":1}]}`)
	assert.JSONEq(t, `[{"id":"b","rev":"1-c","error":"forbidden","reason":"no secrets"}]`, text)
}

// A function holds from the moment at which its design document was written, until it is changed, deleted or purged.
func TestValidationFollowsDesignDocuments(t *testing.T) {
	t.Parallel()
	s := start(t, server.Options{})
	s.ok(t, "PUT", "/db", "")
	status := func(body string) int {
		response, _ := s.do(t, call{method: "POST", path: "/db", body: body})
		return response.StatusCode
	}
	assert.Equal(t, http.StatusCreated, status(`{"secret":1}`))
	rev := s.putFunction(t, "", noSecrets)
	assert.Equal(t, http.StatusForbidden, status(`{"secret":1}`))
	rev = s.putFunction(t, rev, `function () { throw {unauthorized: "log in"} }`)
	assert.Equal(t, http.StatusUnauthorized, status(`{}`))
	rev = s.putFunction(t, rev, "function (")
	assert.Equal(t, http.StatusBadRequest, status(`{}`), "what cannot be compiled might refuse")
	rev = s.putFunction(t, rev, "function () { nothing() }")
	assert.Equal(t, http.StatusInternalServerError, status(`{}`))
	s.ok(t, "DELETE", "/db/_design/rules?rev="+rev, "")
	assert.Equal(t, http.StatusCreated, status(`{"secret":1}`))
	rev = s.putFunction(t, "", noSecrets)
	assert.Equal(t, http.StatusForbidden, status(`{"secret":1}`))
	s.ok(t, "POST", "/db/_purge", `{"_design/rules":["`+rev+`"]}`)
	assert.Equal(t, http.StatusCreated, status(`{"secret":1}`))
	s.ok(t, "PUT", "/db/_design/other", `{"language":"erlang","validate_doc_update":"fun () -> ok end"}`)
	assert.Equal(t, http.StatusBadRequest, status(`{}`))
}

// A function that does not end ends the request, not each of its documents.
func TestValidationThatDoesNotEnd(t *testing.T) {
	t.Parallel()
	s := start(t, server.Options{Validators: javascript.New(javascript.Options{Timeout: 50 * time.Millisecond})})
	s.ok(t, "PUT", "/db", "")
	s.putFunction(t, "", "function () { for (;;); }")
	response, text := s.do(t, call{method: "POST", path: "/db/_bulk_docs", body: `{"docs":[{"_id":"a"},{"_id":"b"}]}`})
	assert.Equal(t, http.StatusInternalServerError, response.StatusCode)
	assert.Contains(t, text, `"timeout"`)
}

// Without anything that runs functions, nothing is written that one might refuse.
func TestValidationThatCannotRun(t *testing.T) {
	t.Parallel()
	handler, err := server.New(server.Options{Databases: server.Memory(openMemory), Users: []server.User{user(t, "admin", "password", "_admin")}})
	require.NoError(t, err)
	s := serve(t, handler)
	s.ok(t, "PUT", "/db", "")
	rev := s.putFunction(t, "", noSecrets)
	response, text := s.do(t, call{method: "PUT", path: "/db/a", body: `{}`})
	assert.Equal(t, core.ErrNotImplemented.Status, response.StatusCode)
	assert.Contains(t, text, "_design/rules")
	s.ok(t, "DELETE", "/db/_design/rules?rev="+rev, "")
	s.ok(t, "PUT", "/db/a", `{}`)
}

// A program that serves its own database need not write design documents through the server.
func TestValidationByFunctionsWrittenBesideTheServer(t *testing.T) {
	t.Parallel()
	var db core.Adapter
	s := start(t, server.Options{Databases: server.Memory(func(ctx context.Context, name string) (core.Adapter, error) {
		opened, err := openMemory(ctx, name)
		db = opened
		return opened, err
	})})
	s.ok(t, "PUT", "/db", "")
	s.ok(t, "PUT", "/db/a", `{"secret":1}`)
	write := func(doc *core.Document) core.Rev {
		results, err := db.BulkDocs(t.Context(), []*core.Document{doc}, core.BulkDocsOptions{})
		require.NoError(t, err)
		require.Nil(t, results[0].Err)
		return results[0].Rev
	}
	rules := &core.Document{ID: "_design/rules", Body: fmt.Appendf(nil, `{"validate_doc_update":%q}`, noSecrets)}
	rules.Rev = write(rules)
	response, _ := s.do(t, call{method: "PUT", path: "/db/b", body: `{"secret":1}`})
	assert.Equal(t, http.StatusForbidden, response.StatusCode)
	rules.Deleted = true
	write(rules)
	s.ok(t, "PUT", "/db/b", `{"secret":1}`)
}
